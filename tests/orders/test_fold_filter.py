"""The fold filter: a stream of deliveries in, one document an order out, whatever the order of the lines."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.facts import Kind
from orders.fold_filter import Folded, ShopFacts, fold_lines
from orders.sources import event_stream
from orders.sources.event_types import HEADERS, HOLDS, PACKED, PAYMENTS, REFUNDS, SCANS
from orders.sources.reading import Delivery
from tests.orders.deliveries import LIFE, NOON, SAMPLES, a_shop, told

EVENTS = (SAMPLES / "events" / "events.jsonl").read_text(encoding="utf-8").splitlines()
TRUTH = {
    row["order_id"]: row
    for row in map(json.loads, (SAMPLES / "events" / "truth.jsonl").read_text(encoding="utf-8").splitlines())
}
NEW_YORK = ShopFacts(timezone="America/New_York")


def event(kind: str, hours: float = 0, **attrs: Any) -> dict[str, Any]:
    minutes = int(hours * 60)
    at = f"2026-03-{2 + minutes // 1440:02d}T{minutes // 60 % 24:02d}:{minutes % 60:02d}:00+08:00"
    return {"event_id": f"A:{kind}:{hours}", "order_id": "A", "type": kind, "at": at, "attrs": attrs}


def fold(*events: dict[str, Any]) -> dict[str, Any]:
    folded = fold_lines([json.dumps(one) for one in events], ShopFacts())
    assert folded.problems == []
    (order,) = folded.orders
    return order


SUBMITTED = event("order.submitted", amount_minor=36800, currency="CNY", carrier="SF", dest_region="Zhejiang")
PAID, CONFIRMED = event("payment.confirmed", 1), event("order.confirmed", 2)
PACKING, HANDED = event("shipment.packed", 3), event("shipment.handed_over", 4)
OPENED = (SUBMITTED, PAID, CONFIRMED)
GONE = (*OPENED, PACKING, HANDED)


def lines_of(platform: str) -> list[str]:
    """The life of an order in the platform's own payloads, as lines."""
    return [
        json.dumps({"source": platform, "topic": "", "headers": dict(wire.headers), "body": wire.body.decode()})
        for wire in told(a_shop(platform))
    ]


def test_the_sample_stream_ends_as_it_is_known_to_have_ended() -> None:
    folded = fold_lines(EVENTS, ShopFacts())
    assert not folded.problems
    assert {order["order_id"] for order in folded.orders} == set(TRUTH)
    for order in folded.orders:
        truth, delivered = TRUTH[order["order_id"]], order["times"]["delivered_at"]
        expected = {
            "on_time": "delivered",
            "late": "delivered",
            "never_delivered": "shipped",
            "cancelled": "processing",
        }
        assert order["headline"] == expected[truth["status"]]
        assert (delivered is None) == (truth["delivered_at"] is None)
        assert not order["warnings"]


@pytest.mark.parametrize("platform", ["events", "shopify", "generic"])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_late_doubled_and_shuffled_lines_give_identical_output(platform: str, data: st.DataObject) -> None:
    lines = EVENTS[:80] if platform == "events" else lines_of(platform)
    doubles = data.draw(st.lists(st.sampled_from(lines), max_size=10))
    shuffled = data.draw(st.permutations([*lines, *doubles]))
    assert fold_lines(shuffled, NEW_YORK).orders == fold_lines(lines, NEW_YORK).orders


@pytest.mark.parametrize("platform", ["shopify", "generic"])
def test_a_platforms_payloads_give_the_order(platform: str) -> None:
    (order,) = fold_lines(lines_of(platform), NEW_YORK).orders
    assert order["headline"] == "completed"
    assert order["axes"]["fulfilment"] == "delivered"
    assert order["axes"]["refund"] == "partial"
    assert order["times"]["shipped_at"] < order["times"]["delivered_at"]
    assert order["money"]["total"] > order["money"]["refunded"] > 0
    assert [parcel["state"] for parcel in order["parcels"]] == ["delivered", "delivered"]
    assert sum(line["delivered"] for line in order["lines"]) == 3
    assert len(LIFE) == 20


def test_a_body_may_be_an_object_and_its_names_in_any_order() -> None:
    lines = lines_of("generic")
    unpacked = [json.loads(line) for line in lines]
    for line in unpacked:
        line["body"] = dict(reversed(json.loads(line["body"]).items()))
    as_objects = fold_lines([json.dumps(line) for line in unpacked], NEW_YORK).orders
    assert as_objects == fold_lines(lines, NEW_YORK).orders


