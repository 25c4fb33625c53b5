"""Refunds at Shopify: what is calculated first, what the mutation holds, and errors of three kinds."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.gateways.refund_shopify import ShopifyRefunds
from orders.refunds.case import Reason
from orders.refunds.gateway import Account, Answer
from tests.fakes.gateways import Service, a_line, a_service
from tests.fakes.http import Reply
from tests.fakes.payments import json_of
from tests.fakes.shopify_refunds import PARENT, FakeShopifyRefunds

pytestmark = pytest.mark.anyio
GATEWAY = ShopifyRefunds()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    found = a_service("shopify")
    async with found.fake.open():
        yield found


@pytest.fixture
def shop(service: Service) -> FakeShopifyRefunds:
    assert isinstance(service.fake, FakeShopifyRefunds)
    return service.fake


async def test_lines_shipping_and_the_payment_are_told(service: Service, shop: FakeShopifyRefunds) -> None:
    asked = service.ask(2990, lines=(a_line(restock=True),), shipping=490)
    assert (await GATEWAY.refund(asked)).state is Answer.SUCCEEDED
    assert shop.inputs == [
        {
            "orderId": "gid://shopify/Order/450789469",
            "note": asked.key,
            "notify": False,
            "transactions": [
                {
                    "orderId": "gid://shopify/Order/450789469",
                    "kind": "REFUND",
                    "gateway": "shopify_payments",
                    "amount": "29.90",
                    "parentId": f"gid://shopify/OrderTransaction/{PARENT}",
                }
            ],
            "refundLineItems": [
                {"lineItemId": "gid://shopify/LineItem/315", "quantity": 1, "restockType": "NO_RESTOCK"}
            ],
            "shipping": {"amount": "4.90"},
        }
    ]
    assert json_of(shop.asked[-1])["variables"]["key"] == asked.key


@pytest.mark.parametrize(
    ("reason", "restock", "kind"),
    [
        (Reason.CANCELLED, True, "CANCEL"),
        (Reason.DAMAGED, True, "RETURN"),
        (Reason.DAMAGED, False, "NO_RESTOCK"),
        (Reason.DAMAGED, None, "NO_RESTOCK"),
    ],
)
async def test_units_go_back_on_the_shelf_where_there_is_one(
    service: Service, shop: FakeShopifyRefunds, reason: Reason, restock: bool | None, kind: str
) -> None:
    credentials = {**service.credentials, "location_id": "655441491"}
    account = Account(gateway="shopify", address=shop.address, credentials=credentials)
    await GATEWAY.refund(service.ask(account=account, reason=reason, lines=(a_line(restock=restock),)))
    (line,) = shop.inputs[0]["refundLineItems"]
    assert line["restockType"] == kind
    assert ("locationId" in line) == (kind != "NO_RESTOCK")


async def test_the_payment_is_chosen_by_its_names_and_never_guessed(
    service: Service, shop: FakeShopifyRefunds, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = shop._order()
    offered = order["suggestedRefund"]["suggestedTransactions"]
    other = {**offered[0], "gateway": "gift_card", "parentTransaction": {"id": "gid://x/1", "authorizationCode": None}}
    order["suggestedRefund"]["suggestedTransactions"] = [other, *offered]
    monkeypatch.setattr(shop, "_order", lambda: order)
    found = await GATEWAY.refund(service.ask(payment_ref="", payment="4711"))
    assert (found.state, found.code) == (Answer.FAILED, "no_payment")
    assert (await GATEWAY.refund(service.ask(payment_ref="", payment=PARENT))).state is Answer.SUCCEEDED
    assert shop.inputs[0]["transactions"][0]["gateway"] == "shopify_payments"


async def test_what_was_paid_in_another_currency_is_left_to_a_person(
    service: Service, shop: FakeShopifyRefunds
) -> None:
    shop.presented = "CAD"
    said = await GATEWAY.refund(service.ask())
    assert (said.state, said.code, shop.calls) == (Answer.FAILED, "presentment_currency", 0)


@pytest.mark.parametrize(
    ("error", "state"),
    [
        ("Refund line items has an invalid quantity", Answer.FAILED),
        ("This request is currently in progress, please try again: idempotency key in use", Answer.UNKNOWN),
    ],
)
async def test_user_errors(service: Service, shop: FakeShopifyRefunds, error: str, state: Answer) -> None:
    shop.errors = [error]
    said = await GATEWAY.refund(service.ask())
    assert (said.state, said.text, shop.paid) == (state, error, 0)


@pytest.mark.parametrize(
    ("code", "wait"),
    [
        ("THROTTLED", timedelta(seconds=10)),
        ("ACCESS_DENIED", timedelta(minutes=15)),
        ("INTERNAL_SERVER_ERROR", None),
    ],
)
async def test_errors_of_the_whole_answer(
    service: Service, shop: FakeShopifyRefunds, code: str, wait: timedelta | None
) -> None:
    shop.codes = [code]
    said = await GATEWAY.refund(service.ask())
    assert (said.state, said.code, said.retry_after) == (Answer.UNKNOWN, code.lower(), wait)


@pytest.mark.parametrize(("state", "answer"), [("PENDING", Answer.ACCEPTED), ("ERROR", Answer.FAILED)])
async def test_the_state_of_the_money_is_the_state(
    service: Service, shop: FakeShopifyRefunds, state: str, answer: Answer
) -> None:
    shop.state = state
    asked = service.ask()
    assert (await GATEWAY.refund(asked)).state is answer
    assert (await GATEWAY.look_up(asked)).state is answer


async def test_an_order_that_shopify_does_not_know(service: Service) -> None:
    asked = service.ask(order_source_id="1")
    assert (await GATEWAY.look_up(asked)).state is Answer.ABSENT
    assert (await GATEWAY.refund(asked)).code == "order_not_found"


async def test_a_token_of_a_day_is_asked_for_with_the_apps_secret(service: Service, shop: FakeShopifyRefunds) -> None:
    credentials = {"client_id": "c0ffee", "client_secret": "shpss_1"}
    account = Account(gateway="shopify", address=shop.address, credentials=credentials)
    shop.troubles.append(Reply(data={"access_token": "shpat_may_write", "expires_in": 86399}))
    assert (await GATEWAY.look_up(service.ask(account=account))).state is Answer.ABSENT
    assert shop.asked[0].path == "/admin/oauth/access_token"
    shop.troubles.append(Reply(400, raw=b"<html>Oauth error</html>"))
    refused = await GATEWAY.look_up(service.ask(account=account))
    assert (refused.state, refused.code) == (Answer.UNKNOWN, "feed_refused")
