"""Refunds through WooCommerce: found again by meta data or reason, even when the shop broke down in the middle."""

from collections.abc import AsyncIterator

import pytest

from app.gateways.refund_woocommerce import WooCommerceRefunds
from orders.refunds.gateway import Answer
from tests.fakes.gateways import Service, a_line, a_service
from tests.fakes.payments import json_of
from tests.fakes.woocommerce_refunds import FakeWooRefunds

pytestmark = pytest.mark.anyio
GATEWAY = WooCommerceRefunds()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    found = a_service("woocommerce")
    async with found.fake.open():
        yield found


@pytest.fixture
def shop(service: Service) -> FakeWooRefunds:
    assert isinstance(service.fake, FakeWooRefunds)
    return service.fake


async def test_a_shop_that_broke_down_is_not_asked_twice(service: Service, shop: FakeWooRefunds) -> None:
    """The record is there, with the key in its reason alone; whether its plug-in has paid nobody has written down."""
    asked, shop.plugin = service.ask(), "dies"
    assert (await GATEWAY.refund(asked)).state is Answer.UNKNOWN
    for said in (await GATEWAY.look_up(asked), await GATEWAY.refund(asked)):
        assert (said.state, said.code, bool(said.text)) == (Answer.ACCEPTED, "payment_unconfirmed", True)
    assert shop.calls == 1
    shop.backs[0].more["paid"] = True
    assert (await GATEWAY.look_up(asked)).state is Answer.SUCCEEDED


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("The card was declined.", "woocommerce_rest_cannot_create_order_refund"),
        ("cURL error 28: Operation timed out after 70000 ms", "plugin_timed_out"),
    ],
)
async def test_a_plug_in_that_refuses_ends_it(service: Service, shop: FakeWooRefunds, said: str, code: str) -> None:
    shop.plugin, shop.said = "refuses", said
    asked = service.ask()
    found = await GATEWAY.refund(asked)
    assert (found.state, found.code, found.text) == (Answer.FAILED, code, said)
    assert (await GATEWAY.look_up(asked)).state is Answer.ABSENT


async def test_lines_tell_units_money_and_tax_by_rate(service: Service, shop: FakeWooRefunds) -> None:
    asked = service.ask(2500, lines=(a_line(net=2350, tax=150, restock=True), a_line(line="not here")))
    assert (await GATEWAY.refund(asked)).state is Answer.SUCCEEDED
    sent = json_of(shop.asked[-1])
    assert (sent["amount"], sent["api_refund"], sent["api_restock"]) == ("25.00", True, True)
    assert sent["meta_data"] == [{"key": "refund_id", "value": asked.key}]
    assert sent["reason"] == asked.key
    taxes = [{"id": 1, "refund_total": "1.00"}, {"id": 2, "refund_total": "0.50"}]
    assert sent["line_items"] == [{"id": 315, "quantity": 1, "refund_total": "23.50", "refund_tax": taxes}]


async def test_without_lines_nothing_is_restocked(service: Service, shop: FakeWooRefunds) -> None:
    await GATEWAY.refund(service.ask())
    sent = json_of(shop.asked[-1])
    assert (sent["api_restock"], sent["line_items"]) == (False, [])


async def test_ours_is_found_behind_a_page_of_others(service: Service, shop: FakeWooRefunds) -> None:
    asked = service.ask()
    await GATEWAY.refund(asked)
    for _ in range(100):
        shop.enter("a present", 0, paid=True)
    assert (await GATEWAY.look_up(asked)).state is Answer.SUCCEEDED


async def test_what_the_shop_refuses_before_it_asks_its_plug_in(service: Service, shop: FakeWooRefunds) -> None:
    shop.refuse = "woocommerce_rest_invalid_param"
    assert (await GATEWAY.refund(service.ask())).state is Answer.FAILED
    shop.refuse = ""
    for order in ("", "o1", "../products"):
        said = await GATEWAY.refund(service.ask(order_source_id=order))
        assert (said.state, said.code) == (Answer.UNKNOWN, "bad_id")
    assert (await GATEWAY.look_up(service.ask(order_source_id="1"))).state is Answer.ABSENT
