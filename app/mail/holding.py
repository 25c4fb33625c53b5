"""Addresses to which letters wait: those that do not exist get none, and machines that answer us no automatic ones.

A hold ends by itself, by an agent, or when a mail comes from the address.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import structlog
from tortoise.expressions import Q

from app.mail.models import MailHold, MailParticipant, OutgoingMail
from conversations.models import Conversation
from core.clock import now
from core.people import Actor, Agent
from core.text import clean
from core.transactions import transaction
from tickets.models import Ticket
from tickets.timeline import enter

log = structlog.get_logger(__name__)

UNREACHABLE, PAUSED, STOPPED = "unreachable", "paused", "stopped"
LASTS = {UNREACHABLE: timedelta(days=14), PAUSED: timedelta(days=1), STOPPED: timedelta(days=3650)}
ROUNDS, WITHIN = 3, timedelta(minutes=10)  # automatic mails of ours to one address or in one conversation
_AUTHORS = ("bot", "system")


async def hold(shop_id: int, address: str, kind: str, detail: str = "") -> None:
    """Begin a hold, or let it last from now. The caller has a transaction open."""
    values: dict[str, Any] = {"detail": clean(detail, limit=1000), "until": now() + LASTS[kind]}
    found, created = await MailHold.get_or_create(
        shop_id=shop_id, address=address.lower()[:320], kind=kind, defaults=values | {"since": now()}
    )
    if not created:
        since = found.since if found.until > now() else now()
        await MailHold.filter(id=found.id).update(**values, since=since)
    log.info("mail_held", kind=kind, shop=shop_id, again=not created)


async def holds_on(shop_id: int, addresses: Collection[str], kind: str | None = None) -> list[MailHold]:
    """The holds on these addresses that last, the newest first."""
    wanted = MailHold.filter(shop_id=shop_id, address__in=[each.lower()[:320] for each in addresses], until__gt=now())
    return await (wanted.filter(kind=kind) if kind else wanted).order_by("-since", "-id")


async def hear_from(shop_id: int | None, address: str) -> None:
    """A mail came from `address`, so it exists. Whoever forges one only makes us try again."""
    await MailHold.filter(shop_id=shop_id, address=address.lower()[:320], kind=UNREACHABLE).delete()


async def addresses_of(conversation_id: int) -> set[str]:
    """Whoever is written to in a conversation: the customer, and who was brought in. Lower case."""
    talk = await Conversation.get(id=conversation_id).select_related("customer")
    others: Any = await MailParticipant.filter(conversation_id=conversation_id).values_list("address", flat=True)
    return {(talk.customer.email or "").lower(), *others} - {""}


async def lift(ticket: Ticket, address: str, kind: str, agent: Agent) -> None:
    """An agent lets letters leave again; nothing happens when none is held."""
    async with transaction():
        if await MailHold.filter(shop_id=ticket.shop_id, address=address.lower()[:320], kind=kind).delete():
            await enter(ticket, Actor.of(agent), "mail_again", name=address)


async def forget_ended() -> None:
    """Delete the holds that are over."""
    await MailHold.filter(until__lt=now()).delete()


async def may_answer_by_itself(shop_id: int, address: str, conversation_id: int | None) -> bool:
    """Whether the desk may send something that no person wrote; the fourth time in ten minutes it pauses for a day.

    So two machines that hide what they are stop after three rounds. The caller has a transaction open.
    """
    if await holds_on(shop_id, [address]):
        return False
    lately = OutgoingMail.filter(created_at__gt=now() - WITHIN, shop_id=shop_id)
    lately = lately.filter(Q(kind="acknowledgement") | Q(message__author_kind__in=_AUTHORS))
    here = Q(recipient=address)
    if conversation_id is not None:
        here |= Q(conversation_id=conversation_id)
    if await lately.filter(here).count() < ROUNDS:
        return True
    await hold(shop_id, address, PAUSED)
    return False
