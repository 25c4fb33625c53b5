"""What the desk does with a complaint: assess, investigate, decide, inform, follow up. ISO 10002:2018, 8.3 to 8.9."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from conversations.models import CHAT, EMAIL, PHONE, Conversation
from conversations.posting import post
from core import promises
from core.clock import now, utc
from core.errors import Conflict, Forbidden, Invalid
from core.people import Actor, Agent
from core.text import clean
from core.transactions import transaction
from tickets.complaints.causes import ALWAYS_FIRST, CAUSES, SEVERITIES
from tickets.complaints.escalation import EXTERNAL, SEVERITY, note_escalation
from tickets.complaints.intake import DECISION_PROMISE
from tickets.complaints.models import Complaint
from tickets.complaints.progress import advance, locked_complaint, store
from tickets.complaints.steps import DISMISSALS, OUTCOMES, REJECTED, Step
from tickets.models import Ticket

REMEDIES = (
    "refund",
    "partial_refund",
    "replacement",
    "repair",
    "redelivery",
    "compensation",
    "apology",
    "explanation",
    "none",
)
FOLLOW_UP_AFTER = timedelta(days=7)  # of calendar time after the decision was told
SHORT, LONG = 1000, 4000  # characters


async def assess(
    ticket_id: int,
    agent: Agent,
    *,
    severity: str,
    symptoms: Sequence[str] = (),
    remedy_asked: str = "",
    seen: int | None = None,
) -> Complaint:
    """Say how serious it is and what the customer sees and asks for. Safety and breaches of data are always P1.

    Only supervisors make it milder than it was. Raises Invalid (bad_severity, bad_cause), Forbidden (not_your_step),
    Conflict (bad_transition, complaint_changed), NotFound.
    """
    if severity not in SEVERITIES:
        raise Invalid("a severity is one of P1 to P4", code="bad_severity")
    if not set(symptoms) <= CAUSES.keys():
        raise Invalid("no such symptom", code="bad_cause")
    wanted = "P1" if ALWAYS_FIRST & set(symptoms) else severity

    def fill(complaint: Complaint) -> None:
        if wanted > complaint.severity and agent.role == "agent":
            raise Forbidden("only supervisors make it milder", code="not_your_step")
        complaint.severity, complaint.symptoms = wanted, list(dict.fromkeys(symptoms))
        complaint.remedy_asked = clean(remedy_asked, limit=300)

    async def then(complaint: Complaint, ticket: Ticket) -> None:
        if wanted == "P1":
            await note_escalation(complaint, ticket, SEVERITY, Actor.of(agent))

    return await advance(ticket_id, Actor.of(agent), Step.ASSESSED, fill, then=then, seen=seen, severity=wanted)


async def investigate(ticket_id: int, agent: Agent) -> Complaint:
    """Begin to find out what happened. Raises Conflict (bad_transition), Forbidden (not_your_step), NotFound."""
    return await advance(ticket_id, Actor.of(agent), Step.INVESTIGATING, lambda _: None)


async def reconsider(ticket_id: int, agent: Agent) -> Complaint:
    """The customer does not accept the decision, or something new is known: look again. Raises as `investigate`."""

    def fill(complaint: Complaint) -> None:
        complaint.decided_at = complaint.informed_at = complaint.options_told_at = None
        complaint.follow_up_due_at = complaint.followed_up_at = None
        complaint.satisfied = None

    return await advance(ticket_id, Actor.of(agent), Step.INVESTIGATING, fill, again=True)


async def decide(
    ticket_id: int,
    agent: Agent,
    *,
    outcome: str,
    cause: str,
    remedy: str,
    finding: str = "",
    correction: str = "",
    prevention: str = "",
    seen: int | None = None,
) -> Complaint:
    """Say whether the customer is right, the one root cause, the remedy, what is put right and what keeps it away.

    Raises Invalid (bad_outcome, bad_cause, bad_remedy; correction_missing when the customer is right), Forbidden
    (not_your_step: P1 is decided by supervisors), Conflict (bad_transition, complaint_changed), NotFound.
    """
    for code, known, words in (("outcome", OUTCOMES, outcome), ("cause", CAUSES, cause), ("remedy", REMEDIES, remedy)):
        if words not in known:
            raise Invalid(f"no such {code}", code=f"bad_{code}")
    put_right = clean(correction, limit=SHORT)
    if outcome != REJECTED and not put_right:
        raise Invalid("say what is put right for the customer", code="correction_missing")

    def fill(complaint: Complaint) -> None:
        complaint.outcome, complaint.cause, complaint.remedy = outcome, cause, remedy
        complaint.finding, complaint.correction = clean(finding, limit=LONG), put_right
        complaint.prevention = clean(prevention, limit=SHORT)
        complaint.decided_by_id = agent.id

    detail: dict[str, Any] = {"outcome": outcome, "cause": cause, "remedy": remedy}
    return await advance(ticket_id, Actor.of(agent), Step.DECIDED, fill, seen=seen, **detail)


async def inform(
    ticket_id: int, agent: Agent, text: str, *, client_id: str, options_told: bool = False, channel: str = ""
) -> Complaint:
    """Tell the customer the decision in these words, in their channel; a resend changes nothing.

    With `channel` phone nothing is sent: the agent has told them. Who rejects a complaint has to say where else the
    customer may turn to (`options_told`). Raises Conflict (options_not_told, bad_transition, and what `post` raises),
    Invalid, Forbidden, NotFound.
    """
    actor, moment = Actor.of(agent), now()

    def fill(complaint: Complaint) -> None:
        if complaint.outcome == REJECTED and not options_told:
            raise Conflict("tell the customer where else they may turn to", code="options_not_told")
        complaint.options_told_at = moment if options_told else None
        complaint.follow_up_due_at = moment + FOLLOW_UP_AFTER

    async def tell(_: Complaint, ticket: Ticket) -> None:
        if channel != PHONE:
            conversation = await Conversation.get(id=ticket.conversation_id)
            way = EMAIL if conversation.channel == EMAIL else CHAT
            await post(conversation.id, actor, text, client_id=client_id, channel=way, language=conversation.language)
        await promises.settle(DECISION_PROMISE, ticket.public_id)

    async with transaction():
        complaint, ticket, _ = await locked_complaint(ticket_id, actor)
        if channel != PHONE and await _is_told(ticket, client_id):
            return complaint
    return await advance(ticket_id, actor, Step.INFORMED, fill, then=tell, how=channel or "message")


async def follow_up(ticket_id: int, agent: Agent, *, satisfied: bool, note: str = "") -> Complaint:
    """Whether what was decided was done and the customer is content. Raises as `investigate`."""

    def fill(complaint: Complaint) -> None:
        complaint.satisfied = satisfied

    words = clean(note, limit=SHORT)
    return await advance(ticket_id, Actor.of(agent), Step.FOLLOWED_UP, fill, satisfied=satisfied, text=words)


async def dismiss(ticket_id: int, agent: Agent, why: str) -> Complaint:
    """It was no complaint, the customer took it back, or another ticket has it. Raises Invalid (bad_dismissal), and as
    `investigate`."""
    if why not in DISMISSALS:
        raise Invalid("no such reason", code="bad_dismissal")

    def fill(complaint: Complaint) -> None:
        complaint.dismissal = why

    async def withdraw(_: Complaint, ticket: Ticket) -> None:
        await promises.withdraw(DECISION_PROMISE, ticket.public_id)

    return await advance(ticket_id, Actor.of(agent), Step.DISMISSED, fill, then=withdraw, why=why)


async def set_external(
    ticket_id: int, agent: Agent, *, body: str, number: str = "", due_at: datetime | None = None
) -> Complaint:
    """Somebody outside has the case as well (12315, a platform, an ombudsman): their number, and by when they want an
    answer (UTC). Escalates. An empty body takes it back. Raises Invalid (bad_time), NotFound."""
    due = utc(due_at) if due_at is not None else None
    if due is not None and not now() - timedelta(days=366) < due < now() + timedelta(days=366):
        raise Invalid("a time within a year", code="bad_time")
    async with transaction():
        complaint, ticket, _ = await locked_complaint(ticket_id, Actor.of(agent))
        complaint.external_body = clean(body, limit=80)
        complaint.external_number = clean(number, limit=80) if complaint.external_body else ""
        complaint.external_due_at = due if complaint.external_body else None
        await store(complaint, ticket, Actor.of(agent), "complaint_external", name=complaint.external_body)
        if complaint.external_body:
            await note_escalation(complaint, ticket, EXTERNAL, Actor.of(agent))
    return complaint


async def _is_told(ticket: Ticket, client_id: str) -> bool:
    return await Conversation.exists(
        id=ticket.conversation_id, messages__client_id=client_id, messages__author_kind="agent"
    )
