"""Which steps of a case are possible now for a role: what the console offers. Pure; the verbs check it all again."""

from orders.policies.deciding import Outcome
from tickets.aftersales.kinds import traits
from tickets.aftersales.models import AfterSale
from tickets.aftersales.money import gives_back
from tickets.aftersales.opening import may_be_amended
from tickets.aftersales.states import SENIOR, State, may

S = State
# What is offered → the state that it leads to.
_LEADS = {
    "approve": S.APPROVED,
    "ask": S.NEEDS_INFO,
    "reject": S.REJECTED,
    "info": S.UNDER_REVIEW,
    "receive": S.RECEIVED,
    "inspect": S.INSPECTED,
    "retry": S.REFUND_PENDING,
    "platform": S.PLATFORM_REVIEW,
    "complete": S.CLOSED,
    "cancel": S.CANCELLED,
}
_ONLY_IN = {
    "info": (S.NEEDS_INFO,),
    "retry": (S.REFUND_FAILED,),
    "reject": (S.REQUESTED, S.UNDER_REVIEW),
    "approve": (S.REQUESTED, S.UNDER_REVIEW, S.REJECTED),
    "complete": (S.APPROVED, S.REPLACING, S.REFUND_FAILED, S.AWAITING_RETURN),
}


def actions_of(case: AfterSale, role: str) -> list[str]:
    """The names of the steps, the likeliest first."""
    state = S(case.state)
    found = [
        name
        for name, wanted in _LEADS.items()
        if state in _ONLY_IN.get(name, (state,)) and may(state, wanted, role) and _fits(name, case, role)
    ]
    if state is S.REJECTED and may(state, S.UNDER_REVIEW, role) and may_be_amended(case):
        found.append("amend")
    if state in (S.AWAITING_RETURN, S.RETURN_IN_TRANSIT):
        found.insert(0, "track")
    if state is S.REPLACING:
        owed = case.difference_open and (case.difference or 0) > 0
        found.insert(0, "settle" if owed else "send")
        if gives_back(case):
            found.insert(0, "retry")
    if state is S.PLATFORM_REVIEW:
        found.insert(0, "verdict")
    return found


def _fits(name: str, case: AfterSale, role: str) -> bool:
    if name == "approve":
        return case.decision.get("outcome") != Outcome.REFUSE or role in SENIOR
    if name == "complete" and case.state == S.APPROVED:
        return traits(case.kind).ends == "done"
    if name == "complete" and case.difference_open:
        return gives_back(case) and role in SENIOR
    return True
