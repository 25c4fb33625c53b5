"""What the server sets for its process."""

import gc
from collections.abc import Iterator

import pytest

from app.serving import collect_seldom


@pytest.fixture
def _collector() -> Iterator[None]:
    gc.unfreeze()  # the tests have done the same for themselves
    yield
    collect_seldom()


@pytest.mark.usefixtures("_collector")
def test_what_the_start_has_made_is_not_looked_at_again_and_later_garbage_still_goes() -> None:
    collect_seldom()
    assert gc.get_freeze_count() > 10_000
    assert gc.isenabled()
    circle: list[object] = []
    circle.append(circle)
    del circle
    assert gc.collect() > 0
