"""What every shop platform promises: late, doubled and shuffled documents give one order, garbage only our errors."""

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from core.errors import Invalid, Unauthenticated
from orders.deriving import derive
from orders.facts import OrderFacts
from orders.merging import Known, merge
from orders.sources import PLATFORMS, SOURCES
from orders.statuses import Headline
from tests.orders.deliveries import NOON, a_delivery, a_shop
from tests.orders.telling import facts, recorded
from tests.orders.test_jd import ORDER as JD
from tests.orders.test_magento import ORDER as MAGENTO
from tests.orders.test_saleor import ORDER as SALEOR
from tests.orders.test_saleor import PARCEL
from tests.orders.test_taobao import LINE, REFUND
from tests.orders.test_taobao import TRADE as TAOBAO
from tests.orders.test_woocommerce import ORDER as WOO

Life = list[tuple[str, dict[str, Any]]]  # topic, document
TRACKING = {"key": "_wc_shipment_tracking_items", "value": [{"tracking_id": "t", "tracking_number": "JD014"}]}


def woocommerce_life() -> Life:
    unpaid = {"date_paid_gmt": None}
    sent = {"status": "completed", "meta_data": [TRACKING]}
    steps: list[dict[str, Any]] = [
        {**unpaid, "status": "pending", "date_modified_gmt": "2026-03-01T10:00:00"},
        {**unpaid, "status": "failed", "date_modified_gmt": "2026-03-01T10:01:00"},
        {**unpaid, "status": "on-hold", "date_modified_gmt": "2026-03-01T10:05:00"},
        {"status": "processing", "date_modified_gmt": "2026-03-01T10:05:00"},
        {**sent, "date_modified_gmt": "2026-03-02T10:00:00"},
        {**sent, "refunds": [{"id": 801, "total": "-5.00"}], "date_modified_gmt": "2026-03-04T10:00:00"},
    ]
    return [("order.updated", {**WOO, **step}) for step in steps]


def magento_life() -> Life:
    item = MAGENTO["items"][0]
    shipment = {"entity_id": 5, "order_id": 3, "updated_at": "2026-03-02 08:00:00", "items": [], "tracks": []}
    steps: list[dict[str, Any]] = [
        {"state": "pending_payment", "status": "x", "total_paid": None, "updated_at": "2026-03-01 22:22:19"},
        {"state": "payment_review", "status": "fraud", "total_paid": None, "updated_at": "2026-03-01 22:25:00"},
        {},
        {"state": "holded", "hold_before_state": "processing", "updated_at": "2026-03-01 23:00:00"},
        {"items": [{**item, "qty_shipped": 1}], "updated_at": "2026-03-02 08:00:00"},
        {"state": "complete", "items": [{**item, "qty_shipped": 2}], "updated_at": "2026-03-03 08:00:00"},
    ]
    return [*(("pulled", {**MAGENTO, **step}) for step in steps), ("pulled", shipment)]


def saleor_life() -> Life:
    steps: list[dict[str, Any]] = [
        {"status": "UNCONFIRMED", "paymentStatus": "PENDING", "updatedAt": "2026-03-01T10:00:01+00:00"},
        {"status": "UNCONFIRMED", "updatedAt": "2026-03-01T10:01:00+00:00"},
        {"status": "UNFULFILLED", "updatedAt": "2026-03-01T10:01:00+00:00"},
        {"status": "FULFILLED", "fulfillments": [PARCEL], "updatedAt": "2026-03-02T08:00:00+00:00"},
    ]
    classic = {
        "id": SALEOR["id"],
        "type": "Order",
        "meta": {"issued_at": "2026-03-01T10:02:00Z"},
        "status": "unfulfilled",
    }
    whole: Life = [("order_updated", {"order": {**SALEOR, **step}}) for step in steps]
    return [*whole, ("order_updated", classic)]


def taobao_life() -> Life:
    sent = {**LINE, "consign_time": "2026-03-02 10:00:00", "invoice_no": "A", "status": "WAIT_BUYER_CONFIRM_GOODS"}
    asked = {**LINE, "refund_id": 31, "refund_status": "WAIT_SELLER_AGREE"}
    steps: list[dict[str, Any]] = [
        {"status": "WAIT_BUYER_PAY", "pay_time": None, "modified": "2026-03-01 09:00:08"},
        {},
        {"orders": {"order": [asked]}, "modified": "2026-03-01 12:00:00"},
        {"orders": {"order": [{**asked, "refund_status": "CLOSED"}]}, "modified": "2026-03-01 13:00:00"},
        {"status": "WAIT_BUYER_CONFIRM_GOODS", "orders": {"order": [sent]}, "modified": "2026-03-02 10:00:00"},
    ]
    refund = {"refund": {**REFUND, "status": "CLOSED", "modified": "2026-03-01 13:00:00", "has_good_return": False}}
    return [*(("pulled", {**TAOBAO, **step}) for step in steps), ("pulled", refund)]


