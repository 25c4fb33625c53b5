"""Wordings: complete in both languages, filled safely, and dates as people write them."""

import string
from datetime import UTC, datetime

import pytest

from bots.phrases import MissingFact, city, listed, render, span_of_days, wordings
from core.money import Money

AT = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(wordings()))
def test_both_languages_use_the_same_facts(key: str) -> None:
    texts = wordings()[key]
    assert names(texts["en"]) - {"timezone"} == names(texts["zh"]) - {"timezone"}
    assert texts["en"].strip()
    assert texts["zh"].strip()


def test_a_missing_fact_is_an_error() -> None:
    with pytest.raises(MissingFact):
        render("prove", "en", {})
    with pytest.raises(KeyError):
        render("no_such_phrase", "en", {})


def test_values_are_not_templates() -> None:
    assert "{ticket}" in render("prove", "en", {"number": "{ticket}"})


def test_handover_words() -> None:
    facts = {"ticket": 1042, "by": AT, "timezone": "Europe/Berlin"}
    assert "no. 1042" in render("handover_online", "en", facts)
    assert "10:42 (Berlin time)" in render("handover_online", "en", facts)
    assert "11月24日（周二）17:42（北京时间）" in render(
        "handover_offline", "zh", facts | {"timezone": "Asia/Shanghai"}
    )


def test_tries_left() -> None:
    assert "1 more try" in render("code_wrong", "en", {"left": 1})
    assert "3 more tries" in render("code_wrong", "en", {"left": 3})
    assert "3次" in render("code_wrong", "zh", {"left": 3})


def test_money_is_written_for_the_reader() -> None:
    facts = {"amount": Money(19900, "CNY"), "method": "x", "at": AT}
    assert "¥199.00" in render("refund_succeeded", "zh", facts)
    assert "CN¥199.00" in render("refund_succeeded", "en", facts)


def test_days() -> None:
    assert span_of_days("en", AT, AT, "UTC") == "Tue 24 Nov"
    assert span_of_days("zh", AT, AT.replace(day=26), "UTC") == "11月24日（周二）至11月26日（周四）"
    assert span_of_days("en", None, None, "UTC") == ""
    assert city("Asia/Shanghai", "zh") == "北京时间"
    assert city("America/New_York", "en") == "New York time"
    assert listed("en", ["a", "b", "c"]) == "a, b and c"
    assert listed("zh", ["甲"]) == "甲"


def test_an_unknown_time_zone_is_utc() -> None:
    assert "09:42" in render("as_of", "en", {"at": AT, "timezone": "Mars/Olympus"})
