"""Two tickets about the same become one, and can be parted again as they were.

Only what one customer asked is merged: by the same customer, or in conversations in which the same contact was proved.
"""

from datetime import datetime, timedelta
from typing import Any

from conversations.models import Message, Proof
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.people import Actor
from core.promises import OPEN, Promise
from core.sql import as_time
from core.transactions import transaction
from tickets.access import locked_tickets
from tickets.aftersales.models import AfterSale
from tickets.complaints.duplicates import dismiss_duplicate, take_back
from tickets.joining import put_back
from tickets.merge_record import copy_belongings, remove_belongings
from tickets.models import PRIORITIES, Ticket
from tickets.statuses import Status
from tickets.timeline import change
from tickets.work_models import TicketMerge

UNDO_FOR = timedelta(days=30)

_SOURCE = (
    "status",
    "asked_at",
    "first_reply_due_at",
    "first_replied_at",
    "resolved_at",
    "closed_at",
    "conversation_id",
)
_TARGET = ("priority", "asked_at", "first_reply_due_at")
_STATE = ("status", "asked_at", "first_replied_at", "resolved_at", "closed_at", "merged_into_id", "merges")


async def merge(source_id: int, target_id: int, actor: Actor, *, duplicate: bool = False) -> TicketMerge:
    """Let the work of `source` go on in `target`, with its links, tags, followers, promises and what is owed. Its
    complaint has to be settled, or is dismissed as a `duplicate` of the target's.

    Raises NotFound, Invalid (merge_itself), and Conflict: different_customers, merge_into_closed, ticket_merged with
    the `number` where it goes on, has_children, has_case for an after-sales case, and what `dismiss_duplicate` raises.
    """
    if source_id == target_id:
        raise Invalid("a ticket is not merged into itself", code="merge_itself")
    async with transaction():
        (source, target), _ = await locked_tickets([source_id, target_id], actor)
        await _require_mergeable(source, target)
        complaint = await dismiss_duplicate(source, target, actor, chosen=duplicate)
        if complaint is not None:
            (source, target), _ = await locked_tickets([source_id, target_id], actor)
        before = {
            "complaint": complaint,
            "source": _kept(source, _SOURCE),
            "target": _kept(target, _TARGET),
            "promises": [made.id for made in await Promise.filter(subject=source.public_id, state=OPEN)],
            "sources": {row.id: row.conversation_id for row in await Ticket.filter(merged_into_id=source.id)},
            "added": await copy_belongings(source, target),
        }
        await Promise.filter(id__in=before["promises"]).update(subject=target.public_id)
        await Ticket.filter(merged_into_id=source.id).update(merged_into_id=target.id)
        moment = now()
        _owe(source, target)
        target.merges += source.merges + 1
        source.status, source.closed_at, source.asked_at = Status.CLOSED.value, moment, None
        source.merged_into_id, source.merges = target.id, 0
        before["merged"] = _kept(target, _TARGET)
        merged = await TicketMerge.create(
            public_id=new_id("mrg"), source=source, target=target, before=before, merged_at=moment
        )
        await change(source, actor, "merge", "merged_into", *_STATE, number=target.number)
        detail = {"number": source.number, "merge": merged.public_id}
        await change(target, actor, "links", "merged_in", *_TARGET, "merges", **detail)
    return merged


async def unmerge(merge_id: str, actor: Actor) -> Ticket:
    """Part two tickets again, for 30 days: both are as they were, with what was said and settled since. Returns the one
    that comes back. Raises NotFound, and Conflict: merge_undone, merge_too_old, merged_further.
    """
    async with transaction():
        known = await TicketMerge.get_or_none(public_id=merge_id)
        if known is None:
            raise NotFound("no such merge")
        (source, target), _ = await locked_tickets([known.source_id, known.target_id], actor)
        merged = await TicketMerge.filter(id=known.id).select_for_update().get()
        if merged.undone_at is not None:
            raise Conflict("they are parted already", code="merge_undone")
        if now() - merged.merged_at > UNDO_FOR:
            raise Conflict("too long ago", code="merge_too_old", days=UNDO_FOR.days)
        if target.merged_into_id is not None or source.merged_into_id != target.id:
            raise Conflict("undo the later merge first", code="merged_further")
        await _part(source, target, merged.before)
        await Promise.filter(id__in=merged.before["promises"], subject=target.public_id).update(
            subject=source.public_id
        )
        await _count_answers(source, merged.merged_at)
        merged.undone_at = now()
        await merged.save(update_fields=["undone_at"])
        columns = (*_STATE, "first_reply_due_at")
        await change(source, actor, "merge", "unmerged", *columns, number=target.number, after=source.status)
        await change(target, actor, "links", "parted", *_TARGET, "merges", number=source.number)
        await take_back(source, merged.before.get("complaint"))
    return source


