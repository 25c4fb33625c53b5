"""How many of an item: what customers write, and what is kept."""

from types import SimpleNamespace
from typing import Any

import pytest

from bots.details import units_of


@pytest.mark.parametrize(
    ("text", "asked", "units"),
    [
        ("all of them", True, "all"),
        ("both, please", False, "all"),
        ("全部都要退", False, "all"),
        ("2", True, "2"),
        ("just one", True, "1"),
        ("两件", True, "2"),
        ("一个", True, "1"),
        ("3 of the 5", True, "3"),
        ("it is order 73011", True, None),
        ("two of them broke", False, None),
        ("hm", True, None),
    ],
)
def test_how_many(text: str, asked: bool, units: str | None) -> None:
    turn: Any = SimpleNamespace(question=SimpleNamespace(text=text))
    assert units_of(turn, asked) == units
