"""AfterShip's webhooks: signature, tags, scans with and without an offset."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import Invalid, Unauthenticated
from orders.facts import ShipmentFacts
from orders.handles import number, tracking
from orders.sources import aftership
from orders.sources.aftership import SUBTAGS, TAGS
from orders.statuses import Hold, ParcelState
from tests.orders.deliveries import NOON, a_delivery, a_shop
from tests.orders.services import (
    an_order,
    as_json,
    assert_any_order,
    assert_rubbish_is_refused,
    picture,
    read,
    sheets_of,
    vector,
)

VECTOR = vector("aftership/webhook_vector")
ORDER = an_order(parcels={"77": "3SKAAG5995399"})
TS = 1772409600  # 2026-03-02 00:00 UTC


def webhook(tag: str = "InTransit", *, ts: int = TS, **more: Any) -> bytes:
    msg = {"tracking_number": "3SKAAG 5995399", "slug": "postnl-3s", "tag": tag, "checkpoints": [], **more}
    return as_json({"ts": ts, "event": "tracking_update", "event_id": f"{tag}-{ts}", "msg": msg})


def scan(at: str, tag: str = "InTransit", message: str = "Sorted", **more: Any) -> dict[str, Any]:
    return {"checkpoint_time": at, "tag": tag, "message": message, **more}


def times(*scans: dict[str, Any], ts: int = TS) -> list[tuple[datetime, str]]:
    parcel = picture(ORDER, read("aftership", webhook(checkpoints=list(scans), ts=ts))).parcels["77"]
    return sorted((found.at, found.offset) for found in parcel.scans.values())


def test_the_vector_fits_the_exact_bytes_and_nothing_else() -> None:
    headers, body = VECTOR["headers"], VECTOR["body"].encode()
    aftership.verify(["a newer secret", VECTOR["secret"]], headers, body, NOON)
    for secret, given, tampered in [
        ("another", headers, body),
        ("", headers, body),
        (VECTOR["secret"], headers, body + b" "),
        (VECTOR["secret"], {}, body),
        (VECTOR["secret"], {"aftership-hmac-sha256": "é"}, body),
    ]:
        with pytest.raises(Unauthenticated):
            aftership.verify([secret], given, tampered, NOON)
    with pytest.raises(Unauthenticated):
        aftership.verify([], headers, body, NOON)


@pytest.mark.parametrize("name", ["as-signature-hmac-sha256", "am-webhook-signature"])
def test_the_headers_of_its_sister_products_are_the_same_signature(name: str) -> None:
    prefix = "hmac-sha256=" if name.startswith("am-") else ""
    aftership.verify(["s"], {name: prefix + aftership.sign("s", b"{}")}, b"{}", NOON)


def test_the_vector_reads_as_it_says() -> None:
    told = read("aftership", VECTOR["body"].encode())
    assert set(sheets_of(told)) == {tracking("3SKAAG5995399"), number("SO20260301000017")}
    parcel = picture(ORDER, told).parcels["77"]
    assert (parcel.state, parcel.facts.carrier, parcel.substate) == (
        ParcelState.OUT_FOR_DELIVERY,
        "EMS",
        "OutForDelivery_001",
    )
    assert (
        parcel.out_for_delivery_at == NOON
    )  # told on the 6th, but this test's clock says the 2nd: never in the future
    assert str(parcel.facts.eta_from) == "2026-03-05 16:00:00+00:00"  # the whole day in the shop's zone
    assert str(parcel.facts.eta_to) == "2026-03-06 15:59:59+00:00"


def test_a_repeated_event_has_the_same_key() -> None:
    assert aftership.delivery_key({}, VECTOR["body"].encode()) == "6f0e8c1a-2b3c-4d5e-8f90-1a2b3c4d5e6f"


def test_rubbish_raises_only_our_own_errors() -> None:
    assert_rubbish_is_refused("aftership")


@pytest.mark.parametrize(("tag", "state"), [*TAGS.items(), *SUBTAGS.items()])
def test_each_tag_and_subtag(tag: str, state: ParcelState) -> None:
    main, sub = ("Exception", tag) if tag in SUBTAGS else (tag, "")
    assert picture(ORDER, read("aftership", webhook(main, subtag=sub))).parcels["77"].state is state
    one = webhook("", checkpoints=[scan("2026-03-01T10:00:00Z", main, subtag=sub)])
    assert picture(ORDER, read("aftership", one)).parcels["77"].state is state


def test_the_vendors_own_trackings_read() -> None:
    told = read("aftership", as_json(vector("aftership/tracking_in_transit")))
    parcel = picture(ORDER, told).parcels["77"]
    assert (parcel.state, len(parcel.scans)) == (ParcelState.IN_TRANSIT, 6)
    assert parcel.first_scan_at == datetime(2021, 3, 20, 14, 32, 37, tzinfo=UTC)
    pending = picture(
        an_order(parcels={"1": "HH19260817"}), read("aftership", as_json(vector("aftership/tracking_pending")))
    )
    assert pending.parcels["1"].state is ParcelState.PENDING
    assert read("aftership", as_json(vector("aftership/last_checkpoint_pending")))


def test_a_time_without_an_offset_is_local_to_the_scan() -> None:
    beside = scan("2026-03-01T09:00:00+01:00")
    assert times(beside, scan("2026-03-01T12:00:00", message="x"))[1] == (datetime(2026, 3, 1, 11, tzinfo=UTC), "trace")
    assert times(scan("2026-03-01T12:00:00")) == [(datetime(2026, 3, 1, 4, tzinfo=UTC), "shop")]  # Shanghai
    early = int(datetime(2026, 3, 1, 3, 30, tzinfo=UTC).timestamp())
    assert times(scan("2026-03-01T12:00:00"), ts=early) == [(datetime(2026, 3, 1, 3, 30, tzinfo=UTC), "shop")]


def test_a_scan_that_was_read_in_two_ways_is_one_scan() -> None:
    alone = webhook(checkpoints=[scan("2026-03-01T12:00:00")])
    beside = [scan("2026-03-01T09:00:00+01:00", message="first"), scan("2026-03-01T12:00:00")]
    both = [*read("aftership", webhook(checkpoints=beside, ts=TS + 60)), *read("aftership", alone)]
    parcel = picture(ORDER, both).parcels["77"]
    assert sorted(str(found.at) for found in parcel.scans.values()) == [
        "2026-03-01 08:00:00+00:00",
        "2026-03-01 11:00:00+00:00",
    ]


def test_a_life_gives_the_same_order_however_it_arrives() -> None:
    steps = ["InfoReceived", "InTransit", "OutForDelivery", "AttemptFail", "OutForDelivery", "Delivered"]
    trace = [scan(f"2026-03-01T{hour:02}:00:00Z", tag, f"step {hour}") for hour, tag in enumerate(steps)]
    life = [
        read("aftership", webhook(tag, ts=TS + hour, checkpoints=trace[: hour + 1])) for hour, tag in enumerate(steps)
    ]
    parcel = assert_any_order(ORDER, life).parcels["77"]
    assert (parcel.state, len(parcel.scans)) == (ParcelState.DELIVERED, 6)
    assert parcel.delivered_at == datetime(2026, 3, 1, 5, tzinfo=UTC)


def test_an_unknown_tag_is_kept_holds_and_moves_nothing() -> None:
    known = read("aftership", webhook("InTransit", ts=TS))
    odd = read("aftership", webhook("Teleported", ts=TS + 60, checkpoints=[scan("2026-03-01T10:00:00Z", "Teleported")]))
    assert odd[0].warnings == ("status=Teleported", "checkpoint tag=Teleported")
    found = picture(ORDER, [*known, *odd])
    assert (found.parcels["77"].state, found.axes.holds) == (ParcelState.IN_TRANSIT, frozenset({Hold.MERCHANT}))
    assert [one.code for one in found.parcels["77"].scans.values()] == ["Teleported"]
    later = read("aftership", webhook("Delivered", ts=TS + 120))
    assert picture(ORDER, [*later, *odd]).axes.holds == set()


def test_the_newest_estimate_counts() -> None:
    latest = {"datetime_min": "2026-03-05", "datetime_max": "2026-03-07"}
    told = read("aftership", webhook(latest_estimated_delivery=latest, expected_delivery="2026-03-01"))
    parcel = picture(ORDER, told).parcels["77"].facts
    assert [str(parcel.eta_from)[:10], str(parcel.eta_to)[:10]] == ["2026-03-04", "2026-03-07"]


def test_a_link_that_is_none_is_left_out_and_what_cannot_be_true_is_refused() -> None:
    told = read("aftership", webhook(courier_tracking_link="javascript:alert(1)"))
    (facts,) = [s.facts for s in told[0].statements if isinstance(s.facts, ShipmentFacts)]
    assert facts.tracking_url == ""
    for bad in (webhook(checkpoints=[scan("yesterday")]), webhook(expected_delivery="soon"), webhook(ts=10**30)):
        with pytest.raises(Invalid):
            read("aftership", bad)
    reading = aftership.read(a_delivery(a_shop(), "", as_json({"msg": {"title": "x"}})))
    assert reading.ignored


def test_a_tracking_that_expires_without_a_scan_is_no_hand_over() -> None:
    body = as_json({"ts": 1772600000, "msg": {"tracking_number": "1Z1", "slug": "ups", "tag": "Expired"}})
    (parcel,) = picture(an_order(parcels={"77": "1Z1"}), read("aftership", body)).parcels.values()
    assert (parcel.state, parcel.first_scan_at) == (ParcelState.EXPIRED, None)
