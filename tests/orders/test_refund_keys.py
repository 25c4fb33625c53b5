"""A refund that this desk has sent is known again by its key, whoever tells of it and with whatever around it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tortoise.context import TortoiseContext

from core.ids import new_id
from core.shops import Shop
from orders.merging import Known, merge
from orders.models import Refund
from orders.refunds.keys import PREFIX, own_key, stated_key
from tests.orders import telling
from tests.orders.services import an_order, as_form, as_json, picture, read, tell, vector
from tests.orders.test_woocommerce import ORDER as WOO_ORDER

KEY = "rfp_01k9q3v6m2n4p5q6r7s8t9v0wx"
ORDER = an_order("1001", total=14100, currency="USD", references={"9": "pi_1"})


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_key_is_found_between_any_words(before: str, after: str) -> None:
    key = new_id(PREFIX)
    assert own_key(f"{before} ({key}) {after}") == key


@pytest.mark.parametrize("text", ["", "re_1", KEY[:-1], f"{KEY}x", f"x{KEY}", KEY.upper(), "rfp_" + "ü" * 26])
def test_what_is_not_quite_a_key_is_none(text: str) -> None:
    assert (own_key(text), stated_key(text)) == ("", {})


def stripe_refund(key: str, name: str = "re_1") -> bytes:
    found: dict[str, Any] = {"object": "refund", "id": name, "payment_intent": "pi_1", "currency": "usd"}
    found |= {"amount": 2000, "status": "succeeded", "created": 1772409660, "metadata": {"refund_id": key}}
    return as_json({"id": f"evt_{name}", "object": "event", "created": 1772409660, "data": {"object": found}})


def test_gateways_repeat_it_in_their_own_fields() -> None:
    (of_stripe,) = picture(ORDER, read("stripe", stripe_refund(KEY))).refunds.values()
    paid = next(case["form"] for case in vector("alipay/notify_vectors")["cases"] if case["case"] == "partial_refund")
    (of_alipay,) = picture(an_order(), read("alipay", as_form({**paid, "out_biz_no": KEY}))).refunds.values()
    assert (of_stripe.key, of_alipay.key) == (KEY, KEY)
    (another,) = picture(ORDER, read("stripe", stripe_refund("4711"))).refunds.values()
    assert another.key is None


def test_wechat_repeats_the_number_that_we_gave_it() -> None:
    resource: dict[str, Any] = {"transaction_id": "4200000000202603011234567890", "out_trade_no": "SO20260301000017"}
    resource |= {
        "refund_id": "5001",
        "out_refund_no": KEY,
        "status": "SUCCESS",
        "amount": {"total": 29800, "refund": 1},
    }
    answer = {"id": "q1", "create_time": "2026-03-03T10:15:23+08:00", "event_type": "REFUND.SUCCESS"}
    (found,) = picture(an_order(), read("wechatpay", as_json({**answer, "resource": resource}))).refunds.values()
    assert (found.key, found.reference) == (KEY, KEY)


def test_platforms_repeat_it_in_the_words_of_the_refund() -> None:
    of_woo = telling.picture(
        telling.facts(
            "woocommerce", {**WOO_ORDER, "refunds": [{"id": 1, "reason": KEY, "total": "-5"}]}, "order.updated"
        )
    )
    assert of_woo.refunds["1"].key == KEY


def test_a_platforms_refund_and_the_gateways_of_the_same_key_are_one() -> None:
    """Two equal refunds on one payment: the key tells which is which."""
    other = "rfp_01k9q3v6m2n4p5q6r7s8t9v0wz"
    order = {**WOO_ORDER, "transaction_id": "pi_1", "currency": "USD"}
    order |= {"refunds": [{"id": n, "reason": key, "total": "-20.00"} for n, key in ((1, KEY), (2, other))]}
    platform = telling.facts("woocommerce", order, "order.updated")
    gateway = [*read("stripe", stripe_refund(other, "re_2")), *read("stripe", stripe_refund(KEY, "re_1"))]
    found = picture(merge(Known(), platform.statements), gateway).refunds
    assert {name: (refund.key, refund.reference) for name, refund in found.items()} == {
        "1": (KEY, "re_1"),
        "2": (other, "re_2"),
    }


async def test_the_row_of_a_refund_has_it(database: TortoiseContext, lumen: Shop) -> None:
    lumen.platform = "woocommerce"
    await lumen.save()
    body = {**WOO_ORDER, "refunds": [{"id": 1, "reason": f"Refund {KEY}", "total": "-5.00"}]}
    await tell(lumen, "woocommerce", as_json(body))
    (row,) = await Refund.all()
    assert (row.key, row.amount) == (KEY, 500)
