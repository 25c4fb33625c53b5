"""One ticket becomes two: a part of what it is about, or another question, gets its own number and goes its own way."""

from collections.abc import Sequence

from core.clock import now
from core.errors import Invalid, NotFound
from core.ids import new_id
from core.numbering import next_number
from core.people import Actor
from core.promises import OPEN, Promise, promise
from core.text import clean
from core.transactions import record, transaction
from tickets.access import locked_ticket
from tickets.clockwork import STEPS
from tickets.events import TicketOpened
from tickets.models import KINDS, Ticket, TicketLink, TimelineEntry
from tickets.opening import FIRST_NUMBER, SUBJECT_LIMIT
from tickets.promises import FIRST_REPLY
from tickets.timeline import change, enter
from tickets.work_models import Follower, TicketTag

_SAME = (
    "shop_id",
    "conversation_id",
    "status",
    "priority",
    "opened_by",
    "assignee_id",
    "first_reply_due_at",
    "first_replied_at",
    "asked_at",
    "created_at",
)


async def split(
    ticket_id: int,
    actor: Actor,
    *,
    subject: str,
    kind: str = "",
    link_ids: Sequence[int] = (),
    promise_ids: Sequence[str] = (),
) -> Ticket:
    """Open a second ticket in the same conversation with these links (they move) and these promises of agents.

    Its clocks go on as those of the first: the customer has waited as long for this part. Tags and followers are those
    of the first. Raises NotFound, Conflict (ticket_merged), Invalid (no_subject, bad_kind, split_everything).
    """
    words = clean(subject, limit=SUBJECT_LIMIT)
    if not words:
        raise Invalid("a part needs a subject", code="no_subject")
    if kind and kind not in KINDS:
        raise Invalid("no such kind of ticket", code="bad_kind", known=list(KINDS))
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, actor)
        await _require_part(ticket, link_ids)
        part = await Ticket.create(
            public_id=new_id("tkt"),
            number=await next_number("ticket", start=FIRST_NUMBER),
            kind=kind or ticket.kind,
            subject=words,
            updated_at=now(),
            look_at=now(),
            **{name: getattr(ticket, name) for name in _SAME},
        )
        await TicketLink.filter(id__in=list(link_ids)).update(ticket_id=part.id)
        await _bring_along(ticket, part, promise_ids)
        await enter(part, actor, "split_from", number=ticket.number, kind=part.kind)
        await change(ticket, actor, "links", "split_off", number=part.number)
        record(TicketOpened(ticket_id=part.id, shop_id=part.shop_id, conversation_id=part.conversation_id))
    return part


async def _require_part(ticket: Ticket, link_ids: Sequence[int]) -> None:
    links = {link.id for link in await TicketLink.filter(ticket_id=ticket.id)}
    if not links.issuperset(link_ids):
        raise NotFound("no such link")
    if links and links == set(link_ids):
        raise Invalid("something has to stay", code="split_everything")


async def _bring_along(ticket: Ticket, part: Ticket, promise_ids: Sequence[str]) -> None:
    """Steps of the status, for the clocks; tags, followers, and what was promised about the part."""
    for step in await TimelineEntry.filter(ticket_id=ticket.id, action__in=list(STEPS)).order_by("id"):
        same = {
            name: getattr(step, name) for name in ("at", "actor_kind", "actor_id", "actor_name", "action", "detail")
        }
        await TimelineEntry.create(ticket_id=part.id, **same)
    for tagged in await TicketTag.filter(ticket_id=ticket.id):
        await TicketTag.create(ticket_id=part.id, tag_id=tagged.tag_id)
    for follower in await Follower.filter(ticket_id=ticket.id):
        await Follower.create(ticket_id=part.id, agent_id=follower.agent_id)
    open_here = Promise.filter(subject=ticket.public_id, state=OPEN)
    await open_here.filter(public_id__in=list(promise_ids)).exclude(kind=FIRST_REPLY).update(subject=part.public_id)
    for owed in await open_here.filter(kind=FIRST_REPLY):
        await promise(part.shop_id, FIRST_REPLY, part.public_id, owed.due_at)
