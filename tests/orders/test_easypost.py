"""EasyPost's tracker events: signature, statuses, returns."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import Invalid, Unauthenticated
from orders.sources import easypost
from orders.sources.easypost import STATUSES
from orders.statuses import Hold, ParcelState
from tests.orders.deliveries import NOON, a_delivery, a_shop
from tests.orders.services import (
    an_order,
    as_json,
    assert_any_order,
    assert_rubbish_is_refused,
    picture,
    read,
    vector,
)

ORDER = an_order(parcels={"77": "EZ1000000001"})


def tracker(status: str, hour: int = 1, details: list[dict[str, Any]] | None = None, **more: Any) -> bytes:
    base: dict[str, Any] = {"object": "Tracker", "tracking_code": "EZ1000000001", "status": status, "carrier": "USPS"}
    base |= {"updated_at": f"2026-03-01T{hour:02}:30:00Z", "tracking_details": details or []}
    inner = {**base, **more}
    return as_json({"id": f"evt_{status}{hour}", "object": "Event", "description": "tracker.updated", "result": inner})


def detail(hour: int, status: str, words: str = "") -> dict[str, Any]:
    where = {"city": "HOUSTON", "state": "TX", "country": None}
    at = f"2026-03-01T{hour:02}:00:00Z"
    return {"datetime": at, "status": status, "message": words or f"step {hour}", "tracking_location": where}


def test_a_signature_fits_the_exact_bytes_and_nothing_else() -> None:
    body = tracker("delivered")
    good = easypost.sign("sécret", body)
    assert good.startswith("hmac-sha256-hex=")
    easypost.verify(["another", "sécret"], {"x-hmac-signature": good}, body, NOON)
    easypost.verify([unicodedata.normalize("NFD", "sécret")], {"x-hmac-signature": good}, body, NOON)
    bare = good.removeprefix("hmac-sha256-hex=")
    for secret, given, tampered in [
        ("another", good, body),
        ("", easypost.sign("", body), body),
        ("sécret", good, body + b" "),
        ("sécret", bare, body),
        ("sécret", "", body),
        ("sécret", "é", body),
    ]:
        with pytest.raises(Unauthenticated):
            easypost.verify([secret], {"x-hmac-signature": given}, tampered, NOON)


def test_a_published_digest_fits() -> None:
    """HMAC-SHA256 of RFC 4231, test case 2, in EasyPost's wrapping."""
    digest = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert easypost.sign("Jefe", b"what do ya want for nothing?") == f"hmac-sha256-hex={digest}"


def test_a_repeated_event_has_the_same_key() -> None:
    assert easypost.delivery_key({}, tracker("delivered", 3)) == "evt_delivered3"


def test_rubbish_raises_only_our_own_errors() -> None:
    assert_rubbish_is_refused("easypost")


@pytest.mark.parametrize(("status", "state"), STATUSES.items())
def test_each_status(status: str, state: ParcelState) -> None:
    assert picture(ORDER, read("easypost", tracker(status))).parcels["77"].state is state
    if status != "unknown":  # of a scan it says nothing
        one = read("easypost", tracker("", details=[detail(1, status)]))
        assert picture(ORDER, one).parcels["77"].state is state


def test_the_vendors_own_tracker_reads() -> None:
    parcel = picture(ORDER, read("easypost", as_json(vector("easypost/tracker_pre_transit")))).parcels["77"]
    assert (parcel.state, len(parcel.scans)) == (ParcelState.INFO_RECEIVED, 2)
    assert parcel.label_at == datetime(2025, 2, 6, 19, 48, 26, tzinfo=UTC)
    assert {scan.location for scan in parcel.scans.values()} == {"", "HOUSTON, TX"}
    assert parcel.facts.tracking_url


def test_a_life_gives_the_same_order_however_it_arrives() -> None:
    steps = ["pre_transit", "in_transit", "out_for_delivery", "delivered"]
    trace = [detail(hour, status) for hour, status in enumerate(steps)]
    life = [read("easypost", tracker(status, n, trace[: n + 1], signed_by="J DOE")) for n, status in enumerate(steps)]
    parcel = assert_any_order(ORDER, life).parcels["77"]
    assert (parcel.state, len(parcel.scans), parcel.facts.signed_by) == (ParcelState.DELIVERED, 4, "J DOE")
    assert parcel.delivered_at == datetime(2026, 3, 1, 3, tzinfo=UTC)


def test_an_unknown_status_is_kept_holds_and_moves_nothing() -> None:
    known = read("easypost", tracker("in_transit", 1))
    odd = read("easypost", tracker("teleported", 2, [detail(2, "teleported")]))
    assert odd[0].warnings == ("status=teleported", "detail status=teleported")
    found = picture(ORDER, [*known, *odd])
    assert (found.parcels["77"].state, found.axes.holds) == (ParcelState.IN_TRANSIT, frozenset({Hold.MERCHANT}))


def test_other_events_are_ignored_and_bad_times_refused() -> None:
    batch = as_json({"id": "evt_1", "description": "batch.updated", "result": {"object": "Batch"}})
    assert "batch.updated" in easypost.read(a_delivery(a_shop(), "", batch)).ignored
    with pytest.raises(Invalid):
        read("easypost", tracker("in_transit", details=[{**detail(1, "in_transit"), "datetime": "soon"}]))
