"""A desk that serves, its world of people, and a hub that hears their events."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
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
