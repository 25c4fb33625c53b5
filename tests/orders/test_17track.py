"""17TRACK's pushes: the digest, statuses and stages, traces of several carriers."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import Invalid, Unauthenticated
from orders.handles import number, tracking
from orders.sources import seventeen_track
from orders.sources.seventeen_track import STAGES, STATUSES, SUB_STATUSES
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

VECTOR = vector("17track/push_vector")
ORDER = an_order(parcels={"77": "RR000000017CN"})


def event(hour: int, sub: str, words: str = "", **more: Any) -> dict[str, Any]:
    return {"time_utc": f"2026-03-01T{hour:02}:00:00Z", "sub_status": sub, "description": words, **more}


def push(status: str, sub: str = "", *, events: list[dict[str, Any]] | None = None, **more: Any) -> bytes:
    events = events or []
    provider = {
        "provider": {"key": 3011, "name": "China Post"},
        "events": events,
        "latest_sync_time": more.pop("synced", None),
    }
    info = {"latest_status": {"status": status, "sub_status": sub}, "tracking": {"providers": [provider]}}
    info |= {"latest_event": events[-1] if events else None, **more}
    return as_json(
        {"event": "TRACKING_UPDATED", "data": {"number": "RR000000017CN", "carrier": 3011, "track_info": info}}
    )


def test_the_vector_fits_the_exact_bytes_and_nothing_else() -> None:
    headers, body = VECTOR["headers"], VECTOR["body"].encode()
    seventeen_track.verify(["a newer key", VECTOR["api_key"]], headers, body, NOON)
    seventeen_track.verify([VECTOR["api_key"]], {"sign": headers["sign"].upper()}, body, NOON)
    for key, given, tampered in [
        ("another", headers, body),
        ("", headers, body),
        (VECTOR["api_key"], headers, body + b" "),
        (VECTOR["api_key"], {}, body),
        (VECTOR["api_key"], {"sign": "é"}, body),
    ]:
        with pytest.raises(Unauthenticated):
            seventeen_track.verify([key], given, tampered, NOON)


def test_the_vector_reads_as_it_says() -> None:
    told = read("17track", VECTOR["body"].encode())
    assert set(sheets_of(told)) == {tracking("RR000000017CN"), number("SO20260301000017")}
    parcel = picture(ORDER, told).parcels["77"]
    assert (parcel.state, parcel.substate) == (ParcelState.IN_TRANSIT, "InTransit_CustomsProcessing")
    assert parcel.label_at == datetime(2026, 3, 2, 2, tzinfo=UTC)
    assert len(parcel.scans) == 4  # the newest event and three milestones: this push has no trace


def test_the_same_push_has_the_same_key_and_a_newer_one_another() -> None:
    first, body = seventeen_track.delivery_key({}, VECTOR["body"].encode()), json.loads(VECTOR["body"])
    body["data"]["track_info"]["time_metrics"]["days_of_transit"] = 7
    assert seventeen_track.delivery_key({}, as_json(body)) == first
    body["data"]["track_info"]["latest_status"]["sub_status"] = "InTransit_CustomsReleased"
    assert seventeen_track.delivery_key({}, as_json(body)) != first


def test_rubbish_raises_only_our_own_errors() -> None:
    assert_rubbish_is_refused("17track")


@pytest.mark.parametrize(("status", "state"), STATUSES.items())
def test_each_status(status: str, state: ParcelState) -> None:
    told = read("17track", push(status, f"{status}_Other"))
    assert picture(ORDER, told).parcels["77"].state is state
    one = read("17track", push("", events=[event(1, f"{status}_Other")]))
    assert picture(ORDER, one).parcels["77"].state is state


@pytest.mark.parametrize(("sub", "state"), SUB_STATUSES.items())
def test_each_sub_status_that_says_more(sub: str, state: ParcelState) -> None:
    main = sub.partition("_")[0]
    assert picture(ORDER, read("17track", push(main, sub))).parcels["77"].state is state


@pytest.mark.parametrize(("stage", "state"), STAGES.items())
def test_each_stage(stage: str, state: ParcelState) -> None:
    told = read("17track", push("", events=[event(1, "", stage=stage)]))
    assert picture(ORDER, told).parcels["77"].state is state


def test_a_life_gives_the_same_order_however_it_arrives() -> None:
    steps = ["InfoReceived", "InTransit_PickedUp", "InTransit_Departure", "OutForDelivery_Other", "Delivered_Other"]
    trace = [event(hour, sub, f"step {hour}") for hour, sub in enumerate(steps)]
    life = [
        read(
            "17track", push(sub.partition("_")[0], sub, events=trace[: hour + 1], synced=f"2026-03-01T{hour:02}:30:00Z")
        )
        for hour, sub in enumerate(steps)
    ]
    parcel = assert_any_order(ORDER, life).parcels["77"]
    assert (parcel.state, len(parcel.scans)) == (ParcelState.DELIVERED, 5)
    assert parcel.delivered_at == datetime(2026, 3, 1, 4, tzinfo=UTC)


def test_a_parcel_expires_without_an_event() -> None:
    moving = read("17track", push("InTransit", events=[event(1, "InTransit_Other")]))
    expired = push("Expired", "Expired_Other", events=[event(1, "InTransit_Other")], synced="2026-03-01T09:00:00Z")
    assert picture(ORDER, [*read("17track", expired), *moving]).parcels["77"].state is ParcelState.EXPIRED


def test_all_carriers_on_the_way_are_read() -> None:
    body = json.loads(push("InTransit", events=[event(1, "InTransit_Other", "left China")]))
    second = {"provider": {"name": "DHL"}, "events": [event(5, "InTransit_Arrival", "reached Germany")]}
    body["data"]["track_info"]["tracking"]["providers"].append(second)
    words = {scan.text for scan in picture(ORDER, read("17track", as_json(body))).parcels["77"].scans.values()}
    assert words == {"left China", "reached Germany"}


def test_an_unknown_status_is_kept_holds_and_moves_nothing() -> None:
    known = read("17track", push("InTransit", events=[event(1, "InTransit_Other")]))
    odd = read("17track", push("Teleported", "Teleported_Now", events=[event(2, "Teleported_Now")]))
    assert odd[0].warnings == ("status=Teleported", "sub_status=Teleported_Now")
    found = picture(ORDER, [*known, *odd])
    assert (found.parcels["77"].state, found.axes.holds) == (ParcelState.IN_TRANSIT, frozenset({Hold.MERCHANT}))


def test_the_estimate_is_a_span_and_bad_times_are_refused() -> None:
    metrics = {"estimated_delivery_date": {"from": "2026-03-05", "to": "2026-03-07T18:00:00+08:00"}}
    parcel = picture(ORDER, read("17track", push("InTransit", time_metrics=metrics))).parcels["77"].facts
    assert [str(parcel.eta_from), str(parcel.eta_to)] == ["2026-03-04 16:00:00+00:00", "2026-03-07 10:00:00+00:00"]
    with pytest.raises(Invalid):
        read("17track", push("InTransit", events=[{**event(1, "InTransit_Other"), "time_utc": "soon"}]))


def test_a_stop_is_ignored_with_a_reason() -> None:
    stopped = as_json({"event": "TRACKING_STOPPED", "data": {"number": "RR000000017CN", "carrier": 3011}})
    assert "TRACKING_STOPPED" in seventeen_track.read(a_delivery(a_shop(), "", stopped)).ignored
