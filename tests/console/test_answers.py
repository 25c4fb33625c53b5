"""Supervisors write what the bot says about their shop."""

import pytest

from core.people import SUPERVISOR
from core.shop_answers import answers_of
from tests.console.test_bot import OpenBrowser
from tests.people import World

pytestmark = pytest.mark.anyio
HERE = "/console/bot/answers"


async def test_written_changed_and_taken_away(world: World, open_browser: OpenBrowser) -> None:
    world.sue.role = SUPERVISOR
    await world.sue.save(update_fields=["role"])
    browser = await open_browser(world.sue)
    await browser.get(HERE)
    where = f"{HERE}/{world.lumen.key}/shipping_info"
    assert (await browser.post(where, en="Two to four days.", zh="2到4天送达。")).status_code == 303
    assert await answers_of(world.lumen.id) == {
        ("shipping_info", "en"): "Two to four days.",
        ("shipping_info", "zh"): "2到4天送达。",
    }
    assert "2到4天送达。" in (await browser.get(f"{HERE}?shop={world.lumen.key}")).text
    await browser.post(where, en="Two to four <days>.", zh="")
    assert await answers_of(world.lumen.id) == {("shipping_info", "en"): "Two to four <days>."}
    assert "&lt;days&gt;" in (await browser.get(f"{HERE}?shop={world.lumen.key}")).text


async def test_what_is_too_long_stays_in_the_form(world: World, open_browser: OpenBrowser) -> None:
    world.sue.role = SUPERVISOR
    await world.sue.save(update_fields=["role"])
    browser = await open_browser(world.sue)
    await browser.get(HERE)
    refused = await browser.post(f"{HERE}/{world.lumen.key}/membership", en="x" * 1501, zh="")
    assert refused.status_code == 422
    assert "1,500 characters" in refused.text
    assert "x" * 1501 in refused.text
    assert await answers_of(world.lumen.id) == {}
    assert (await browser.post(f"{HERE}/{world.lumen.key}/no_topic", en="x", zh="")).status_code == 404


async def test_agents_do_not_write_them(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.omar)
    assert (await browser.get(HERE)).status_code == 403
