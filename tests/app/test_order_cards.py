"""Cards have words for everything an order can be, in both languages."""

import pytest

from app import order_cards
from app.i18n import gettext
from orders.statuses import Gate, Headline, Hold, ParcelState


@pytest.mark.parametrize("headline", Headline)
def test_every_headline_has_a_title_and_a_tone(headline: Headline) -> None:
    title, tone = order_cards.TITLES[headline]
    assert gettext(title, "zh") != title
    assert tone in ("calm", "good", "warn", "bad")


@pytest.mark.parametrize(
    ("values", "wordings"),
    [(Gate, order_cards.GATES), (Hold, order_cards.HOLDS), (ParcelState, order_cards.PARCEL_STATES)],
)
def test_every_gate_hold_and_parcel_state_has_words(values: type[Gate], wordings: dict[Gate, str]) -> None:
    for value in values:
        assert gettext(wordings[value], "zh") != wordings[value]


def test_no_words_name_a_suspicion() -> None:
    said = " ".join([*order_cards.GATES.values(), *order_cards.HOLDS.values()]).lower()
    assert "fraud" not in said
    assert "risk" not in said


@pytest.mark.parametrize(
    ("place", "language", "words"),
    [
        ("Hamburg, DE", "en", "Hamburg, Germany"),
        ("上海市, CN", "zh", "中国上海市"),
        ("DE", "en", "Germany"),
        ("", "zh", ""),
        ("Nowhere, XQ", "en", "Nowhere, XQ"),
    ],
)
def test_a_destination_reads_as_people_write_it(place: str, language: str, words: str) -> None:
    assert order_cards.destination(place, language) == words
