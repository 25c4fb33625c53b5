"""What a complaint's customer was given, and what may be offered, in the panel of the complaint."""

from collections.abc import Sequence
from typing import Any

from app.complaint_text import cause_name
from app.i18n import gettext
from app.web.case_scene import Case
from core.money import Money, format_money, plain_amount
from core.people import AGENT
from tickets.complaints.goodwill import APPROVED, AWAITING
from tickets.complaints.goodwill_matrix import MATRIX, propose
from tickets.complaints.models import Compensation, Complaint
from tickets.complaints.steps import REJECTED, UNDECIDED, Step


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


KIND_WORDS = {"goodwill": _("Money"), "coupon": _("Coupon"), "points": _("Points")}
STATE_WORDS = {
    "awaiting_approval": (_("Needs approval"), "warn"),
    "approved": (_("Approved"), ""),
    "issued": (_("Issued"), "good"),
    "refused": (_("Refused"), "bad"),
    "withdrawn": (_("Withdrawn"), ""),
}


def compensations_shown(given: Sequence[Compensation], complaint: Complaint, case: Case) -> dict[str, Any]:
    """The ledger of this complaint, and the orders something may be offered for."""
    language, numbers = case.agent.language, {link["order_id"]: link["number"] for link in case.links}
    may_offer = complaint.step not in (*UNDECIDED, Step.DISMISSED) and complaint.outcome != REJECTED
    fault = propose(complaint.cause or "", 0, 0, "") is not None
    orders = {link["order_id"]: link for link in case.links if link["confirmed"]}
    return {
        "rows": [_row(one, case, numbers.get(one.order_id, "")) for one in given],
        "orders": [{"id": order["public_id"], "number": order["number"]} for order in orders.values()]
        if may_offer and fault
        else [],
        "kinds": [(code, gettext(words, language)) for code, words in KIND_WORDS.items()],
        "matrix": _matrix(complaint, language) if may_offer else [],
        "cause": cause_name(complaint.cause, language),
        "no_fault": may_offer and not fault,
    }


def basis_in_words(one: Compensation, language: str) -> str:
    """What the matrix gave, for which cause and delay."""
    words = gettext(_("%(cause)s, %(days)s d late, goods %(net)s: the matrix gives %(usual)s."), language)
    return words % {
        "cause": cause_name(one.cause, language),
        "days": one.delay_days,
        "net": format_money(Money(one.net, one.currency), language),
        "usual": format_money(Money(one.proposed, one.currency), language),
    }


def _row(one: Compensation, case: Case, number: str) -> dict[str, Any]:
    language = case.agent.language
    state, tone = STATE_WORDS[one.state]
    mine = one.offered_by_id == case.agent.id
    return {
        "id": one.public_id,
        "amount": format_money(Money(one.amount, one.currency), language),
        "plain": plain_amount(one.amount, one.currency),
        "kind": gettext(KIND_WORDS[one.kind], language),
        "state": gettext(state, language),
        "tone": tone,
        "number": number,
        "basis": basis_in_words(one, language),
        "note": one.note,
        "reference": one.reference,
        "may_decide": one.state == AWAITING and case.agent.role != AGENT and not mine,
        "may_issue": one.state == APPROVED,
        "may_withdraw": one.state in (AWAITING, APPROVED) and (mine or case.agent.role != AGENT),
    }


def _matrix(complaint: Complaint, language: str) -> list[str]:
    words = gettext(_("from %(days)s days late: %(percent)s %% of the goods"), language)
    return [
        words % {"days": row.from_days, "percent": row.percent}
        for row in MATRIX
        if (complaint.cause or "") in row.causes
    ]
