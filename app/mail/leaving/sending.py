"""Handing the outbox to the world: one try of one mail, and what its log says afterwards."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from app.database import database_busy
from app.gateways.mail import MailDeferred, Mailer, MailRefused, Refusal
from app.mail.arriving.bouncing import mark_failed, tell_of_copy
from app.mail.holding import UNREACHABLE, holds_on
from app.mail.leaving.composing import wire_address
from app.mail.leaving.journal import DEFERRED, EXPIRED, REFUSED, SENT, note_try
from app.mail.leaving.servers import Servers, Way
from app.mail.leaving.writing import SEND_ATTEMPTS
from app.mail.models import OutgoingMail
from core.clock import now
from core.transactions import transaction

log = structlog.get_logger(__name__)

QUEUED = "queued"
NOTING_SECONDS, NOTING_PAUSE = 40.0, 0.5  # for a database that is away when the server has said yes; less than a lease
ASKED_FOR = ("code", "address_code")  # somebody waits for it this moment: it is tried whatever was before


async def send(outgoing_id: int, servers: Mailer | Servers) -> None:
    """Try once, for everybody who does not have it yet. Raises MailDeferred when it is worth another try; what was
    sent or has failed is left alone.

    Should the process die between the server's yes and ours, the mail goes out twice under one Message-ID; a database
    that restarts in between is waited for.
    """
    mail = await OutgoingMail.get_or_none(id=outgoing_id)
    if mail is None or mail.state != QUEUED:
        return
    mail.attempts += 1
    await mail.save(update_fields=["attempts"])
    pending = pending_of(mail)
    try:
        refused = await _hand_over(mail, pending, await _way(mail, servers))
    except MailRefused as error:
        await _give_up(mail, REFUSED, error.detail)
    except MailDeferred as error:
        await _try_again_or_give_up(mail, pending, error.detail)
    else:
        await _write_down(mail, pending, refused)


async def give_up_sending(outgoing_id: int) -> None:
    """The job of a mail has ended without a word of ours: the mail has failed, and the desk hears of it."""
    mail = await OutgoingMail.get_or_none(id=outgoing_id)
    if mail is not None and mail.state == QUEUED:
        await _give_up(mail, EXPIRED, "could not be handed over")


def pending_of(mail: OutgoingMail) -> list[str]:
    """The addresses that have not taken it yet."""
    if mail.pending is not None:
        return list(mail.pending)
    named = [address for _, address in [*(mail.to or ()), *(mail.cc or ())]]
    return list(dict.fromkeys(named)) or [mail.recipient]


async def _way(mail: OutgoingMail, servers: Mailer | Servers) -> Way:
    if isinstance(servers, Servers):
        return await servers.ready(mail)
    return Way(servers, wire_address(mail.sender), mail.content)


async def _hand_over(mail: OutgoingMail, pending: Sequence[str], way: Way) -> Mapping[str, Refusal]:
    """Who of them was refused, by the names that we know them by."""
    asked_for = mail.kind in ASKED_FOR
    holds = [] if asked_for else await holds_on(mail.shop_id, pending, UNREACHABLE)
    held = {one.address: one.detail for one in holds}
    in_vain = {
        address: Refusal(f"not tried, because it was refused before: {held[address.lower()]}", final=True)
        for address in pending
        if address.lower() in held
    }
    wired = {wire_address(address): address for address in pending if address not in in_vain}
    if not wired:
        raise MailRefused(in_vain[pending[0]].words)
    refused = await way.mailer.send(way.envelope_from, list(wired), way.content)
    return in_vain | {wired[address]: refusal for address, refusal in refused.items() if address in wired}


async def _write_down(mail: OutgoingMail, pending: Sequence[str], refused: Mapping[str, Refusal]) -> None:
    """What the server said. It has the mail: to try again because we could not note that would send a second one."""
    before, until = mail.pending, time.monotonic() + NOTING_SECONDS
    again = False
    while True:
        try:
            if not again or not await _is_noted(mail, before):
                await _settle(mail, pending, refused)
            return
        except Exception as error:
            if database_busy(error) is None or time.monotonic() > until:
                raise
        again = True
        await asyncio.sleep(NOTING_PAUSE)


async def _is_noted(mail: OutgoingMail, before: Any) -> bool:
    """Whether the change was committed, and only the answer to that was lost. Raises MailDeferred for who waits."""
    row = await OutgoingMail.get(id=mail.id).only("id", "state", "pending")
    if row.state == QUEUED and row.pending != before:
        raise MailDeferred("some of them have it")
    return bool(row.state != QUEUED)


async def _settle(mail: OutgoingMail, pending: Sequence[str], refused: Mapping[str, Refusal]) -> None:
    """Some have it, some never will, some may get it later: each of them is written down in one change."""
    final = {address: refusal.words for address, refusal in refused.items() if refusal.final}
    later = {address: refusal.words for address, refusal in refused.items() if not refusal.final}
    taken = [address for address in pending if address not in refused]
    if taken and not refused:
        await _sent(mail)
        return
    async with transaction():
        for address in taken:
            await note_try(mail, SENT, recipient=address)
        for address, words in final.items():
            await note_try(mail, REFUSED, words, recipient=address)
            if address != mail.recipient:
                await tell_of_copy(mail, address, words)
        mail.pending = list(later)
        await mail.save(update_fields=["pending"])
        if mail.recipient in final and not later:
            await mark_failed(mail, final[mail.recipient])
        elif not later:
            await _sent(mail, logged=True)
    if later:
        await _try_again_or_give_up(mail, list(later), "; ".join(dict.fromkeys(later.values())))


async def _sent(mail: OutgoingMail, *, logged: bool = False) -> None:
    async with transaction():
        mail.state, mail.sent_at, mail.error, mail.pending = SENT, now(), None, []
        await mail.save(update_fields=["state", "sent_at", "error", "pending"])
        if not logged:
            await note_try(mail, SENT)
    log.info("mail_sent", mail=mail.public_id, attempts=mail.attempts)


async def _try_again_or_give_up(mail: OutgoingMail, pending: Sequence[str], words: str) -> None:
    if mail.attempts >= SEND_ATTEMPTS:
        if mail.recipient in pending:
            await _give_up(mail, EXPIRED, words)
            return
        async with transaction():  # whom it was written to has it, or was told of already
            for address in pending:
                await note_try(mail, EXPIRED, words, recipient=address)
                await tell_of_copy(mail, address, words)
        await _sent(mail, logged=True)
        return
    async with transaction():
        mail.error = words[:2000]
        await mail.save(update_fields=["error"])
        await note_try(mail, DEFERRED, words)
    raise MailDeferred(words)


async def _give_up(mail: OutgoingMail, outcome: str, words: str) -> None:
    async with transaction():
        await note_try(mail, outcome, words)
        await mark_failed(mail, words)
    log.warning("mail_failed", mail=mail.public_id, attempts=mail.attempts, error=words)
