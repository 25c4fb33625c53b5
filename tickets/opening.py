"""How work begins."""

from collections.abc import Sequence

from conversations.access import require_access
from conversations.models import AGENT, Conversation
from core.clock import now
from core.errors import Invalid
from core.ids import new_id
from core.numbering import next_number
from core.people import Actor
from core.text import clean
from core.transactions import record, transaction
from tickets.events import TicketOpened
from tickets.linking import add_links
from tickets.models import KINDS, PRIORITIES, Ticket
from tickets.promises import promise_first_reply
from tickets.statuses import ACTIVE
from tickets.timeline import enter

FIRST_NUMBER = 1001
SUBJECT_LIMIT, SUMMARY_LIMIT = 300, 4000  # characters


async def open_ticket(
    conversation_id: int,
    kind: str,
    actor: Actor,
    *,
    subject: str,
    summary: str = "",
    priority: str = "normal",
    order_ids: Sequence[int] = (),
    reason: str = "about",
    link_source: str = "bot",
    link_confirmed: bool = True,
    awaited: bool = True,
) -> Ticket:
    """Open a ticket about these orders and promise a first reply; with an agent in the conversation it is theirs.

    While a ticket of this kind is open or pending in the conversation, that one is returned: the summary goes to its
    timeline, new orders are linked. Nobody is promised a reply who has not written to us (`awaited`). Raises Invalid
    (bad_kind, bad_priority), NotFound also for orders of others.
    """
    if kind not in KINDS:
        raise Invalid("no such kind of ticket", code="bad_kind", known=list(KINDS))
    if priority not in PRIORITIES:
        raise Invalid("no such priority", code="bad_priority", known=list(PRIORITIES))
    async with transaction():
        await require_access(actor, conversation_id)
        # The lock makes two who open the same at once one after the other.
        conversation = await Conversation.filter(id=conversation_id).select_for_update().get()
        ticket = await Ticket.filter(conversation_id=conversation_id, kind=kind, status__in=ACTIVE).first()
        words = clean(summary, limit=SUMMARY_LIMIT)
        if ticket is None:
            opened_by = "mail" if link_source == "mail" else actor.kind
            ticket = await _create(conversation, kind, priority, clean(subject, limit=SUBJECT_LIMIT), words, opened_by)
            await enter(ticket, actor, "opened", kind=kind, summary=words)
            if awaited and conversation.handler != AGENT:  # whoever talks to a person already needs no such promise
                await promise_first_reply(ticket)
            record(TicketOpened(ticket_id=ticket.id, shop_id=ticket.shop_id, conversation_id=conversation_id))
        else:
            await enter(ticket, actor, "asked_again", summary=words)
        await add_links(ticket, order_ids, actor, reason=reason, source=link_source, confirmed=link_confirmed)
    return ticket


async def _create(
    conversation: Conversation, kind: str, priority: str, subject: str, summary: str, opened_by: str
) -> Ticket:
    moment = now()
    return await Ticket.create(
        public_id=new_id("tkt"),
        number=await next_number("ticket", start=FIRST_NUMBER),
        shop_id=conversation.shop_id,
        conversation_id=conversation.id,
        kind=kind,
        priority=priority,
        subject=subject,
        summary=summary,
        opened_by=opened_by,
        assignee_id=conversation.agent_id if conversation.handler == AGENT else None,
        created_at=moment,
        updated_at=moment,
        look_at=moment,
    )
