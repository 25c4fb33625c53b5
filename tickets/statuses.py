"""The life of a ticket: which status may follow which, and who may move it. Pure.

open: we work on it · pending: it waits for the customer · resolved: done unless the customer writes again ·
closed: done for good. A closed ticket stays closed for everybody but supervisors; a later question is a new ticket.
"""

from enum import StrEnum

from core.errors import Conflict, Forbidden


class Status(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


ACTIVE = (Status.OPEN, Status.PENDING)
UNFINISHED = (Status.OPEN, Status.PENDING, Status.RESOLVED)

_SENIOR = frozenset({"supervisor", "admin"})
_DESK = _SENIOR | {"agent"}

# (from, to) → the roles that may. A role is the agent's, or the kind of any other actor.
TRANSITIONS: dict[tuple[Status, Status], frozenset[str]] = {
    (Status.OPEN, Status.PENDING): _DESK | {"system"},
    (Status.PENDING, Status.OPEN): _DESK | {"customer", "system"},
    (Status.OPEN, Status.RESOLVED): _DESK | {"system"},
    (Status.PENDING, Status.RESOLVED): _DESK | {"system"},
    (Status.RESOLVED, Status.OPEN): _DESK | {"customer", "system"},
    (Status.RESOLVED, Status.CLOSED): _DESK | {"system"},
    (Status.OPEN, Status.CLOSED): _SENIOR,
    (Status.PENDING, Status.CLOSED): _SENIOR,
    (Status.CLOSED, Status.OPEN): _SENIOR,
}


def require_transition(current: str, wanted: str, role: str) -> None:
    """Raises Conflict (bad_transition) when no such step exists, Forbidden (not_your_step) when `role` may not take it.

    Raises ValueError for a word that is no status.
    """
    roles = TRANSITIONS.get((Status(current), Status(wanted)))
    if roles is None:
        raise Conflict(f"{current} is not followed by {wanted}", code="bad_transition", current=current, wanted=wanted)
    if role not in roles:
        raise Forbidden(f"not a step for {role}", code="not_your_step", current=current, wanted=wanted)
