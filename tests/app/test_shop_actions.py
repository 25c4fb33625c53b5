"""Holding, cancelling, readdressing at Shopify and WooCommerce: once for each key, and honest about the unknown."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from app.gateways.shop_shopify import ShopifyActions
from app.gateways.shop_woocommerce import WooCommerceActions
from orders.claims.rules import Why
from orders.claims.shop_actions import Action, Said, ShopActions, Stands
from tests.fakes.http import Reply
from tests.fakes.shop_actions import KEY, LINES, ORDER, SECRET, TOKEN, FakeShopifyOrder, FakeWooOrder

pytestmark = pytest.mark.anyio
HOME = {"country": "US", "city": "Salem", "lines": ["1 Elm St"], "postcode": "97301", "name": "Ines Marlow"}


@dataclass
class Platform:
    """An adapter before its twin."""

    shop: ShopActions
    twin: FakeShopifyOrder | FakeWooOrder
    action: Action

    def sends(self) -> None:
        """The warehouse is quicker."""
        if isinstance(self.twin, FakeShopifyOrder):
            self.twin.left = dict.fromkeys(LINES, 0)
        else:
            self.twin.order["status"] = "completed"

    def cancelled(self) -> bool:
        twin = self.twin
        return twin.cancelled if isinstance(twin, FakeShopifyOrder) else twin.order["status"] == "cancelled"


@pytest.fixture(params=["shopify", "woocommerce"])
async def platform(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    shopify = request.param == "shopify"
    twin: FakeShopifyOrder | FakeWooOrder = FakeShopifyOrder() if shopify else FakeWooOrder()
    async with twin.open():
        action = Action(
            key="clm_01",
            shop_id=1,
            platform=request.param,
            order_source_id=ORDER,
            order_number="#1001",
            units=tuple(LINES.items()),
            whole=True,
            address_to=HOME,
            base=twin.address,
            credentials={"access_token": TOKEN} if shopify else {"consumer_key": KEY, "consumer_secret": SECRET},
        )
        yield Platform(ShopifyActions() if shopify else WooCommerceActions(), twin, action)


async def test_stopped_then_cancelled_and_asked_twice(platform: Platform) -> None:
    shop, action = platform.shop, platform.action
    assert await shop.look_up(action) is Stands.OPEN
    for _ in range(2):
        assert (await shop.hold(action)).said is Said.DONE
        assert await shop.look_up(action) is Stands.HELD
    for _ in range(2):
        assert (await shop.cancel(action)).said is Said.DONE
    assert platform.cancelled()
    assert await shop.look_up(action) is Stands.CANCELLED
    late = await shop.release(action)
    assert (late.said, late.why) == (Said.REFUSED, Why.CANCELLED_AT_SHOP)


async def test_let_go_it_is_as_it_was(platform: Platform) -> None:
    shop, action = platform.shop, platform.action
    await shop.hold(action)
    for _ in range(2):
        assert (await shop.release(action)).said is Said.DONE
    assert await shop.look_up(action) is Stands.OPEN
    if isinstance(platform.twin, FakeWooOrder):
        assert platform.twin.order["status"] == "processing"


async def test_what_has_left_is_refused(platform: Platform) -> None:
    platform.sends()
    for outcome in (
        await platform.shop.hold(platform.action),
        await platform.shop.cancel(platform.action),
        await platform.shop.change_address(platform.action),
    ):
        assert (outcome.said, outcome.why) == (Said.REFUSED, Why.HANDED_OVER)
    assert await platform.shop.look_up(platform.action) is Stands.SHIPPED
    assert not platform.cancelled()


async def test_sent_elsewhere(platform: Platform) -> None:
    await platform.shop.hold(platform.action)
    assert (await platform.shop.change_address(platform.action)).said is Said.DONE
    assert await platform.shop.look_up(platform.action) is Stands.CHANGED


@pytest.mark.parametrize("trouble", [Reply(500), Reply(429), Reply(cut=True), Reply(raw=b"<html>")])
async def test_without_a_whole_answer_nobody_knows(platform: Platform, trouble: Reply) -> None:
    shop, action = platform.shop, platform.action
    for call in (shop.hold, shop.cancel, shop.release, shop.change_address):
        platform.twin.troubles.append(trouble)
        assert (await call(action)).said is Said.UNKNOWN
    platform.twin.troubles.append(trouble)
    assert await shop.look_up(action) is Stands.UNKNOWN


async def test_shopifys_own_no_is_a_no() -> None:
    twin = FakeShopifyOrder()
    async with twin.open():
        action = Action(
            key="clm_01",
            shop_id=1,
            platform="shopify",
            order_source_id=ORDER,
            order_number="#1001",
            units=tuple(LINES.items()),
            whole=True,
            base=twin.address,
            credentials={"access_token": TOKEN},
        )
        twin.refuse = "The order has a return in progress"
        refused = await ShopifyActions().cancel(action)
        assert (refused.said, refused.why, refused.text) == (
            Said.REFUSED,
            Why.REFUSED_BY_SHOP,
            "The order has a return in progress",
        )
        twin.status = "IN_PROGRESS"
        assert (await ShopifyActions().hold(action)).why is Why.REFUSED_BY_WAREHOUSE
        twin.status = "OPEN"
        assert (await ShopifyActions().cancel(action)).said is Said.DONE
        assert twin.notes == ["Wismo clm_01"]
