"""The life of an after-sales case: which state may follow which, and who may move it. Pure.

requested → under_review → approved | rejected | needs_info; approved → awaiting_return → return_in_transit → received →
inspected → refund_pending → refunded → closed, or → replacing → closed. What is rejected may be amended, or the
platform steps in. docs/aftersales.md has the picture.
"""

from enum import StrEnum

from core.errors import Conflict, Forbidden
from tickets.aftersales.kinds import traits


class State(StrEnum):
    """Where a case stands."""

    REQUESTED = "requested"
    UNDER_REVIEW = "under_review"
    NEEDS_INFO = "needs_info"
    APPROVED = "approved"
    REJECTED = "rejected"
    PLATFORM_REVIEW = "platform_review"
    AWAITING_RETURN = "awaiting_return"
    RETURN_IN_TRANSIT = "return_in_transit"
    RECEIVED = "received"
    INSPECTED = "inspected"
    REFUND_PENDING = "refund_pending"
    REFUND_FAILED = "refund_failed"
    REFUNDED = "refunded"
    REPLACING = "replacing"  # what is sent instead, or the repaired thing, is on its way to the customer
    CLOSED = "closed"
    CANCELLED = "cancelled"  # by the customer


S = State
OVER = (S.CLOSED, S.CANCELLED)
AT_THE_SHOP = (S.UNDER_REVIEW, S.RECEIVED, S.REFUND_FAILED)  # nothing goes on until somebody at the desk acts
UNDECIDED = (S.REQUESTED, S.UNDER_REVIEW, S.NEEDS_INFO)

SENIOR = frozenset({"supervisor", "admin"})
_DESK = SENIOR | {"agent"}
_RULE = frozenset({"system"})
_RUN = _DESK | {"system"}  # the desk's people, or a rule that allows it
_ASK = _RUN | {"customer", "bot"}
_STEPS_IN = (S.REQUESTED, S.UNDER_REVIEW, S.REJECTED, S.RECEIVED, S.INSPECTED, S.REFUND_FAILED)
_MAY_GIVE_UP = (*UNDECIDED, S.APPROVED, S.REJECTED, S.PLATFORM_REVIEW, S.AWAITING_RETURN, S.RETURN_IN_TRANSIT)

# (from, to) → the roles that may. A role is the agent's, or the kind of any other actor.
EDGES: dict[tuple[State, State], frozenset[str]] = {
    (S.REQUESTED, S.UNDER_REVIEW): _RUN,
    (S.REQUESTED, S.APPROVED): _RUN,
    (S.REQUESTED, S.REJECTED): _RUN,
    (S.REQUESTED, S.NEEDS_INFO): _RUN,
    (S.UNDER_REVIEW, S.APPROVED): _RUN,
    (S.UNDER_REVIEW, S.REJECTED): _RUN,
    (S.UNDER_REVIEW, S.NEEDS_INFO): _RUN,
    (S.NEEDS_INFO, S.UNDER_REVIEW): _ASK,
    (S.NEEDS_INFO, S.CLOSED): _RUN,
    (S.REJECTED, S.UNDER_REVIEW): _ASK,
    (S.REJECTED, S.APPROVED): SENIOR,
    (S.REJECTED, S.CLOSED): _RUN,
    (S.PLATFORM_REVIEW, S.APPROVED): _RUN,
    (S.PLATFORM_REVIEW, S.REJECTED): _RUN,
    (S.PLATFORM_REVIEW, S.CLOSED): _RUN,
    (S.APPROVED, S.AWAITING_RETURN): _RUN,
    (S.APPROVED, S.REFUND_PENDING): _RUN,
    (S.APPROVED, S.REFUND_FAILED): _RUN,
    (S.APPROVED, S.REPLACING): _RUN,
    (S.APPROVED, S.CLOSED): _RUN,
    (S.APPROVED, S.UNDER_REVIEW): _RULE,  # the goods had left when they were to be kept
    (S.AWAITING_RETURN, S.RETURN_IN_TRANSIT): _ASK,
    (S.AWAITING_RETURN, S.RECEIVED): _RUN,
    (S.AWAITING_RETURN, S.CLOSED): _RUN,
    (S.RETURN_IN_TRANSIT, S.RECEIVED): _RUN,
    (S.RECEIVED, S.INSPECTED): _RUN,
    (S.INSPECTED, S.REFUND_PENDING): _RUN,
    (S.INSPECTED, S.REFUND_FAILED): _RUN,
    (S.INSPECTED, S.REPLACING): _RUN,
    (S.INSPECTED, S.REJECTED): _RUN,
    (S.REFUND_PENDING, S.REFUNDED): _RULE,
    (S.REFUND_PENDING, S.REFUND_FAILED): _RULE,
    (S.REFUND_FAILED, S.REFUND_PENDING): _RUN,
    (S.REFUND_FAILED, S.UNDER_REVIEW): _RULE,
    (S.REFUND_FAILED, S.CLOSED): SENIOR,  # settled in another way
    (S.REFUNDED, S.CLOSED): _RUN,
    (S.REPLACING, S.CLOSED): _RUN,
    **{(state, S.PLATFORM_REVIEW): _ASK for state in _STEPS_IN},
    **{(state, S.CANCELLED): _ASK for state in _MAY_GIVE_UP},
}


def require_edge(current: str, wanted: str, role: str) -> None:
    """Raises Conflict (bad_step) when no such step exists, Forbidden (not_your_step) when `role` may not take it.

    Raises ValueError for a word that is no state.
    """
    roles = EDGES.get((State(current), State(wanted)))
    if roles is None:
        raise Conflict(f"{current} is not followed by {wanted}", code="bad_step", current=current, wanted=wanted)
    if role not in roles:
        raise Forbidden(f"not a step for {role}", code="not_your_step", current=current, wanted=wanted)


def may(current: str, wanted: State, role: str) -> bool:
    """Whether `role` may take this step."""
    return role in EDGES.get((State(current), wanted), frozenset())


def path(kind: str) -> tuple[State, ...]:
    """The steps of a case of this kind that goes well, in order: what a progress line shows."""
    about = traits(kind)
    steps = [S.REQUESTED, S.APPROVED]
    if about.goods_back:
        steps += [S.AWAITING_RETURN, S.RETURN_IN_TRANSIT, S.RECEIVED, S.INSPECTED]
    if about.money:
        steps += [S.REFUND_PENDING, S.REFUNDED]
    if about.sends:
        steps.append(S.REPLACING)
    return (*steps, S.CLOSED)
