"""What was said against what is so: only what a customer would want to hear is worth a word."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bots.corrections import contradictions, correction, review_after, worth_a_word
from bots.sample_orders import NOW, ago, ahead, order, parcel, refund, states
from orders.snapshots import OrderSnapshot
from orders.statuses import Headline, ParcelState

IN_TRANSIT = states()["in_transit"]
SAID: dict[str, Any] = {"headline": "shipped", "parcels": {"par_1": "in_transit"}, "expected": {}, "refunds": {}}


def said_by(moment: datetime) -> dict[str, Any]:
    return SAID | {"expected": {"par_1": moment.isoformat()}}


def due(eta: datetime | None) -> OrderSnapshot:
    return replace(IN_TRANSIT, parcels=(parcel(ParcelState.IN_TRANSIT, eta_to=eta),))


@pytest.mark.parametrize(
    ("facts", "today", "kinds"),
    [
        (said_by(ahead(days=1)), due(ahead(days=4)), ["moved"]),
        (said_by(ahead(days=1)), due(ahead(days=1, hours=3)), []),  # an hour or three
        (said_by(ahead(days=4)), due(ahead(days=1)), []),  # sooner
        (said_by(ago(days=3)), due(None), ["passed"]),
        (said_by(ago(hours=3)), due(None), []),
        (said_by(ago(days=3)), states()["delivered"], []),
        (SAID | {"parcels": {"par_1": "delivered"}}, IN_TRANSIT, ["not_delivered"]),
        (SAID, states()["delivered"], []),  # it went on as it should
        (SAID | {"refunds": {"rfd_1": "succeeded"}}, order(refunds=(refund("failed"),)), ["refund_failed"]),
        (SAID | {"refunds": {"rfd_1": "pending"}}, order(refunds=(refund("succeeded"),)), []),
        (SAID | {"headline": "cancelled"}, order(headline=Headline.PROCESSING), ["not_cancelled"]),
        (SAID | {"headline": "cancelled"}, states()["refunded"], []),
        ({}, IN_TRANSIT, []),
    ],
)
def test_what_is_worth_a_word(facts: dict[str, Any], today: OrderSnapshot, kinds: list[str]) -> None:
    found = worth_a_word(contradictions(facts, today, NOW), NOW)
    assert [each.kind for each in found] == kinds
    for language in ("en", "zh"):
        if found:
            words = correction(found, today, language, NOW)
            assert "1001" in words
            assert "{" not in words


def test_two_parcels_with_one_fate_are_told_once() -> None:
    both = (parcel(ParcelState.IN_TRANSIT), parcel(ParcelState.IN_TRANSIT, 2))
    facts = SAID | {"parcels": {"par_1": "delivered", "par_2": "delivered"}}
    found = contradictions(facts, replace(IN_TRANSIT, parcels=both), NOW)
    assert len(found) == 2
    assert correction(found, IN_TRANSIT, "en", NOW).count("taken that back") == 1


def test_a_named_time_is_looked_at_a_day_after_it_passed() -> None:
    assert review_after(said_by(ahead(days=2)), NOW) == ahead(days=3)
    assert review_after(said_by(ago(hours=20)), NOW) == NOW + timedelta(hours=4)
    assert review_after(said_by(ago(days=2)), NOW) is None
    assert review_after({}, NOW) is None
