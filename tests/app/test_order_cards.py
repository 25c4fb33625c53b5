"""Cards have words for everything an order can be, in both languages."""

import re
from dataclasses import replace
from typing import Any

import pytest

from app import order_cards
from app.i18n import gettext
from app.order_cards import order_card
from app.order_outlook import TITLES
from app.web.order_lines import line_rows
from bots.sample_orders import NOW, states
from orders.statuses import Gate, Headline, Hold, ParcelState


@pytest.mark.parametrize("headline", Headline)
def test_every_headline_has_a_title_and_a_tone(headline: Headline) -> None:
    title, tone = TITLES[headline]
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


def card(state: str, language: str = "en") -> dict[str, Any]:
    return order_card(states()[state], language, NOW)


def labels(state: str, language: str = "en") -> list[tuple[str, str]]:
    return [(stage["label"], stage["state"]) for stage in card(state, language)["stages"]]


@pytest.mark.parametrize(
    ("state", "title", "tone", "following"),
    [
        ("in_transit", "On its way", "calm", "Expected by Thu 26 Nov."),
        ("in_transit_late", "On its way", "warn", "Later than expected. The carrier hasn’t given a new date."),
        ("info_received", "Waiting for the carrier", "calm", "The carrier has it."),
        ("out_for_delivery", "Out for delivery", "good", "With the courier today."),
        ("out_for_delivery_old", "Out for delivery", "good", "The carrier hasn’t recorded a delivery yet."),
        ("available_for_pickup", "Ready for pick-up", "good", "Please collect it by Sun 29 Nov."),
        ("failed_attempt", "Delivery attempt failed", "warn", "Expected by Thu 26 Nov."),
        ("exception", "Problem with the parcel", "bad", "The carrier reports a problem. A person can help: just ask."),
        ("backordered", "Waiting for stock", "warn", "Expected in stock Thu 3 Dec."),
        ("two_parcels", "On its way", "calm", "Expected by Thu 26 Nov."),
        ("partially_shipped", "Partly on its way", "calm", "The rest leaves us by Wed 25 Nov."),
    ],
)
def test_a_card_says_what_the_parcels_say(state: str, title: str, tone: str, following: str) -> None:
    said = card(state)
    assert (said["title"], said["tone"], said["next"]) == (title, tone, following)


@pytest.mark.parametrize(
    "state", ["available_for_pickup", "exception", "returning_to_sender", "delivered", "expired_tracking"]
)
def test_no_day_is_expected_that_means_nothing_any_more(state: str) -> None:
    assert [parcel["eta"] for parcel in card(state)["parcels"]] == [None]


@pytest.mark.parametrize("headline", [Headline.REFUNDED, Headline.CANCELLED])
def test_no_stock_is_expected_for_what_is_not_sent_any_more(headline: Headline) -> None:
    waiting = states()["backordered"]
    over = replace(waiting, headline=headline)
    assert [order_card(it, "en", NOW)["lines"][0]["note"] for it in (waiting, over)] == ["expected Thu 3 Dec", None]
    assert [len(line_rows(it, "en", NOW)["rows"][0]["notes"]) for it in (waiting, over)] == [1, 0]


def test_a_step_that_is_held_up_is_not_called_done() -> None:
    assert ("Payment", "problem") in labels("payment_failed")
    assert ("Dispatch", "problem") in labels("on_hold_address")
    assert ("Transport", "problem") in labels("on_hold_customs_under_way")


def test_what_was_delivered_stays_delivered_when_it_is_refunded() -> None:
    assert labels("delivered_refund_pending")[-1] == ("Delivered", "done")


def test_what_the_carrier_has_not_seen_is_not_shipped_yet() -> None:
    assert labels("info_received")[2] == ("Preparing", "now")
    assert labels("in_transit")[2] == ("Shipped", "done")


@pytest.mark.parametrize("state", states())
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_card_is_complete_and_of_one_language(state: str, language: str) -> None:
    said = card(state, language)
    steps = [stage["label"] for stage in said["stages"]]
    assert len(set(steps)) == 5, "each step has a name of its own"
    own = " ".join([said["title"], said["next"], said["gate"] or "", said["refund"] or "", *steps])
    assert not re.search(r"None|%|[{}]", own)
    if language == "zh":
        assert not re.search(r"[A-Za-z]{3,}|[(),;:!?] ", own), own
    else:
        assert own.replace("’", "").isascii() or "€" in own
