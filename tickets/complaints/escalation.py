"""Complaints that a supervisor has to know of: by the clock, by what the customer writes, by how often they come."""

from datetime import timedelta

from conversations.models import Message
from core.clock import now
from core.people import SYSTEM, Actor
from core.transactions import transaction
from tickets.clocks import BREACHED, HALF, LAST, MOST
from tickets.complaints.models import Complaint
from tickets.complaints.progress import locked_complaint, severity_at_least, store
from tickets.complaints.steps import SETTLED
from tickets.complaints.words import alarms
from tickets.models import Ticket

CLOCK, THIRD_CONTACT, BAD_RATING, SEVERITY, EXTERNAL = "clock", "third_contact", "bad_rating", "severity", "external"
TOO_OFTEN = 3  # contacts about one case
ANOTHER = timedelta(hours=4)  # of silence, after which further words are another contact

# How serious a complaint is at least for a reason; for the others it stays what it is.
_LEAST = {"safety": "P1", "privacy": "P1", "regulator": "P1", "press": "P1", "chargeback": "P2", EXTERNAL: "P2"}
# The first warning of a clock that is told to the supervisors. The gravest are told at once, by their severity.
_TELLS = {"P1": HALF, "P2": HALF, "P3": MOST, "P4": BREACHED}
_STAGES = (HALF, MOST, LAST, BREACHED)


async def escalate(ticket_id: int, why: str, actor: Actor = SYSTEM) -> bool:
    """Tell the supervisors, each reason once; some make it graver. Returns whether the reason is new.

    Nothing happens to what is settled, and to tickets without a complaint.
    """
    async with transaction():
        if not await Complaint.exists(ticket_id=ticket_id):
            return False
        complaint, ticket, _ = await locked_complaint(ticket_id, actor)
        return await note_escalation(complaint, ticket, why, actor)


async def note_escalation(complaint: Complaint, ticket: Ticket, why: str, actor: Actor = SYSTEM) -> bool:
    """`escalate` for a complaint that is locked already."""
    if complaint.step in SETTLED or any(known["why"] == why for known in complaint.escalations):
        return False
    moment = now()
    complaint.escalations = [*complaint.escalations, {"why": why, "at": moment.isoformat()}]
    complaint.escalated_at = complaint.escalated_at or moment
    if why in _LEAST:
        severity_at_least(complaint, _LEAST[why])
    await store(complaint, ticket, actor, "complaint_escalated", why=why)
    return True


async def clock_warned(ticket_id: int) -> None:
    """A clock of the ticket has reached a warning: half of the time for what is grave, four fifths for the usual."""
    complaint = await Complaint.get_or_none(ticket_id=ticket_id).select_related("ticket")
    if complaint is None or complaint.ticket.clock_stage not in _STAGES:
        return
    if _STAGES.index(complaint.ticket.clock_stage) >= _STAGES.index(_TELLS[complaint.severity]):
        await escalate(ticket_id, CLOCK)


async def customer_wrote(conversation_id: int, message_id: int) -> None:
    """Read what a customer with an open complaint has written: its alarms, and whether they come for the third time."""
    message = await Message.get_or_none(id=message_id)
    complaint = await open_complaint(conversation_id)
    if message is None or complaint is None:
        return
    async with transaction():
        complaint, ticket, _ = await locked_complaint(complaint.ticket_id, SYSTEM)
        await raise_alarms(complaint, ticket, message.text)
        last = complaint.last_contact_at or complaint.received_at
        if message.created_at <= last:
            return  # read before
        if message.created_at - last > ANOTHER:
            complaint.contacts += 1
        complaint.last_contact_at = message.created_at
        await complaint.save(update_fields=["contacts", "last_contact_at"])
        if complaint.contacts >= TOO_OFTEN:
            await note_escalation(complaint, ticket, THIRD_CONTACT)


async def raise_alarms(complaint: Complaint, ticket: Ticket, text: str) -> None:
    """Escalate what the words tell of, the gravest first. The complaint is locked."""
    for why in alarms(text):
        await note_escalation(complaint, ticket, why)


async def open_complaint(conversation_id: int) -> Complaint | None:
    """The newest complaint in a conversation that is not settled."""
    return await (
        Complaint.filter(ticket__conversation_id=conversation_id).exclude(step__in=SETTLED).order_by("-id").first()
    )


async def rated_badly(complaint: Complaint) -> None:
    """The customer was answered and is not content."""
    ticket = await Ticket.get(id=complaint.ticket_id)
    if ticket.first_replied_at is not None:
        await escalate(ticket.id, BAD_RATING)
