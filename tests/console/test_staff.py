"""Administrators say what agents take, which teams there are, and how shops give out work."""

from collections.abc import Awaitable, Callable

import pytest

from core.audit import AuditEntry
from core.people import Agent
from core.shops import Shop
from core.teams import Team, TeamMember
from tests.console.conftest import Browser
from tests.people import World

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


async def test_what_an_agent_takes_is_set_on_one_page(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.ada)
    await browser.get("/console/agents")
    assert f"/console/agents/{world.omar.public_id}" in browser.page
    await browser.post("/console/teams", name="Refunds", shop="lumen")
    team = await Team.get(name="Refunds")
    path = f"/console/agents/{world.omar.public_id}"
    assert "Refunds" in (await browser.get(path)).text
    answer = await browser.post(
        path, capacity="5", language=["en"], kind=["refund", "complaint"], team=[team.public_id]
    )
    assert answer.status_code == 303
    omar = await Agent.get(id=world.omar.id)
    assert (omar.capacity, omar.languages, omar.skills) == (5, ["en"], ["complaint", "refund"])
    assert await TeamMember.exists(agent_id=omar.id, team_id=team.id)
    assert await AuditEntry.filter(subject=omar.public_id).count() == 2
    await browser.post(path, capacity="5")
    omar = await Agent.get(id=world.omar.id)
    assert (omar.languages, omar.skills) == ([], [])
    assert not await TeamMember.exists(agent_id=omar.id)
    for bad in ({"capacity": "many"}, {"capacity": "5", "language": "tlh"}, {"capacity": "101"}):
        assert (await browser.post(path, **bad)).status_code == 422
    assert (await Agent.get(id=world.omar.id)).capacity == 5


async def test_a_shop_gives_out_work_or_lets_agents_pick(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.ada)
    await browser.get("/console/teams")
    await browser.post("/console/teams/assignment/lumen", assignment="automatic", valuable_from="500.00")
    shop = await Shop.get(key="lumen")
    assert (shop.assignment, shop.valuable_from) == ("automatic", 50000)
    assert 'value="500.00"' in (await browser.get("/console/teams")).text
    for bad in ({"assignment": "magic"}, {"assignment": "manual", "valuable_from": "a lot"}):
        assert (await browser.post("/console/teams/assignment/lumen", **bad)).status_code == 422
    await browser.post("/console/teams/assignment/lumen", assignment="manual", valuable_from="")
    shop = await Shop.get(key="lumen")
    assert (shop.assignment, shop.valuable_from) == ("manual", None)


async def test_a_team_has_a_name_of_its_own(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.ada)
    await browser.get("/console/teams")
    assert (await browser.post("/console/teams", name="Tea")).status_code == 303
    answer = await browser.post("/console/teams", name="Tea")
    assert (answer.status_code, "Another team has this name." in answer.text) == (409, True)
    assert (await browser.post("/console/teams", name="  ")).status_code == 422


async def test_only_administrators_decide(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.sue)
    await browser.get("/console")
    path = f"/console/agents/{world.omar.public_id}"
    answers = [
        await browser.get(path, accept="application/json"),
        await browser.get("/console/teams", accept="application/json"),
        await browser.fetch(path, capacity="99"),
        await browser.fetch("/console/teams", name="Mine"),
        await browser.fetch("/console/teams/assignment/lumen", assignment="automatic"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert (await Agent.get(id=world.omar.id)).capacity == 8
    assert not await Team.exists(name="Mine")
