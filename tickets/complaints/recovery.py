"""Winning back customers who were not content with the help: one task for each bad rating, with an owner and a time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from conversations.models import Conversation, Rating
from core.business_hours import BusinessHours
from core.clock import now
from core.deadlines import deadline
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.people import ADMIN, SUPERVISOR, Actor, Agent, shop_ids_of
from core.shops import Shop
from core.text import clean
from core.transactions import transaction
from tickets.complaints.models import RecoveryTask
from tickets.models import Ticket
from tickets.presence import agents_of
from tickets.timeline import enter

RESULTS = ("won_back", "not_won_back", "not_reached")
WITHIN = timedelta(hours=8)  # of business hours
NOTE_LIMIT = 1000  # characters


async def open_recovery(rating: Rating, ticket: Ticket) -> RecoveryTask:
    """Somebody sees to it that this customer is heard, once for each rating: a supervisor of the shop with the fewest
    such tasks, not whoever was rated; with nobody like that, whoever has the ticket."""
    async with transaction():
        known = await RecoveryTask.get_or_none(rating_id=rating.id)
        if known is not None:
            return known
        conversation = await Conversation.get(id=ticket.conversation_id).select_related("order")
        shop, moment, owner = await Shop.get(id=ticket.shop_id), now(), await _owner(ticket, rating)
        hours = BusinessHours.of(shop.hours, shop.timezone)
        task = await RecoveryTask.create(
            public_id=new_id("rec"),
            shop_id=shop.id,
            rating_id=rating.id,
            ticket_id=ticket.id,
            order_id=conversation.order_id,
            headline=conversation.order.headline if conversation.order else "",
            owner_id=owner.id if owner else ticket.assignee_id,
            due_at=_due(hours, moment),
            opened_at=moment,
        )
        await enter(ticket, Actor("system"), "recovery_opened", name=owner.name if owner else "")
    return task


async def finish_recovery(agent: Agent, public_id: str, result: str, note: str = "") -> RecoveryTask:
    """Say what came of it. Raises Invalid (bad_result), NotFound, Conflict (already_settled)."""
    if result not in RESULTS:
        raise Invalid("no such result", code="bad_result")
    async with transaction():
        rows = RecoveryTask.filter(public_id=public_id, shop_id__in=await shop_ids_of(agent))
        task = await rows.select_for_update().first()
        if task is None:
            raise NotFound("no such task")
        if task.done_at is not None:
            raise Conflict("somebody has seen to it", code="already_settled")
        task.done_at, task.result, task.note = now(), result, clean(note, limit=NOTE_LIMIT)
        await task.save(update_fields=["done_at", "result", "note"])
        await enter(await Ticket.get(id=task.ticket_id), Actor.of(agent), "recovery_done", result=result)
    return task


async def recoveries(shops: Sequence[int], limit: int = 50) -> list[RecoveryTask]:
    """Tasks that are not done, the first to be due first, with ticket, owner, rating and shop."""
    rows = RecoveryTask.filter(shop_id__in=list(shops), done_at=None).order_by("due_at", "id").limit(limit)
    return await rows.select_related("ticket", "owner", "rating", "shop")


def _due(hours: BusinessHours, moment: datetime) -> datetime:
    """A desk that hardly ever opens has as much calendar time."""
    try:
        return deadline(moment, WITHIN, hours=hours) or moment + WITHIN
    except Invalid:
        return moment + WITHIN


async def _owner(ticket: Ticket, rating: Rating) -> Agent | None:
    near = [person for person in await agents_of(ticket.shop_id) if person.id != rating.agent_id]
    seniors = [person for person in near if person.role == SUPERVISOR] or [p for p in near if p.role == ADMIN]
    if not seniors:
        return None
    open_tasks = await RecoveryTask.filter(owner_id__in=[p.id for p in seniors], done_at=None).values_list(
        "owner_id", flat=True
    )
    return min(seniors, key=lambda person: (list(open_tasks).count(person.id), person.id))
