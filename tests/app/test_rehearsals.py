"""Bad days: whatever happens on the way to the desk, the record tells the truth in the end."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from tortoise.context import TortoiseContext

from app.api import orders as orders_api
from app.gateways.simulators.checking import check
from app.gateways.simulators.faults import RETRIES, Faults, Plan, plan
from app.gateways.simulators.keys import demo_secrets
from app.gateways.simulators.plots import FAULTY, PLOTS, possible
from app.gateways.simulators.sending import Pace, Report, carry, over_http
from app.gateways.simulators.trackers import TRACKERS
from app.gateways.simulators.world import Scene, Story, play
from app.i18n import gettext
from app.order_outlook import TITLES
from app.rendering import problem
from app.webhooks import alipay, carriers, shopify, stripe, wechatpay, woocommerce
from core.clock import FrozenClock
from core.errors import WismoError
from core.shops import Shop
from orders.folding import fold
from orders.models import Order, Payment, SourceEvent
from orders.snapshots import snapshots
from orders.statuses import Headline
from tests.orders.deliveries import NOON, a_shop

QUICK = Pace(rate=10_000)
DOORS = (orders_api, shopify, woocommerce, stripe, alipay, wechatpay, carriers)


@pytest.fixture
async def client(database: TortoiseContext, clock: FrozenClock) -> AsyncIterator[httpx2.AsyncClient]:
    """The desk's doors for everything that a simulator sends."""
    clock.advance(NOON - clock.now())

    async def answer(request: object, error: Exception) -> object:
        return problem(error, request)  # type: ignore[arg-type]

    app = Starlette(
        routes=[route for door in DOORS for route in door.routes],
        exception_handlers={WismoError: answer},  # type: ignore[dict-item]
    )
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://desk.test") as client:
        yield client


async def a_simulated_shop(platform: str) -> Shop:
    shop = a_shop(platform if platform != "woocommerce" else "shopify")
    shop.platform, shop.secrets = platform, demo_secrets(shop.key)
    await shop.save(force_create=True)
    return shop


def a_scene(shop: Shop, orders: int, plots: Mapping[str, float] | None = None, **more: Any) -> Scene:
    return Scene(shop=shop, seed=7, clock=NOON, orders=orders, plots=plots or {}, **more)


async def rehearse(client: httpx2.AsyncClient, shop: Shop, story: Story, faults: Faults) -> tuple[Plan, Report]:
    """Send it all through the doors, and let the worker do its part."""
    drawn = plan(story, faults, seed=7)
    report = await carry(drawn, shop.secrets, over_http(client), QUICK)
    for event in await SourceEvent.filter(state="received").order_by("id"):
        await fold(event.id)
    return drawn, report


SETTINGS = [
    ("shopify", "", ""),
    ("shopify", "aftership", "stripe"),
    ("shopify", "easypost", "stripe"),
    ("generic", "", ""),
    ("generic", "kuaidi100", "alipay"),
    ("generic", "17track", "wechatpay"),
    ("woocommerce", "aftership", "stripe"),
]


@pytest.mark.parametrize(("platform", "tracker", "service"), SETTINGS)
async def test_every_plot_leads_where_it_promises(
    client: httpx2.AsyncClient, platform: str, tracker: str, service: str
) -> None:
    shop = await a_simulated_shop(platform)
    plots = {name: 1.0 for name in possible(platform, tracker=tracker, service=service)}
    story = play(a_scene(shop, len(plots), plots, tracker=tracker, service=service))
    drawn, report = await rehearse(client, shop, story, Faults())
    assert sum(report.outcomes.values()) == len(story.said) == len(drawn.sendings)
    assert {answer[0] for _, answer in report.outcomes} == {"2"}
    assert [(f.truth.number, f.missing, f.wrong) for f in await check(list(story.truths.values()), shop)] == []
    assert await SourceEvent.filter(state__in=["failed", "ignored"]).count() == 0
