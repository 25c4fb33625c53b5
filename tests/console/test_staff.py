"""Administrators say what agents take, which teams there are, and how shops give out work."""

from collections.abc import Awaitable, Callable

import pytest

from core.audit import AuditEntry
from core.people import Agent
from core.shops import Shop
from core.teams import Team, TeamMember, create_team
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
    assert (answer.status_code, "Another team already has this name." in answer.text) == (409, True)
    assert (await browser.post("/console/teams", name="  ")).status_code == 422


async def test_a_team_is_renamed_retired_and_brought_back(world: World, open_browser: OpenBrowser) -> None:
    team = await create_team("Refunds", world.lumen)
    browser = await open_browser(world.sue)  # a supervisor, for her shop
    await browser.get("/console/teams")
    path = f"/console/teams/{team.public_id}"
    assert (await browser.post(f"{path}/name", name="Money back")).status_code == 303
    assert (await browser.post(f"{path}/name", name=" ")).status_code == 422
    assert "Money back" in (await browser.get("/console/teams")).text
    await browser.post(f"{path}/retirement")
    page = (await browser.get("/console/teams")).text
    assert "Restore" in page
    assert f"{path}/retirement" not in page
    answer = await browser.post("/console/teams", name="Money back", shop="lumen")
    assert (answer.status_code, "Restore it" in answer.text) == (409, True)
    await browser.post(f"{path}/return")
    assert (await Team.get(id=team.id)).retired_at is None
    acts = await AuditEntry.filter(subject=team.public_id).order_by("id")
    assert [act.action for act in acts] == ["team.created", "team.renamed", "team.retired", "team.revived"]


async def test_supervisors_decide_for_their_own_shops(world: World, open_browser: OpenBrowser) -> None:
    for_all, for_tea = await create_team("Everybody"), await create_team("Brewers", world.chaye)
    browser = await open_browser(world.sue)
    page = (await browser.get("/console/teams")).text
    assert ("Everybody" in page, "Brewers" in page, "Lumen" in page) == (True, False, True)
    await browser.post("/console/teams/assignment/lumen", assignment="automatic")
    assert (await Shop.get(key="lumen")).assignment == "automatic"
    answers = [
        await browser.fetch("/console/teams/assignment/chaye", assignment="automatic"),
        await browser.fetch(f"/console/teams/{for_tea.public_id}/retirement"),
        await browser.fetch(f"/console/teams/{for_all.public_id}/retirement"),
        await browser.fetch("/console/teams", name="Mine", shop="chaye"),
        await browser.fetch("/console/teams", name="Mine"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 404, 403]
    assert not await Team.filter(retired_at__isnull=False).exists()


async def test_only_administrators_decide_what_agents_take(world: World, open_browser: OpenBrowser) -> None:
    path = f"/console/agents/{world.omar.public_id}"
    browser = await open_browser(world.sue)
    await browser.get("/console")
    answers = [await browser.get(path, accept="application/json"), await browser.fetch(path, capacity="99")]
    omar = await open_browser(world.omar)
    await omar.get("/console")
    answers += [
        await omar.get("/console/teams", accept="application/json"),
        await omar.fetch("/console/teams", name="Mine", shop="lumen"),
        await omar.fetch("/console/teams/assignment/lumen", assignment="automatic"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert (await Agent.get(id=world.omar.id)).capacity == 8
    assert not await Team.exists(name="Mine")
