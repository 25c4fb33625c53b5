"""Taking what is new in an open folder: each mail is stored in one commit with the cursor that passes it.

A mail that cannot be fetched is set aside after a few tries, so that it does not hold up those behind it; it is tried
again for a day, and then a short mail in its place tells the desk.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog

from app.gateways.imap import Imap
from app.gateways.imap_account import Attributes, Folder
from app.gateways.imap_troubles import COMMAND_REFUSED, ImapTrouble
from app.i18n import gettext
from app.mail.arriving.storing import store_mail
from app.mail.fetching.envelopes import envelope_of, stand_in
from app.mail.identity_models import MailIdentity
from app.mail.mailbox_models import MARK_SEEN, Mailbox
from app.mail.mailboxes import GO_BACK
from app.mail.models import FETCHED
from core.clock import now
from core.errors import Conflict
from core.shops import Shop
from core.transactions import transaction

log = structlog.get_logger(__name__)

LARGEST = 25 * 1024 * 1024  # bytes of a mail, as at the mail listener
TOO_LARGE, NOT_GIVEN = "too large", "not given out"
_HEAD = 64 * 1024  # bytes of the header of a mail that is too large
_AT_ONCE = 100  # mails whose sizes are asked for together
_SOON, _LAST = 3, 12  # tries: before a mail is set aside, and before it is given up
_PAUSE, _LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=6)
_MOST_ASIDE = 50


class TurnLost(Conflict):
    """Another process reads the mailbox, or it was changed; nothing more is stored here."""

    code = "turn_lost"


async def take_new(mailbox: Mailbox, imap: Imap) -> int:
    """Store everything that is new, and what was set aside and is due. Returns how many mails were taken.

    Raises ImapTrouble, with which the connection is over, or TurnLost.
    """
    folder = await imap.open(mailbox.folder, writable=mailbox.after == MARK_SEEN)
    if changes := begun(mailbox, folder, now()):
        log.info("mailbox_scan", mailbox=mailbox.public_id, first=mailbox.uidvalidity is None)
        await _move(mailbox, changes)
    ours, taken = await addresses_of(mailbox.shop), 0
    if mailbox.scan_below is not None:
        uids = await imap.uids(mailbox.last_uid + 1, mailbox.scan_below - 1, mailbox.scan_since)
        taken += await _take(mailbox, imap, uids, ours)
        last = max(mailbox.last_uid, mailbox.scan_below - 1)
        await _move(mailbox, {"scan_below": None, "scan_since": None, "last_uid": last})
    if folder.uidnext > mailbox.last_uid + 1:
        uids = await imap.uids(mailbox.last_uid + 1, folder.uidnext - 1)
        taken += await _take(mailbox, imap, uids, ours)
    return taken + await _try_again(mailbox, imap, ours)


def begun(mailbox: Mailbox, folder: Folder, moment: datetime) -> dict[str, Any]:
    """What of the cursor changes when the folder is opened: all of it when its numbers mean other mails than before.

    At the first time mail counts from `begin_at`; later from some days before the last success, and what is known
    already is found by its digest.
    """
    if mailbox.uidvalidity is None:
        since = mailbox.begin_at
    elif folder.uidvalidity != mailbox.uidvalidity or folder.uidnext <= mailbox.last_uid:
        since = max(mailbox.begin_at, (mailbox.last_success_at or moment) - GO_BACK)
    else:
        return {}
    cursor = {"uidvalidity": folder.uidvalidity, "last_uid": 0, "aside": []}
    return cursor | {"scan_since": since, "scan_below": folder.uidnext}


async def addresses_of(shop: Shop) -> frozenset[str]:
    """All addresses that a shop gets mail at, in lower case."""
    fetched = await Mailbox.filter(shop_id=shop.id).values_list("address", flat=True)
    answered = await MailIdentity.filter(shop_id=shop.id).values_list("address", flat=True)
    return frozenset(str(address).lower() for address in [shop.mail_address, *fetched, *answered])


async def _take(mailbox: Mailbox, imap: Imap, uids: list[int], ours: frozenset[str]) -> int:
    taken = 0
    for first in range(0, len(uids), _AT_ONCE):
        some = uids[first : first + _AT_ONCE]
        known = await imap.attributes(some)
        for uid in some:
            if uid in known and _is_wanted(mailbox, uid, known[uid]):
                taken += await _take_one(mailbox, imap, uid, known[uid], ours)
    return taken


def _is_wanted(mailbox: Mailbox, uid: int, known: Attributes) -> bool:
    """A search for a day finds the whole day."""
    if mailbox.scan_below is None or mailbox.scan_since is None or uid >= mailbox.scan_below:
        return True
    return known.arrived is None or known.arrived >= mailbox.scan_since.replace(microsecond=0)


async def _take_one(mailbox: Mailbox, imap: Imap, uid: int, known: Attributes, ours: frozenset[str]) -> int:
    """Fetch and store one mail. Whether it was taken: a server that does not give it out gets a few more chances."""
    try:
        content, problem = await _fetched(mailbox, imap, uid, known)
    except ImapTrouble as error:
        if len(mailbox.aside) >= _MOST_ASIDE:
            raise  # that is not about single mails
        await _note_try(mailbox, uid)
        if error.code == COMMAND_REFUSED:
            await _pass_over(mailbox, uid)
            return 0
        if _tries(mailbox, uid) >= _SOON:  # it has ended several connections: the next one begins behind it
            await _pass_over(mailbox, uid)
        raise
    if not content:
        await _note_try(mailbox, uid)
        await _pass_over(mailbox, uid)
        return 0
    await _keep(mailbox, uid, content, problem, ours)
    if mailbox.after == MARK_SEEN:
        await _mark_seen(imap, uid)
    return 1


async def _fetched(mailbox: Mailbox, imap: Imap, uid: int, known: Attributes) -> tuple[bytes, str]:
    """The mail and what is wrong with it: of one that is too large only its head, with words to say so."""
    if known.size > LARGEST:
        words = gettext(
            "This email is %(size)s MB, more than the limit of %(most)s MB. It’s still in the folder %(folder)s of "
            "the mailbox %(address)s.",
            mailbox.shop.language,
        )
        sizes = {"size": round(known.size / 1024**2), "most": LARGEST // 1024**2}
        words %= sizes | {"folder": mailbox.folder, "address": mailbox.address}
        return stand_in(await imap.head(uid, _HEAD), words), TOO_LARGE
    return await imap.content(uid, known.size, LARGEST), ""


async def _mark_seen(imap: Imap, uid: int) -> None:
    try:
        await imap.mark_seen([uid])
    except ImapTrouble as error:
        if error.code != COMMAND_REFUSED:  # a folder that nobody may write to
            raise


async def _keep(mailbox: Mailbox, uid: int, content: bytes, problem: str, ours: frozenset[str]) -> None:
    """The mail and the cursor in one change. Raises TurnLost, and nothing is stored, when another process reads it."""
    sender, recipient = envelope_of(content, ours, mailbox.address)
    changes = {"last_uid": max(mailbox.last_uid, uid), "last_mail_at": now(), "aside": _without(mailbox, uid)}
    async with transaction():
        mail = await store_mail(mailbox.shop, sender, recipient, content, problem=problem, way=FETCHED, mailbox=mailbox)
        await _write(mailbox, changes)
    mailbox.update_from_dict(changes)  # not before the commit
    log.info("mail_fetched", mailbox=mailbox.public_id, mail=mail.public_id, size=len(content))


async def _try_again(mailbox: Mailbox, imap: Imap, ours: frozenset[str]) -> int:
    """Once more what was set aside and is due; what was tried for a day is given up, and the desk is told."""
    taken = 0
    for entry in list(mailbox.aside):
        uid, tries = entry["uid"], entry["tries"]
        if uid > mailbox.last_uid or datetime.fromisoformat(entry["at"]) > now():
            continue
        known = (await imap.attributes([uid])).get(uid)
        if known is None:
            await _move(mailbox, {"aside": _without(mailbox, uid)})
        elif tries < _LAST:
            taken += await _take_one(mailbox, imap, uid, known, ours)
        else:
            await _give_up(mailbox, uid, ours)
            taken += 1
    return taken


async def _give_up(mailbox: Mailbox, uid: int, ours: frozenset[str]) -> None:
    words = gettext(
        "The mail server for %(address)s won’t hand over a message in the folder %(folder)s (number %(uid)s). Please "
        "look at it there.",
        mailbox.shop.language,
    )
    words %= {"address": mailbox.address, "folder": mailbox.folder, "uid": uid}
    log.warning("mail_not_given_out", mailbox=mailbox.public_id, uid=uid)
    await _keep(mailbox, uid, stand_in(b"", words), NOT_GIVEN, ours)


async def _note_try(mailbox: Mailbox, uid: int) -> None:
    tries = _tries(mailbox, uid) + 1
    pause = min(_PAUSE * (1 << max(tries - _SOON, 0)), _LONGEST_PAUSE)
    entry = {"uid": uid, "tries": tries, "at": (now() + pause).isoformat()}
    await _move(mailbox, {"aside": [*_without(mailbox, uid), entry]})


async def _pass_over(mailbox: Mailbox, uid: int) -> None:
    """Go on behind a mail that is set aside."""
    if uid > mailbox.last_uid:
        await _move(mailbox, {"last_uid": uid})


def _tries(mailbox: Mailbox, uid: int) -> int:
    return next((int(entry["tries"]) for entry in mailbox.aside if entry["uid"] == uid), 0)


def _without(mailbox: Mailbox, uid: int) -> list[dict[str, Any]]:
    entries: Iterable[dict[str, Any]] = mailbox.aside
    return [entry for entry in entries if entry["uid"] != uid]


async def _move(mailbox: Mailbox, changes: dict[str, Any]) -> None:
    await _write(mailbox, changes)
    mailbox.update_from_dict(changes)


async def _write(mailbox: Mailbox, changes: dict[str, Any]) -> None:
    """Change the row as long as it is ours."""
    ours = Mailbox.filter(id=mailbox.id, lease=mailbox.lease, revision=mailbox.revision)
    if not await ours.update(**changes):
        raise TurnLost("another process reads this mailbox")