@pytest.mark.parametrize(
    ("events", "headline", "gates"),
    [
        ((SUBMITTED,), "awaiting_payment", ["payment", "acceptance"]),
        ((SUBMITTED, PAID), "awaiting_confirmation", ["acceptance"]),
        ((SUBMITTED, event("payment.authorized", 1)), "awaiting_confirmation", ["payment", "acceptance"]),
        ((SUBMITTED, event("payment.failed", 1)), "payment_failed", ["payment", "acceptance"]),
        (
            (SUBMITTED, event("payment.failed", 1), event("payment.captured", 2)),
            "awaiting_confirmation",
            ["acceptance"],
        ),
        (OPENED, "processing", []),
        ((*OPENED, PACKING), "processing", []),
        (GONE, "shipped", []),
        ((*OPENED, event("shipment.scan", 5)), "shipped", []),
        ((*GONE, event("shipment.exception", 5)), "shipped", []),
        ((*GONE, event("shipment.out_for_delivery", 5), event("shipment.delivered", 6)), "delivered", []),
        ((*OPENED, event("shipment.delivered", 6)), "delivered", []),
        ((*GONE, event("shipment.delivered", 6), event("order.completed", 7)), "completed", []),
        ((*GONE, event("shipment.delivered", 6), event("shipment.returning", 7)), "returning", []),
        ((*GONE, event("shipment.returned", 7)), "returned", []),
        ((*GONE, event("shipment.delivered", 6), event("return.requested", 7)), "delivered", []),
        ((*GONE, event("shipment.delivered", 6), event("return.handed_over", 7)), "returning", []),
        ((*GONE, event("shipment.delivered", 6), event("return.received", 8)), "returned", []),
        ((*OPENED, event("order.cancelled", 3, reason="customer")), "cancelled", []),
        ((SUBMITTED, event("order.expired", 3)), "expired", []),
        ((SUBMITTED, event("order.rejected", 3)), "cancelled", []),
        ((*OPENED, event("order.held", 3, hold="address")), "on_hold", []),
        ((*OPENED, event("order.held", 3), event("order.released", 4)), "processing", []),
        ((*OPENED, event("refund.succeeded", 3, amount_minor=36800)), "refunded", []),
    ],
)
def test_what_events_come_to(events: tuple[dict[str, Any], ...], headline: str, gates: list[str]) -> None:
    order = fold(*reversed(events))
    assert (order["headline"], order["gates"]) == (headline, gates)
    assert not order["warnings"]


def test_events_of_the_same_moment_are_taken_in_the_order_of_an_orders_life() -> None:
    one_moment = [{**one, "at": "2026-03-02T10:00:00Z"} for one in (*GONE, event("shipment.delivered"))]
    order = fold(*one_moment)
    assert order["headline"] == "delivered"
    assert order["times"]["paid_at"] == order["times"]["delivered_at"] == "2026-03-02T10:00:00Z"


def test_a_clock_that_runs_behind_does_not_take_the_payment_back() -> None:
    early = {**PAID, "at": "2026-03-01T10:00:00+08:00"}
    assert fold(SUBMITTED, early, CONFIRMED)["headline"] == "processing"


def test_times_money_and_parcels_are_told() -> None:
    promised = {"promised_end": "2026-03-09T00:00:00+08:00", "handover_due": "2026-03-04T00:00:00+08:00"}
    placed = {**SUBMITTED, "attrs": SUBMITTED["attrs"] | promised}
    order = fold(placed, PAID, CONFIRMED, PACKING, event("shipment.handed_over", 4, tracking_number="SF1"))
    assert order["times"]["placed_at"] == "2026-03-01T16:00:00Z"
    assert order["times"]["promised_to"] == "2026-03-08T16:00:00Z"
    assert order["times"]["promised_ship_by"] == "2026-03-03T16:00:00Z"
    assert order["times"]["shipped_at"] == "2026-03-01T20:00:00Z"
    assert (order["money"]["currency"], order["money"]["total"]) == ("CNY", 36800)
    (parcel,) = order["parcels"]
    assert (parcel["carrier"], parcel["tracking_number"], parcel["state"]) == ("SF", "SF1", "in_transit")
    assert order["as_of"] == "2026-03-01T20:00:00Z"


def test_a_carrier_that_is_only_planned_is_no_parcel() -> None:
    assert fold(*OPENED)["parcels"] == []


def test_unknown_words_are_kept_and_never_guessed() -> None:
    order = fold(*GONE, event("shipment.teleported", 5), event("order.blessed", 6), event("order.held", 7, hold="moon"))
    assert order["warnings"] == ["event type=order.blessed", "hold=moon", "scan=shipment.teleported"]
    assert order["holds"] == ["merchant"]
    assert order["parcels"][0]["state"] == "in_transit"
    assert order["parcels"][0]["scans"] == 2


