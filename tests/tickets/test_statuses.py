"""The transition table, walked edge by edge with every role."""

from itertools import product

import pytest

from core.errors import Conflict, Forbidden
from tickets.statuses import TRANSITIONS, Status, require_transition

ROLES = ("agent", "supervisor", "admin", "bot", "customer", "system")


@pytest.mark.parametrize(("current", "wanted", "role"), list(product(Status, Status, ROLES)))
def test_every_edge_with_every_role(current: Status, wanted: Status, role: str) -> None:
    roles = TRANSITIONS.get((current, wanted))
    if roles is None:
        with pytest.raises(Conflict) as refused:
            require_transition(current, wanted, role)
        assert refused.value.code == "bad_transition"
    elif role not in roles:
        with pytest.raises(Forbidden):
            require_transition(current, wanted, role)
    else:
        require_transition(current, wanted, role)


def test_who_may_what() -> None:
    moves = {role: {edge for edge, roles in TRANSITIONS.items() if role in roles} for role in ROLES}
    assert moves["bot"] == set()
    assert moves["customer"] == {(Status.PENDING, Status.OPEN), (Status.RESOLVED, Status.OPEN)}
    assert {current for current, _ in moves["agent"]} == {Status.OPEN, Status.PENDING, Status.RESOLVED}
    assert moves["supervisor"] == moves["admin"] == set(TRANSITIONS)


def test_every_status_can_be_left_and_reached() -> None:
    assert {current for current, _ in TRANSITIONS} == {wanted for _, wanted in TRANSITIONS} == set(Status)


def test_a_word_that_is_no_status() -> None:
    with pytest.raises(ValueError, match="asleep"):
        require_transition("asleep", "open", "agent")
