"""A desk that serves, its world of people, and a hub that hears their events."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright
from tortoise.context import TortoiseContext

from app.realtime.hub import Hub
from tests.people import World, make_world
from tests.realtime.serving import Desk, frames_follow_events, make_app, serving


@pytest.fixture
async def world(database: TortoiseContext) -> World:
    return await make_world()


@pytest.fixture
async def desk(world: World, database: TortoiseContext, tmp_path: Path) -> AsyncIterator[Desk]:
    hub = Hub()
    with frames_follow_events(hub):
        async with serving(make_app(database, hub, tmp_path), hub) as desk:
            yield desk


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser without a window. Containers have no namespaces for its sandbox and little shared memory."""
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=quiet)
        yield browser
        await browser.close()
