"""What the shop tells by itself, and when it rather keeps quiet."""

import pytest

from bots.notices import KINDS, notice
from bots.sample_orders import NOW, order, parcel, states
from orders.statuses import Headline, ParcelState

FITTING = {
    "confirmed": "processing",
    "shipped": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "available_for_pickup": "available_for_pickup",
    "delivered": "delivered",
    "failed_attempt": "failed_attempt",
    "exception": "exception",
    "cancelled": "cancelled",
    "refund_pending": "cancelled",
    "refund_succeeded": "refunded",
    "on_hold": "on_hold_fraud",
    "delayed": "in_transit_slower",
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind(kind: str, language: str) -> None:
    told = notice(kind, states()[FITTING[kind]], language, NOW)
    assert told
    assert told.phrase == f"notice_{kind}"
    assert "1001" in told.text
    assert told.order_id == "ord_1001"
    assert "fraud" not in told.text.lower()


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("confirmed", "awaiting_confirmation_stock"),
        ("shipped", "info_received"),
        ("out_for_delivery", "out_for_delivery_old"),
        ("delivered", "in_transit"),
        ("cancelled", "processing"),
        ("refund_pending", "processing"),
        ("on_hold", "processing"),
        ("delayed", "processing"),
        ("nonsense", "processing"),
    ],
)
def test_silence_when_the_order_does_not_bear_it_out(kind: str, state: str) -> None:
    assert notice(kind, states()[state], "en", NOW) is None


def test_the_named_parcel_is_told() -> None:
    parcels = (
        parcel(ParcelState.DELIVERED, delivered_at=NOW),
        parcel(ParcelState.AVAILABLE_FOR_PICKUP, 2, pickup_point="Kiosk 9"),
    )
    both = order(headline=Headline.PARTIALLY_DELIVERED, parcels=parcels)
    told = notice("available_for_pickup", both, "en", NOW, parcel_id="par_2")
    assert told
    assert told.text == "Parcel 2 of 2 for order 1001 is waiting for you at Kiosk 9."
    assert notice("delivered", both, "en", NOW, parcel_id="par_2") is None
