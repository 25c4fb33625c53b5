"""The demo's storefronts: what a visitor finds there, and that the buttons move real orders."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from tortoise.context import TortoiseContext

from app.demo import fill_demo
from app.realtime.hub import Hub
from app.web import demo_shop
from core.clock import now
from core.shops import Shop
from orders.folding import fold
from orders.models import Order, SourceEvent
from tests.realtime.serving import Desk, frames_follow_events, make_app, serving

pytestmark = [pytest.mark.anyio, pytest.mark.sqlite]


@pytest.fixture
async def demo(database: TortoiseContext, tmp_path: Path) -> AsyncIterator[Desk]:
    hub = Hub()
    app = make_app(database, hub, tmp_path)
    app.router.routes[:0] = demo_shop.routes
    with frames_follow_events(hub):
        await fill_demo(app.state.settings, now())
        async with serving(app, hub) as desk:
            yield desk


@pytest.fixture
async def browser(demo: Desk) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=demo.address) as client:
        yield client


async def test_the_front_page_leads_everywhere(browser: httpx2.AsyncClient) -> None:
    page = await browser.get("/demo", headers={"Accept-Language": "zh-CN"})
    assert '<html lang="zh-Hans">' in page.text
    for place in ("/demo/lumen", "/demo/chaye", "/demo/mailbox", "/console", "admin@wismo.example", "wismo-demo"):
        assert place in page.text


@pytest.mark.parametrize(
    ("shop", "language", "ask"),
    [("lumen", "en", "Where is my order 1001?"), ("chaye", "zh-Hans", "我的订单 1001 到哪了？")],
)
async def test_a_shop_embeds_the_widget_as_any_shop_would(
    browser: httpx2.AsyncClient, shop: str, language: str, ask: str
) -> None:
    page = await browser.get(f"/demo/{shop}")
    tags = re.findall(r"<script async [^>]*></script>", page.text)
    assert tags == [f'<script async src="{browser.base_url}/widget.js" data-site="{shop}" data-lang="auto"></script>']
    assert f'<html lang="{language}">' in page.text
    assert ask in page.text
    assert "1001" in page.text
    assert not re.search(r"<style|\sstyle=|\son\w+=", page.text)


async def test_a_button_moves_an_order(browser: httpx2.AsyncClient) -> None:
    shop = await Shop.get(key="lumen")
    before = await Order.get(shop_id=shop.id, number_key="1001")
    heard = await SourceEvent.filter(shop_id=shop.id).count()
    answer = await browser.post("/demo/lumen/orders/1001/step")
    assert (answer.status_code, answer.headers["location"]) == (303, "/demo/lumen#orders")
    told = await SourceEvent.filter(shop_id=shop.id).order_by("id")
    assert len(told) > heard, "the shop has told what happened, at the same door as a real one"
    for event in told[heard:]:
        await fold(event.id)
    after = await Order.get(id=before.id)
    assert (before.headline, after.headline) == ("awaiting_confirmation", "processing")
    assert "Being prepared" in (await browser.get("/demo/lumen")).text


async def test_what_is_not_in_the_window_is_not_there(demo: Desk, browser: httpx2.AsyncClient) -> None:
    assert (await browser.get("/demo/nowhere")).status_code == 404
    assert (await browser.post("/demo/nowhere/orders/1001/step")).status_code == 404
    assert (await browser.post("/demo/lumen/orders/1/step")).status_code == 404
    assert (await browser.post("/demo/lumen/orders/1010/step")).status_code == 404, "somebody else's"
    demo.app.state.demo = False
    for path in ("/demo", "/demo/lumen"):
        assert (await browser.get(path)).status_code == 404
    assert (await browser.post("/demo/lumen/orders/1001/step")).status_code == 404
