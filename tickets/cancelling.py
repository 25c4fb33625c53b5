"""What the ticket of a cancellation keeps of its claim: each step once, and done when it is done."""

from datetime import timedelta
from typing import Any

from tortoise.expressions import Q

from core.bundles import Bundle, Later
from core.clock import now
from core.people import SYSTEM, Actor
from core.transactions import transaction
from orders.claims.models import DONE, LIVE, Claim
from orders.claims.rules import What
from tickets.access import locked_ticket
from tickets.models import Ticket, TimelineEntry
from tickets.resolution import reopen, resolve
from tickets.statuses import ACTIVE, Status
from tickets.timeline import change

JUST_NOW = timedelta(minutes=2)
MOST_CLAIMS = 20
_CLAIMS = (
    "WHERE t.order_id = {order} OR t.order_id IN (SELECT l.order_id FROM ticket_link AS l WHERE l.ticket_id = {ticket}"
    " AND l.confirmed) ORDER BY t.id DESC LIMIT {most}"
)


async def note_claim(ticket_id: int, claim: str, state: str, actor: Actor, *, done: bool, **detail: Any) -> bool:
    """Write that `claim` (public id) has a new state by `actor`, and resolve the ticket when that is all (`done`); a
    claim that is contradicted opens it again. False when it was written before.
    """
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, SYSTEM)
        action = f"claim_{state}"
        written = await TimelineEntry.filter(ticket_id=ticket.id, action=action)
        if any(entry.detail.get("claim") == claim for entry in written):
            return False
        await change(ticket, actor, "claim", action, claim=claim, **detail)
        if done and ticket.status in ACTIVE:
            await resolve(ticket.id, SYSTEM)
        if state == "contradicted" and ticket.status == Status.RESOLVED:
            await reopen(ticket.id, SYSTEM)
    return True


def claims_in(bundle: Bundle, ticket_id: int | None, order_id: int | None) -> Later[list[Claim]]:
    """The newest claims on the orders of a ticket and on this one, newest first; part of a bundle."""
    claims = bundle.rows(Claim, _CLAIMS, ticket=ticket_id or 0, order=order_id or 0, most=MOST_CLAIMS)
    return lambda: claims


async def is_claimed(order_id: int) -> bool:
    """Whether the desk has stopped an order itself, now or a moment ago."""
    claims = Claim.filter(order_id=order_id)
    lately = now() - JUST_NOW
    return await claims.filter(Q(state__in=LIVE) | Q(settled_at__gte=lately)).exists()


async def conversations_answered(order_id: int) -> set[int]:
    """Conversations in which a wish to cancel all of this order gets, or got, a yes of its own.

    Whoever once heard a no, or had some of it cancelled, has to hear it when the whole order is cancelled after all.
    """
    yes = Q(state__in=LIVE) | Q(state=DONE, contradicted_at__isnull=True)
    cases = Claim.filter(yes, order_id=order_id, what=What.CANCEL, whole=True, case_id__startswith="tkt_")
    names = await cases.values_list("case_id", flat=True)
    found = await Ticket.filter(public_id__in=list(names)).values_list("conversation_id", flat=True)
    return {int(str(each)) for each in found}


async def ticket_of_case(case_id: str) -> Ticket | None:
    """The ticket that a claim is made for, with its conversation; None for other cases."""
    if not case_id.startswith("tkt_"):
        return None
    return await Ticket.get_or_none(public_id=case_id).select_related("conversation")
