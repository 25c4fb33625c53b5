"""Administrators say who may send how much money back alone, and what refunds are computed with."""

from collections.abc import Awaitable, Callable

import pytest

from core.audit import AuditEntry
from core.errors import Invalid
from core.shops import Shop
from orders.refunds.limits import limits_of, set_refund_limits
from orders.refunds.terms import RefundTerms, terms_of
from tests.console.conftest import Browser
from tests.people import World

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
HERE = "/console/refund-limits"


async def test_limits_are_set_for_a_role_a_currency_and_a_day(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.ada)
    page = (await browser.get(HERE)).text
    assert 'name="single.USD.agent"' in page
    assert 'placeholder="30.00"' in page
    wish = {"single.USD.agent": "50", "daily.USD.agent": "250.00", "single.USD.supervisor": "–", "informed": "yes"}
    assert (await browser.post(f"{HERE}/lumen", **wish)).status_code == 303
    shop = await Shop.get(key="lumen")
    assert shop.refund_limits == {
        "single": {"USD": {"agent": 50_00, "supervisor": None}},
        "daily": {"USD": {"agent": 250_00}},
    }
    assert limits_of(shop, "USD", "agent").source == "shop"
    assert terms_of(shop) == RefundTerms()
    assert 'value="50.00"' in (await browser.get(HERE)).text
    assert await AuditEntry.filter(subject=shop.public_id, action="shop.refund_limits_set").count() == 1
    await browser.post(f"{HERE}/lumen", informed="yes")
    assert (await Shop.get(key="lumen")).refund_limits is None


async def test_another_currency_and_the_terms_of_refunds(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.ada)
    await browser.get(HERE)
    wish = {"currency": "eur", "single.new.agent": "25", "delivery.new": "4.90", "delivery.USD": "6"}
    await browser.post(f"{HERE}/lumen", **wish)
    shop = await Shop.get(key="lumen")
    assert limits_of(shop, "EUR", "agent").single == 25_00
    assert terms_of(shop) == RefundTerms(standard_delivery={"EUR": 4_90, "USD": 6_00}, informed=False)
    assert 'name="delivery.EUR"' in (await browser.get(HERE)).text


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"single.USD.agent": "lots"}, "Enter an amount of money."),
        ({"single.USD.agent": "400"}, "USD: the 24-hour limit can’t be lower"),
        ({"single.USD.agent": "290", "single.USD.supervisor": "100"}, "USD: a role can’t have a higher limit"),
        ({"currency": "Euro"}, "That isn’t a currency"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_stays_in_the_form(
    world: World, open_browser: OpenBrowser, wish: dict[str, str], words: str
) -> None:
    browser = await open_browser(world.ada)
    await browser.get(HERE)
    answer = await browser.post(f"{HERE}/lumen", **wish)
    assert answer.status_code == 422
    assert words in answer.text
    assert all(f'value="{value}"' in answer.text for value in wish.values())
    assert (await Shop.get(key="lumen")).refund_limits is None


async def test_only_administrators_may(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.sue)
    assert (await browser.get(HERE)).status_code == 403
    assert (await browser.post(f"{HERE}/lumen", **{"single.USD.agent": "1"})).status_code == 403
    with pytest.raises(Invalid):
        await set_refund_limits(world.lumen, {"single": {"USD": {"boss": 1}}})
