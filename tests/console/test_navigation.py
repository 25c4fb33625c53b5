"""The ways through the desk: each role sees the places it may open, they all open, and each leads back."""

import re
from collections.abc import Awaitable, Callable

import pytest

from app.web.navigation import GROUPS, SECTIONS, SETTINGS, WORK
from core.people import ADMIN, AGENT, SUPERVISOR, Agent
from tests.console.conftest import Browser
from tests.people import World

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
PLACES = [place for _title, places in (*GROUPS, *SECTIONS) for place in places]


@pytest.mark.parametrize("role", [AGENT, SUPERVISOR, ADMIN])
async def test_what_a_role_sees_it_may_open_and_nothing_else(
    world: World, open_browser: OpenBrowser, role: str
) -> None:
    await Agent.filter(id=world.omar.id).update(role=role)
    browser = await open_browser(world.omar)
    listed = set(re.findall(r'href="(/console/[a-z-]+)"', (await browser.get(SETTINGS)).text))
    for place in PLACES:
        assert (place.url in listed) == (role in place.roles), place
        answer = await browser.get(place.url)
        assert (answer.status_code < 400) == (role in place.roles), (place, answer.status_code)


async def test_a_page_of_the_settings_leads_back_to_them(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.ada)
    for path in ("/console/audit", "/console/macros/lumen/new"):
        page = (await browser.get(path)).text
        assert re.search(rf'class="crumbs"><a href="{SETTINGS}"', page), path
        assert re.search(rf'rail-settings" href="{SETTINGS}" aria-current="page"', page), path


async def test_a_place_is_marked_where_one_is(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.ada)
    for place in WORK:
        page = (await browser.get(place.url)).text
        marked = re.findall(r'rail-item[^"]*" href="([^"]*)" aria-current="page"', page)
        assert marked == [place.url]
