"""The steps of a complaint, after ISO 10002: which may follow which, and who may take them. Pure.

received · acknowledged · assessed · investigating · decided · informed · followed_up; or dismissed: it was none, or the
customer took it back.
"""

from enum import StrEnum

from core.errors import Conflict, Forbidden


class Step(StrEnum):
    """How far a complaint is."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    ASSESSED = "assessed"
    INVESTIGATING = "investigating"
    DECIDED = "decided"
    INFORMED = "informed"
    FOLLOWED_UP = "followed_up"
    DISMISSED = "dismissed"


WAY = (
    Step.RECEIVED,
    Step.ACKNOWLEDGED,
    Step.ASSESSED,
    Step.INVESTIGATING,
    Step.DECIDED,
    Step.INFORMED,
    Step.FOLLOWED_UP,
)
UNDECIDED = WAY[:4]
UNTOLD = WAY[:5]  # the customer does not know the decision
SETTLED = (Step.INFORMED, Step.FOLLOWED_UP, Step.DISMISSED)
OUTCOMES = UPHELD, PARTLY, REJECTED = "upheld", "partly", "rejected"
DISMISSALS = ("no_complaint", "withdrawn", "duplicate")

_SENIOR = frozenset({"supervisor", "admin"})
_DESK = _SENIOR | {"agent"}

# (from, to) → the roles that may. A role is the agent's, or the kind of any other actor.
EDGES: dict[tuple[Step, Step], frozenset[str]] = {
    (Step.RECEIVED, Step.ACKNOWLEDGED): _DESK | {"system"},
    (Step.RECEIVED, Step.ASSESSED): _DESK,
    (Step.ACKNOWLEDGED, Step.ASSESSED): _DESK,
    (Step.ASSESSED, Step.ASSESSED): _DESK,  # somebody knows better
    (Step.INVESTIGATING, Step.ASSESSED): _DESK,
    (Step.ASSESSED, Step.INVESTIGATING): _DESK,
    (Step.ASSESSED, Step.DECIDED): _DESK,  # in proportion: what is plain needs no investigation
    (Step.INVESTIGATING, Step.DECIDED): _DESK,
    (Step.DECIDED, Step.DECIDED): _DESK,  # as long as the customer was not told
    (Step.DECIDED, Step.INFORMED): _DESK,
    (Step.INFORMED, Step.FOLLOWED_UP): _DESK,
    (Step.INFORMED, Step.INVESTIGATING): _DESK,  # the customer does not agree, or something new is known
    (Step.FOLLOWED_UP, Step.INVESTIGATING): _SENIOR,
    (Step.DISMISSED, Step.ASSESSED): _SENIOR,
    **{(step, Step.DISMISSED): _DESK for step in UNDECIDED},
}


def require_step(current: str, wanted: Step, role: str, severity: str = "P4") -> None:
    """Raises Conflict (bad_transition) when no such step exists, Forbidden (not_your_step) when `role` may not take it.

    The most serious ones are decided and dismissed by supervisors.
    """
    roles = EDGES.get((Step(current), wanted))
    if roles is None:
        raise Conflict(f"{current} is not followed by {wanted}", code="bad_transition", current=current, wanted=wanted)
    if severity == "P1" and wanted in (Step.DECIDED, Step.DISMISSED):
        roles &= _SENIOR
    if role not in roles:
        raise Forbidden(f"not a step for {role}", code="not_your_step", current=current, wanted=wanted)
