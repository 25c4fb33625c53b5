"""What customers say is wrong becomes a reason of the desk, and names a line only when it is sure."""

from dataclasses import replace

import pytest

from bots.cases import reason_of
from bots.faults import lines_meant, link_reason
from bots.sample_orders import states

REASONS = [
    ("The lamp arrived broken", "damaged"),
    ("there is a big crack in the glass", "damaged"),
    ("it doesn't light up any more", "defective"),
    ("it stopped working after two days", "defective"),
    ("you sent me the wrong colour", "wrong_item"),
    ("I got a different lamp", "wrong_item"),
    ("one bulb is missing from the box", "missing"),
    ("I only received two of three", "missing"),
    ("it looks nothing fancy, not as described", "not_as_described"),
    ("it is broken", "damaged"),
    ("灯罩裂了一道口子", "damaged"),
    ("收到就是坏的", "damaged"),
    ("灯不亮了", "defective"),
    ("用了两天就坏了", "defective"),
    ("发错货了", "wrong_item"),
    ("少发了一件", "missing"),
    ("漏发了配件", "missing"),
    ("缺一个灯泡", "missing"),
    ("灯有质量问题", "defective"),
    ("it will not work any more", "defective"),
    ("I was sent the wrong one", "wrong_item"),
    ("和图片不一样", "not_as_described"),
    ("something is odd", "item_problem"),
    ("", "item_problem"),
]


@pytest.mark.parametrize(("words", "reason"), REASONS)
def test_words_name_a_reason(words: str, reason: str) -> None:
    assert link_reason("item_problem", {"problem": words}) == reason
    assert link_reason("item_problem", {"words": words}) == reason
    assert reason_of(words) == (reason if reason != "item_problem" else "other"), "the case of it says the same"


def test_what_was_answered_weighs_more_than_the_first_words() -> None:
    told = {"words": "Something is broken", "problem": "one is missing"}
    assert link_reason("item_problem", told) == "missing"
    assert link_reason("invoice", told) == "invoice"


def test_only_a_line_that_was_named_is_meant() -> None:
    order = states()["partially_shipped"]
    lines = tuple(replace(line, line_id=str(place)) for place, line in enumerate(order.lines, 1))
    order = replace(order, lines=lines)
    assert lines_meant(order, {"item": lines[1].title}) == ("2",)
    assert lines_meant(order, {"item": ", ".join(line.title for line in lines)}) == tuple(x.line_id for x in lines)
    assert lines_meant(order, {"item": f"the {lines[1].title} I think"}) == ()
    assert lines_meant(order, {}) == ()


def test_a_title_that_fits_several_lines_names_none_of_them() -> None:
    order = states()["partially_shipped"]
    titles = ("Shirt", "Shirt", "Bulb", "Bulb holder")
    lines = tuple(replace(order.lines[0], line_id=str(place), title=title) for place, title in enumerate(titles, 1))
    order = replace(order, lines=lines)
    assert lines_meant(order, {"item": "Shirt"}) == ()
    assert lines_meant(order, {"item": "Bulb holder"}) == ("4",)
    assert lines_meant(order, {"item": "Shirt, Shirt, Bulb, Bulb holder"}) == ("1", "2", "3", "4")