async def _require_mergeable(source: Ticket, target: Ticket) -> None:
    for ticket in (source, target):
        if ticket.merged_into_id is not None:
            into = await Ticket.get(id=ticket.merged_into_id)
            raise Conflict("it goes on in another ticket", code="ticket_merged", number=into.number)
    if target.status == Status.CLOSED:
        raise Conflict("nothing is added to what is closed", code="merge_into_closed")
    if not await same_customer(source, target):
        raise Conflict("the tickets of two customers", code="different_customers")
    if await AfterSale.exists(ticket_id=source.id):
        raise Conflict("a case of its own goes on with it: merge the other way round", code="has_case")
    if await Ticket.exists(parent_id=source.id):
        raise Conflict("it has tickets below it", code="has_children")


async def same_customer(one: Ticket, other: Ticket) -> bool:
    """Whether both were opened by the same customer, or in conversations that have proved the same contact."""
    if one.shop_id != other.shop_id:
        return False
    await one.fetch_related("conversation")
    await other.fetch_related("conversation")
    if one.conversation.customer_id == other.conversation.customer_id:
        return True
    ids = (one.conversation_id, other.conversation_id)
    proofs = await Proof.filter(conversation_id__in=ids)
    proved = [{proof.contact for proof in proofs if proof.conversation_id == talk} for talk in ids]
    return bool(proved[0] & proved[1])


def _owe(source: Ticket, target: Ticket) -> None:
    """What the customer waits for in one, they wait for in the other; the more urgent of both counts."""
    waiting = source.asked_at
    if source.first_replied_at is None and source.status == Status.OPEN:
        waiting = source.created_at
    if waiting is not None and target.first_replied_at is not None:
        target.asked_at = min(waiting, target.asked_at or waiting)
    if target.first_replied_at is None and source.first_replied_at is None and source.first_reply_due_at is not None:
        due = target.first_reply_due_at or source.first_reply_due_at
        target.first_reply_due_at = min(due, source.first_reply_due_at)
    target.priority = max(source.priority, target.priority, key=PRIORITIES.index)


async def _part(source: Ticket, target: Ticket, before: dict[str, Any]) -> None:
    """Give each its own again; what was changed on the target since stays."""
    own = {int(key): value for key, value in before["sources"].items()}
    group = await Ticket.filter(merged_into_id=target.id).exclude(id=source.id).order_by("id").select_for_update()
    await put_back([source, *group, target], {source.id: before["source"]["conversation_id"], **own})
    for name in _SOURCE[:-1]:
        setattr(source, name, _read(name, before["source"][name]))
    source.merged_into_id, source.merges = None, len(own)
    target.merges -= len(own) + 1
    await Ticket.filter(id__in=list(own)).update(merged_into_id=source.id)
    for name in _TARGET:
        if getattr(target, name) == _read(name, before["merged"][name]):
            setattr(target, name, _read(name, before["target"][name]))
    await remove_belongings(before["added"])


async def _count_answers(source: Ticket, since: datetime) -> None:
    """What was said in the conversation meanwhile: it was answered, or the customer waits again."""
    said = Message.filter(conversation_id=source.conversation_id, created_at__gte=since)
    answers = await said.filter(author_kind="agent").order_by("number").only("created_at")
    if answers:
        source.first_replied_at = source.first_replied_at or answers[0].created_at
        source.asked_at = None
        said = said.filter(created_at__gt=answers[-1].created_at)
    asked = await said.filter(author_kind="customer").order_by("number").first()
    if asked is not None and source.asked_at is None and source.status in (Status.OPEN, Status.PENDING):
        source.status, source.asked_at = Status.OPEN.value, asked.created_at


def _kept(ticket: Ticket, names: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(ticket, name) for name in names}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _read(name: str, value: Any) -> Any:
    return as_time(value) if name.endswith("_at") else value
