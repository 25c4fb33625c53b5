"""The page of connections: who sees it, what it says of each shop, and what it keeps to itself."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from core.clock import FrozenClock, now
from core.people import SYSTEM
from orders.connections import connect_shop, note_failure, note_success
from orders.feeds import FeedRefused
from orders.models import ReconciliationRun
from tests.console.conftest import Browser
from tests.heard import counted
from tests.people import World

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
PAGE = "/console/connections"


async def test_an_overseer_sees_how_the_comparisons_went(
    world: World, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    secret = {"consumer_key": "ck_hidden", "consumer_secret": "cs_hidden"}
    fine = await connect_shop(world.lumen, "woocommerce", "https://shop.example", secret, SYSTEM)
    broken = await connect_shop(world.lumen, "generic", "https://feed.example", {"token": "t_hidden"}, SYSTEM)
    found = {"finding": "vanished", "order": "77", "number": "#1077", "fields": [], "repaired": False}
    run = ReconciliationRun(connection_id=fine.id, kind="nightly", fetched=812, vanished=1, findings=[found])
    run.since = run.until = run.started_at = now()
    await run.save()
    await note_success(fine)
    await note_failure(broken, FeedRefused("401"))
    admin = await open_browser(world.ada)
    page = (await admin.get(PAGE)).text
    for words in (
        "shop.example",
        "Up to date",
        "812 compared",
        "#1077",
        "Unknown at the shop",
        "Failing",
        "credentials",
    ):
        assert words in page
    assert 'href="/console/search?q=%231077"' in page
    assert "_hidden" not in page
    clock.advance(timedelta(hours=2))
    assert "Late" in (await admin.get(PAGE)).text


async def test_agents_do_not_see_it(world: World, open_browser: OpenBrowser) -> None:
    omar = await open_browser(world.omar)
    assert (await omar.get(PAGE)).status_code == 403


async def test_many_connections_need_no_more_questions(world: World, open_browser: OpenBrowser) -> None:
    admin = await open_browser(world.ada)
    with counted() as few:
        assert "No shop is connected" in (await admin.get(PAGE)).text
    for platform in ("woocommerce", "magento", "generic"):
        await connect_shop(world.lumen, platform, "https://shop.example", {}, SYSTEM)
    with counted() as many:
        await admin.get(PAGE)
    assert len(many) <= len(few) + 2
