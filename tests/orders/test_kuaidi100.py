"""快递100's pushes: the digest over the text, whole traces, and subscriptions that end."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import Invalid, Unauthenticated
from orders.sources import kuaidi100
from orders.sources.kuaidi100 import CODES
from orders.statuses import Hold, ParcelState
from tests.orders.deliveries import NOON, a_delivery, a_shop
from tests.orders.services import an_order, as_form, assert_any_order, assert_rubbish_is_refused, picture, read, vector

CASES: dict[str, dict[str, Any]] = {case["case"]: case for case in vector("kuaidi100/push_vectors")["cases"]}
ORDER = an_order(parcels={"77": "YT0000000000017"})
EMPTY_ORDER = an_order(parcels={"77": "YT9"})


def verify(body: bytes, *salts: str) -> None:
    kuaidi100.verify(list(salts), {}, body, NOON)


def entry(hour: int, code: str = "0", words: str = "", **more: Any) -> dict[str, Any]:
    at = f"2026-03-02 {hour:02}:00:00"
    return {"context": words or f"step {hour}", "time": at, "ftime": at, "statusCode": code, **more}


def push(*trace: dict[str, Any], state: str = "0", status: str = "polling", **more: Any) -> bytes:
    result = {"nu": "YT0000000000017", "com": "yuantong", "state": state, "data": list(reversed(trace))}
    result |= more.pop("result", {})
    return as_form({"param": json.dumps({"status": status, "lastResult": result, **more}, ensure_ascii=False)})


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_vectors_fit_and_nothing_else(case: dict[str, Any]) -> None:
    body = as_form(case["form"])
    verify(body, "a newer salt", case["salt"])
    verify(as_form({**case["form"], "sign": case["form"]["sign"].lower()}), case["salt"])
    for form, salt in [
        (case["form"], "another"),
        ({**case["form"], "param": case["form"]["param"] + " "}, case["salt"]),
        ({**case["form"], "sign": ""}, case["salt"]),
        ({**case["form"], "sign": "é"}, case["salt"]),
        ({"param": case["form"]["param"]}, case["salt"]),
    ]:
        with pytest.raises(Unauthenticated):
            verify(as_form(form), salt)


def test_an_empty_salt_signs_too_but_only_where_the_shop_has_said_so() -> None:
    body = as_form({"param": "{}", "sign": kuaidi100.sign("", "{}")})
    verify(body, "")
    for salts in ((), ("a salt",)):
        with pytest.raises(Unauthenticated):
            verify(body, *salts)
    with pytest.raises(Unauthenticated):
        verify(as_form({"param": "{}"}), "")


def test_the_same_trace_has_the_same_key() -> None:
    one, two = CASES["out_for_delivery"]["form"], CASES["delivered_locker"]["form"]
    lower = {**one, "sign": one["sign"].lower()}
    assert kuaidi100.delivery_key({}, as_form(one)) == kuaidi100.delivery_key({}, as_form(lower))
    assert kuaidi100.delivery_key({}, as_form(one)) != kuaidi100.delivery_key({}, as_form(two))


def test_rubbish_raises_only_our_own_errors() -> None:
    assert_rubbish_is_refused("kuaidi100")


@pytest.mark.parametrize(("code", "state"), CODES.items())
def test_each_code_as_state_and_as_scan(code: str, state: ParcelState) -> None:
    assert picture(ORDER, read("kuaidi100", push(entry(1, ""), state=code))).parcels["77"].state is state
    assert picture(ORDER, read("kuaidi100", push(entry(1, code), state=""))).parcels["77"].state is state


def test_every_push_is_the_whole_trace_so_scans_are_a_set() -> None:
    steps = ["103", "1001", "5", "304"]
    trace = [entry(hour, code) for hour, code in enumerate(steps)]
    life = [read("kuaidi100", push(*trace[: n + 1], state=steps[n][0])) for n in range(len(steps))]
    parcel = assert_any_order(ORDER, life).parcels["77"]
    assert (parcel.state, parcel.substate, len(parcel.scans)) == (ParcelState.DELIVERED, "304", 4)
    assert parcel.delivered_at == datetime(2026, 3, 1, 19, tzinfo=UTC)  # 3 o'clock in Beijing
    assert parcel.facts.carrier == "EMS"  # as the shop calls it


def test_the_vectors_read_as_they_say() -> None:
    told = read("kuaidi100", as_form(CASES["out_for_delivery"]["form"]))
    parcel = picture(ORDER, told).parcels["77"]
    assert (parcel.state, len(parcel.scans)) == (ParcelState.OUT_FOR_DELIVERY, 3)
    assert any(scan.location == "广东,深圳市" for scan in parcel.scans.values())


def test_sixty_days_without_a_move_expire() -> None:
    moving = read("kuaidi100", push(entry(1, "0")))
    ended = read("kuaidi100", push(entry(1, "0"), status="abort", message="60天无变化时"))
    assert picture(ORDER, [*ended, *moving]).parcels["77"].state is ParcelState.EXPIRED


def test_a_wrong_carrier_is_corrected_and_says_nothing_of_the_parcel() -> None:
    told = read("kuaidi100", as_form(CASES["abort_wrong_company"]["form"]))
    assert told[0].warnings == ("carrier=ems instead of yuantong: subscribe again",)
    (parcel,) = picture(an_order(parcels={"77": "YT0000000000017"}), told).parcels.values()
    assert (parcel.state, dict(parcel.scans)) == (ParcelState.INFO_RECEIVED, {})
    found = read("kuaidi100", push(entry(1, "0"), result={"com": "ems"}))
    assert picture(ORDER, [*found, *told]).parcels["77"].state is ParcelState.IN_TRANSIT


def test_an_unknown_code_is_kept_holds_and_moves_nothing() -> None:
    odd = read("kuaidi100", push(entry(1, "0"), entry(2, "777"), state="99"))
    assert odd[0].warnings == ("statusCode=777", "status=99")
    found = picture(ORDER, odd)
    assert (found.parcels["77"].state, found.axes.holds) == (ParcelState.IN_TRANSIT, frozenset({Hold.MERCHANT}))


def test_the_second_leg_belongs_to_the_same_parcel() -> None:
    abroad = {"nu": "RR1", "data": [entry(9, "3", "delivered in Berlin")]}
    told = read("kuaidi100", push(entry(1, "0"), destResult=abroad))
    assert picture(ORDER, told).parcels["77"].delivered_at == datetime(2026, 3, 2, 1, tzinfo=UTC)


def test_a_guess_of_the_arrival_is_an_hour_in_beijing_and_rubbish_in_it_is_no_mistake() -> None:
    told = read("kuaidi100", push(entry(1), result={"arrivalTime": "2026-03-06 18"}))
    assert picture(ORDER, told).parcels["77"].facts.eta_to == datetime(2026, 3, 6, 10, tzinfo=UTC)
    assert read("kuaidi100", push(entry(1), result={"arrivalTime": "soon"}))
    with pytest.raises(Invalid):
        read("kuaidi100", push({**entry(1), "ftime": "soon"}))


def test_a_push_without_a_parcel_is_ignored_with_a_reason() -> None:
    body = as_form({"param": '{"status":"abort","message":"x","lastResult":null}'})
    assert "abort" in kuaidi100.read(a_delivery(a_shop(), "", body)).ignored


def test_a_trace_without_codes_is_read_by_its_words_and_else_by_its_first_scan() -> None:
    words = ["揽收", "在途", "派件", "签收"]
    trace = [{**entry(hour, status=word), "statusCode": None} for hour, word in enumerate(words, start=9)]
    (parcel,) = picture(ORDER, read("kuaidi100", push(*trace, state="3"))).parcels.values()
    assert (parcel.state, parcel.first_scan_at) == (ParcelState.DELIVERED, datetime(2026, 3, 2, 1, tzinfo=UTC))
    assert parcel.out_for_delivery_at == datetime(2026, 3, 2, 3, tzinfo=UTC)
    bare = [{**step, "status": None} for step in trace[:2]]
    (parcel,) = picture(ORDER, read("kuaidi100", push(*bare, state="0"))).parcels.values()
    assert (parcel.state, parcel.first_scan_at) == (ParcelState.IN_TRANSIT, datetime(2026, 3, 2, 1, tzinfo=UTC))