def jd_life() -> Life:
    steps: list[dict[str, Any]] = [
        {"orderState": "PAUSE", "modified": "2026-03-01 09:00:30"},
        {},
        {"orderState": "LOCKED", "modified": "2026-03-01 10:00:00"},
        {"orderState": "WAIT_SELLER_STOCK_OUT", "modified": "2026-03-01 11:00:00"},
        {"orderState": "WAIT_GOODS_RECEIVE_CONFIRM", "waybill": "JDVA1", "modified": "2026-03-01 11:00:00"},
    ]
    return [("pulled", {**JD, **step}) for step in steps]


LIVES: dict[str, Callable[[], Life]] = {
    "woocommerce": woocommerce_life,
    "magento": magento_life,
    "saleor": saleor_life,
    "taobao": taobao_life,
    "jd": jd_life,
}


def test_every_platform_is_here() -> None:
    assert set(LIVES) == set(PLATFORMS) - {"shopify", "generic"}  # whose lives are in test_merging.py
    assert set(PLATFORMS) <= set(SOURCES)


@cache
def told(platform: str) -> tuple[OrderFacts, ...]:
    return tuple(facts(platform, document, topic) for topic, document in LIVES[platform]())


@pytest.mark.parametrize("platform", LIVES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_life_gives_one_order_however_its_documents_arrive(platform: str, data: st.DataObject) -> None:
    life = told(platform)
    expected = derive(merge(Known(), [statement for part in life for statement in part.statements]))
    assert expected is not None
    assert expected.headline is Headline.SHIPPED
    repeated = data.draw(st.lists(st.sampled_from(life), max_size=6))
    known = Known()
    for part in data.draw(st.permutations([*life, *repeated])):
        known = merge(known, part.statements)
    assert derive(known) == expected


@pytest.mark.parametrize("platform", LIVES)
def test_a_document_that_comes_again_is_no_news(platform: str) -> None:
    known, heard = Known(), []
    for part in told(platform):
        known = merge(known, part.statements)
        heard.append(part)
        for late in heard:
            assert merge(known, late.statements) is known


JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        ["", "-1", "1e99", "9" * 400, "0001-01-01 00:00:00", "2026-13-01", "\x00", "\ud800", "½", "٣", "gid://x/"]
    ),
    st.lists(st.none() | st.text(max_size=3), max_size=3),
    st.dictionaries(
        st.sampled_from(["id", "amount", "order", "data", "items", "trade"]), st.text(max_size=3), max_size=2
    ),
)


@pytest.mark.parametrize("platform", LIVES)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_document_raises_nothing_but_our_errors(platform: str, data: st.DataObject) -> None:
    topic, document = data.draw(st.sampled_from(LIVES[platform]()))
    damaged = copy.deepcopy(document)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, place = data.draw(st.sampled_from(list(_places(damaged))))
        holder[place] = data.draw(JUNK)
    _read(platform, topic, json.dumps(damaged).encode())


@pytest.mark.parametrize("platform", LIVES)
@given(body=st.binary(max_size=60) | JUNK.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=60, deadline=None)
def test_bytes_of_any_kind_raise_nothing_but_our_errors(platform: str, body: bytes) -> None:
    for topic in {topic for topic, _ in LIVES[platform]()} | {"", "order.deleted"}:
        _read(platform, topic, body)


@pytest.mark.parametrize("platform", LIVES)
@pytest.mark.parametrize("depth", [200, 450, 900, 5_000])
def test_a_nest_without_end_is_only_malformed(platform: str, depth: int) -> None:
    for opening, closing in [(b'{"data":', b"}"), (b"[", b"]"), (b'{"orders":[', b"]}"), (b'{"order":', b"}")]:
        for topic in {topic for topic, _ in LIVES[platform]()}:
            _read(platform, topic, opening * depth + b"{}" + closing * depth)


@pytest.mark.parametrize("platform", LIVES)
@given(
    headers=st.dictionaries(
        st.sampled_from(
            [
                "x-wc-webhook-signature",
                "saleor-signature",
                "x-saleor-signature",
                "x-wc-webhook-delivery-id",
                "x-wc-webhook-topic",
            ]
        ),
        st.text(max_size=300),
    ),
    body=st.binary(max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_strangers_never_get_in(platform: str, headers: dict[str, str], body: bytes) -> None:
    source = SOURCES[platform]
    with pytest.raises(Unauthenticated):
        source.verify(["secret", "another"], headers, body, NOON)
    assert 0 < len(source.delivery_key(headers, body)) <= 190


def test_samples_survive_a_change_of_spelling() -> None:
    """Numbers written as text and text as numbers are the same fact."""
    sample = recorded("taobao", "trade_fullinfo_partly_shipped")
    as_text = json.loads(json.dumps(sample), parse_int=str)
    changed = facts("taobao", as_text).statements
    assert [(s.kind, s.entity_id, s.facts) for s in changed] == [
        (s.kind, s.entity_id, s.facts) for s in facts("taobao", sample).statements
    ]


def _read(platform: str, topic: str, body: bytes) -> None:
    """Read whatever it is; what can be read can be derived."""
    source = SOURCES[platform]
    reference = source.order_reference(topic, body)
    assert reference is None or len(reference) <= 120
    try:
        reading = source.read(a_delivery(a_shop(), topic, body))
    except (Invalid, ValidationError):
        return
    for order in reading.orders:
        derive(merge(Known(), order.statements))


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for place, value in list(pairs):
        yield node, place
        yield from _places(value)
