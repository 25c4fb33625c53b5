"""How long a failed job pauses."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.jobs import backoff


@given(st.integers(1, 10**6))
def test_pauses_double_to_an_hour_and_a_quarter(attempts: int) -> None:
    shortest = min(timedelta(seconds=2) * 2 ** min(attempts - 1, 20), timedelta(hours=1))
    assert shortest <= backoff(attempts) <= shortest * 1.25


def test_pauses_differ_so_that_failures_do_not_come_back_together() -> None:
    assert len({backoff(5) for _ in range(50)}) > 10
