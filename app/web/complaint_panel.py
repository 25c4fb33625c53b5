"""The panel of a complaint: how far it is, why it happened and how we know, the decision, and what was given."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.complaint_letters import decision
from app.complaint_text import (
    CAUSE_WORDS,
    DISMISSAL_WORDS,
    ESCALATION_WORDS,
    OUTCOME_WORDS,
    REMEDY_WORDS,
    STAGE_WORDS,
    STEP_WORDS,
    cause_name,
    evidence,
    named,
)
from app.i18n import gettext, when
from app.web.case_scene import Case
from app.web.compensation_panel import compensations_shown
from app.web.times import due, iso
from core.bundles import Bundle, Later
from core.clock import now
from core.ids import new_id
from core.people import Agent
from core.shops import Shop
from tickets.complaints.causes import CAUSES, SEVERITIES
from tickets.complaints.models import Compensation, Complaint, ComplaintOrder, RecoveryTask
from tickets.complaints.progress import TIMES
from tickets.complaints.steps import EDGES, REJECTED, WAY, Step
from tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Read:
    """The rows of a complaint."""

    complaint: Complaint
    orders: list[ComplaintOrder]
    given: list[Compensation]
    recoveries: list[RecoveryTask]


_LINKS = (
    "SELECT l.order_id, o.public_id, o.number, l.confirmed FROM ticket_link AS l JOIN shop_order AS o"
    " ON o.id = l.order_id WHERE l.ticket_id = {ticket} ORDER BY l.id"
)
_OF = "WHERE t.complaint_id = (SELECT c.id FROM complaint AS c WHERE c.ticket_id = {ticket}) ORDER BY t.id"


def complaint_in(bundle: Bundle, ticket: Ticket, shop: Shop, agent: Agent) -> Later[dict[str, Any] | None]:
    """What the panel shows of a ticket that is a complaint; part of a bundle."""
    complaints = bundle.rows(Complaint, "WHERE t.ticket_id = {ticket}", ticket=ticket.id)
    orders = bundle.rows(ComplaintOrder, _OF, ticket=ticket.id)
    given = bundle.rows(Compensation, _OF, ticket=ticket.id)
    recoveries = bundle.rows(RecoveryTask, "WHERE t.ticket_id = {ticket} AND t.done_at IS NULL", ticket=ticket.id)
    links = bundle.table("order_id public_id number confirmed", _LINKS, ticket=ticket.id)

    def found() -> dict[str, Any] | None:
        if not complaints:
            return None
        return _shown(Read(complaints[0], orders, given, recoveries), Case(agent, ticket, shop, links))

    return found


def _shown(read: Read, case: Case) -> dict[str, Any]:
    complaint, language = read.complaint, case.agent.language
    return {
        "base": f"{case.base}/complaint",
        "version": complaint.version,
        "severity": complaint.severity,
        "severities": SEVERITIES,
        "repeat": complaint.repeat,
        "steps": _steps(complaint, case),
        "dismissed": named(DISMISSAL_WORDS, complaint.dismissal, language),
        "escalations": [named(ESCALATION_WORDS, known["why"], language) for known in complaint.escalations],
        "symptoms": [cause_name(code, language) for code in complaint.symptoms],
        "symptom_codes": complaint.symptoms,
        "remedy_asked": complaint.remedy_asked,
        "causes": _causes(language),
        "suggestions": _suggestions(read, case),
        "cause": complaint.cause,
        "cause_label": cause_name(complaint.cause, language),
        "outcome": complaint.outcome,
        "outcome_label": named(OUTCOME_WORDS, complaint.outcome, language),
        "outcomes": _choices(OUTCOME_WORDS, language),
        "remedy": complaint.remedy,
        "remedy_label": named(REMEDY_WORDS, complaint.remedy, language),
        "remedies": _choices(REMEDY_WORDS, language),
        "finding": complaint.finding,
        "correction": complaint.correction,
        "prevention": complaint.prevention,
        "external": _external(complaint, case),
        "may": {step.value: _may(complaint, step, case) for step in Step},
        "dismissals": _choices(DISMISSAL_WORDS, language),
        "letter": _letter(complaint, case) if complaint.step == Step.DECIDED else "",
        "letter_id": new_id("web"),
        "letter_lang": "zh-Hans" if case.conversation.language == "zh" else "en",
        "rejected": complaint.outcome == REJECTED,
        "by_phone": case.conversation.channel == "phone",
        "followed": None if complaint.satisfied is None else bool(complaint.satisfied),
        "follow_up_due": _time(complaint.follow_up_due_at, case) if complaint.step == Step.INFORMED else None,
        "money": compensations_shown(read.given, complaint, case),
        "recoveries": [_recovery(task, case) for task in read.recoveries],
    }


def _steps(complaint: Complaint, case: Case) -> list[dict[str, Any]]:
    """The line of steps; of the one that comes next, how long there is."""
    if complaint.step == Step.DISMISSED:
        return []
    return [
        {
            "label": named(STEP_WORDS, step, case.agent.language),
            "state": "now" if step == complaint.step else "done" if _passed(complaint, step) else "",
        }
        for step in WAY
    ]


def _passed(complaint: Complaint, step: Step) -> bool:
    """What was left out is not shown as done; what is looked into again is not decided any more."""
    return step == Step.RECEIVED or getattr(complaint, TIMES[step]) is not None


def _causes(language: str) -> list[dict[str, Any]]:
    return [
        {
            "label": gettext(STAGE_WORDS[stage], language),
            "causes": [
                {"code": code, "label": gettext(CAUSE_WORDS[code], language)}
                for code, cause in CAUSES.items()
                if cause.stage == stage
            ],
        }
        for stage in STAGE_WORDS
    ]


def _suggestions(read: Read, case: Case) -> list[dict[str, Any]]:
    """The likeliest cause of each order first, then the others, each once."""
    kept = [one for rank in range(3) for order in read.orders for one in order.suggestions[rank : rank + 1]]
    by_cause: dict[str, dict[str, Any]] = {}
    for one in kept:
        by_cause.setdefault(one["cause"], one)
    language = case.agent.language
    return [
        {
            "code": code,
            "label": cause_name(code, language),
            "evidence": evidence(one, case.shop.timezone, language),
        }
        for code, one in by_cause.items()
    ][:3]


def _choices(table: dict[str, str], language: str) -> list[tuple[str, str]]:
    return [(code, gettext(words, language)) for code, words in table.items()]


def _external(complaint: Complaint, case: Case) -> dict[str, Any]:
    left, tone = "", ""
    if complaint.external_due_at is not None:
        left, tone = due(complaint.external_due_at, now(), case.agent.language)
    return {
        "body": complaint.external_body,
        "number": complaint.external_number,
        "due": _time(complaint.external_due_at, case),
        "left": left,
        "tone": tone,
    }


def _may(complaint: Complaint, step: Step, case: Case) -> bool:
    roles = EDGES.get((Step(complaint.step), step), frozenset())
    grave = complaint.severity == "P1" and step in (Step.DECIDED, Step.DISMISSED)
    return case.agent.role in roles and not (grave and case.agent.role == "agent")


def _letter(complaint: Complaint, case: Case) -> str:
    return decision(complaint, case.ticket.number, case.shop.name, case.conversation.language)


def _time(moment: datetime | None, case: Case) -> dict[str, str] | None:
    if moment is None:
        return None
    return {"iso": iso(moment), "text": when(moment, case.shop.timezone, case.agent.language)}


def _recovery(task: RecoveryTask, case: Case) -> dict[str, Any]:
    left, tone = due(task.due_at, now(), case.agent.language)
    return {"id": task.public_id, "left": left, "tone": tone, "mine": task.owner_id == case.agent.id}