def test_an_order_whose_beginning_is_missing_is_told_as_incomplete() -> None:
    order = fold(PAID, CONFIRMED)
    assert (order["headline"], order["missing"]) == ("processing", ["placed_at"])
    assert order["times"]["placed_at"] is None
    assert fold(event("shipment.delivered", 6))["headline"] == "delivered"


def test_bad_lines_are_left_out_and_named() -> None:
    bad = [
        "not json",
        "[]",
        '{"source": "nobody", "body": "{}"}',
        '{"source": "shopify"}',
        '{"source": "generic", "body": 7}',
        '{"source": "generic", "body": "{}"}',
        json.dumps({**PAID, "at": "yesterday"}),
        json.dumps({**PAID, "at": None}),
        json.dumps({**SUBMITTED, "attrs": {"amount_minor": -5}}),
        "",
    ]
    folded = fold_lines([*map(json.dumps, OPENED), *bad], ShopFacts())
    assert [order["headline"] for order in folded.orders] == ["processing"]
    codes = [problem.code for problem in folded.problems]
    assert codes[:5] == ["bad_json", "bad_json", "unknown_source", "bad_line", "bad_line"]
    assert codes[5:] == ["bad_order", "bad_time", "bad_event", "impossible_facts"]
    assert [problem.line for problem in folded.problems] == list(range(4, 13))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NAMES = ("order_id", "type", "at", "attrs", "source", "topic", "headers", "body", "received_at")


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6) | JSON, st.sampled_from(sorted(HEADERS | SCANS)), JSON)
def test_garbage_is_a_problem_and_never_a_crash(line: object, kind: str, attr: object) -> None:
    attrs = dict.fromkeys(("amount_minor", "currency", "carrier", "promised_end", "shipment_id", "state"), attr)
    texts = [json.dumps(line), json.dumps({**event(kind), "attrs": attrs}), json.dumps({**SUBMITTED, "attrs": attr})]
    assert isinstance(fold_lines(texts, ShopFacts()), Folded)


@pytest.mark.parametrize("kind", sorted({*HEADERS, *PAYMENTS, *SCANS, *REFUNDS, *HOLDS, PACKED}))
def test_every_type_of_the_tables_is_read_without_a_warning(kind: str) -> None:
    body = json.dumps(event(kind, amount_minor=100)).encode()
    (facts,) = event_stream.read(Delivery(topic="", headers={}, body=body, received_at=NOON)).orders
    assert facts.warnings == ()
    assert {statement.kind for statement in facts.statements} >= {Kind.HEADER}


def test_a_line_that_says_when_it_came_keeps_scans_out_of_the_future() -> None:
    line = {"source": "events", "body": event("shipment.scan", 30), "received_at": "2026-03-02T00:00:00+08:00"}
    lines = [json.dumps(one) for one in (*OPENED, line)]
    Random(1).shuffle(lines)
    (order,) = fold_lines(lines, ShopFacts()).orders
    assert order["parcels"][0]["last_event_at"] == "2026-03-01T16:00:00Z"


def test_what_a_carrier_tells_of_a_tracking_number_joins_the_order() -> None:
    order = {
        "id": "A-1",
        "updated_at": "2026-03-02T10:00:00Z",
        "number": "1001",
        "currency": "EUR",
        "placed_at": "2026-03-01T10:00:00Z",
        "payment": "paid",
        "lines": [{"id": "1", "quantity": 1}],
        "shipments": [{"id": "P", "tracking_number": "3SKAAG-5995399", "lines": [{"line": "1", "quantity": 1}]}],
    }
    delivered = {
        "ts": 1772539200,
        "event_id": "e",
        "msg": {
            "tracking_number": "3SKAAG5995399",
            "slug": "postnl-3s",
            "tag": "Delivered",
            "checkpoints": [{"checkpoint_time": "2026-03-03T12:00:00+00:00", "tag": "Delivered", "message": "Left"}],
        },
    }
    stray = {**delivered, "msg": delivered["msg"] | {"tracking_number": "NOBODYS1"}}  # type: ignore[operator]
    lines = [
        json.dumps({"source": "generic", "body": order}),
        json.dumps({"source": "aftership", "body": delivered}),
        json.dumps({"source": "aftership", "body": stray}),
    ]
    folded = fold_lines(lines, ShopFacts())
    assert folded.problems == []
    joined, left = folded.orders
    assert (joined["number"], joined["headline"], joined["parcels"][0]["state"]) == ("1001", "delivered", "delivered")
    assert joined["times"]["delivered_at"] == "2026-03-03T12:00:00Z"
    assert (left["handle"], left["missing"]) == ("tracking:NOBODYS1", ["order"])
    assert fold_lines(lines[::-1] + lines, ShopFacts()).orders == folded.orders
