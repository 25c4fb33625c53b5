"""The states of a case: what may follow, and who may do it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Conflict, Forbidden
from tickets.aftersales.kinds import KINDS, Kind
from tickets.aftersales.states import EDGES, OVER, State, may, path, require_edge

ROLES = ("customer", "agent", "supervisor", "admin", "bot", "system")


@given(st.sampled_from(State), st.sampled_from(State), st.sampled_from(ROLES))
def test_every_other_step_is_refused(current: State, wanted: State, role: str) -> None:
    roles = EDGES.get((current, wanted))
    assert may(current, wanted, role) is (roles is not None and role in roles)
    if roles is not None and role in roles:
        require_edge(current, wanted, role)
        return
    with pytest.raises(Conflict if roles is None else Forbidden) as refused:
        require_edge(current, wanted, role)
    assert refused.value.data == {"current": current, "wanted": wanted}


def test_every_case_can_come_to_its_end_and_never_back() -> None:
    ends = {state: {b for a, b in EDGES if a is state} for state in State}
    assert all(not ends[state] for state in OVER)
    reached = set(OVER)
    while more := {state for state in State if ends[state] & reached} - reached:
        reached |= more
    assert reached == set(State)


@pytest.mark.parametrize("kind", Kind)
def test_the_way_of_each_kind_is_a_way(kind: Kind) -> None:
    steps = path(kind)
    assert steps[-1] is State.CLOSED
    for before, after in pairwise(steps):
        assert (before, after) in EDGES, (before, after)
    assert (State.AWAITING_RETURN in steps) is KINDS[kind].goods_back


def test_nobody_decides_on_his_own_wish() -> None:
    for outsider in ("customer", "bot"):
        allowed = {wanted for (_, wanted), roles in EDGES.items() if outsider in roles}
        mine = {State.UNDER_REVIEW, State.PLATFORM_REVIEW, State.CANCELLED, State.RETURN_IN_TRANSIT}
        assert allowed == mine


def test_only_a_supervisor_grants_what_was_rejected() -> None:
    assert not may(State.REJECTED, State.APPROVED, "agent")
    assert may(State.REJECTED, State.APPROVED, "supervisor")
