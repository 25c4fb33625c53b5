"""The queue at the desk: what comes next, who takes new work, and passing conversations on."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app.realtime.hub import Hub
from conversations.handover import take
from conversations.models import Conversation, Note
from core.clock import FrozenClock
from core.people import Agent
from core.teams import create_team, set_members
from tests.console.conftest import Browser
from tests.people import World, chat
from tests.tickets.routed import at_the_desk, holder, waits
from tickets.models import QueueVisit, Ticket

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("hub")]
OpenBrowser = Callable[..., Awaitable[Browser]]


async def test_up_next_is_in_turn_and_taken_by_one_click(
    world: World, hub: Hub, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    browser = await open_browser(world.omar)
    page = (await browser.get("/console/queue")).text
    assert "Nobody is waiting for a person." in page
    late, early = await waits(world, due=50), await waits(world, due=5)
    page = (await browser.get("/console/queue")).text
    assert "2 conversations are waiting for a person" in page
    assert page.index(early.public_id) < page.index(late.public_id)
    assert "5 min left" in page
    answer = await browser.post("/console/queue/next")
    assert answer.headers["location"] == f"/console/conversations/{early.public_id}"
    assert await holder(early) == ("agent", world.omar.id)
    assert (await browser.get("/console/queue")).text.count("2 of 8") == 1
    await browser.post("/console/queue/next")
    answer = await browser.post("/console/queue/next")
    assert "nothing_waits" in answer.headers["location"]
    [first, _] = await QueueVisit.all().order_by("left_at", "id")
    assert (first.reason, first.agent_id) == ("taken", world.omar.id)


async def test_the_queue_shows_only_what_the_agent_may_see(world: World, open_browser: OpenBrowser) -> None:
    talk = await waits(world)
    browser = await open_browser(world.wei)
    page = (await browser.get("/console/queue")).text
    assert talk.public_id not in page
    assert "Omar" not in page
    await browser.post("/console/queue/next")
    assert await holder(talk) == ("queue", None)


async def test_what_fits_the_agent_comes_first(world: World, open_browser: OpenBrowser) -> None:
    await Agent.filter(id=world.omar.id).update(languages=["zh"])
    english, chinese = await waits(world, due=5), await waits(world, due=30, language="zh")
    browser = await open_browser(world.omar)
    await browser.get("/console/queue")
    answer = await browser.post("/console/queue/next")
    assert answer.headers["location"].endswith(chinese.public_id)
    await browser.post("/console/queue/next")
    assert await holder(english) == ("agent", world.omar.id)


async def test_an_agent_says_whether_new_work_may_come(world: World, open_browser: OpenBrowser) -> None:
    await at_the_desk(world.omar)
    browser = await open_browser(world.omar)
    assert "0/8" in (await browser.get("/console")).text
    answer = await browser.fetch("/console/availability", availability="away")
    assert answer.json()["text"] == "You won’t be assigned new work until you’re back."
    assert (await Agent.get(id=world.omar.id)).availability == "away"
    assert (await browser.fetch("/console/availability", availability="asleep")).status_code == 422
    await browser.post("/console/availability", availability="online")
    assert (await Agent.get(id=world.omar.id)).availability == "online"


async def test_a_conversation_is_passed_on_with_a_note(world: World, open_browser: OpenBrowser) -> None:
    talk = await waits(world)
    await take(talk.id, world.omar)
    browser, base = await open_browser(world.omar), f"/console/conversations/{talk.public_id}"
    page = (await browser.get(f"{base}?fragment=head")).text
    assert "Pass on" in page
    answer = await browser.fetch(
        f"{base}/transfer", to=world.mei.public_id, note="She has sent photos.", client_id="p1"
    )
    assert answer.json()["said"] == "passed_on"
    assert await holder(talk) == ("agent", world.mei.id)
    assert (await Ticket.get(conversation_id=talk.id)).assignee_id == world.mei.id
    assert (await Note.get(conversation_id=talk.id)).text == "She has sent photos."
    answer = await browser.fetch(f"{base}/transfer", to="queue", note="", client_id="p2")
    assert (answer.status_code, answer.json()["data"]) == (409, {"name": "Mei"})
    answer = await browser.fetch(f"{base}/transfer", to=world.wei.public_id, note="", client_id="p3")
    assert answer.status_code == 404


async def test_a_team_gets_its_own_queue(world: World, open_browser: OpenBrowser) -> None:
    team = await create_team("Refunds")
    await set_members(team, {world.mei.id})
    talk = await waits(world)
    await take(talk.id, world.omar)
    browser, base = await open_browser(world.sue), f"/console/conversations/{talk.public_id}"
    await browser.get("/console")
    await browser.fetch(f"{base}/transfer", to=team.public_id, note="", client_id="p1")
    found = await Conversation.get(id=talk.id)
    assert (found.handler, found.team_id) == ("queue", team.id)
    assert "Refunds" in (await browser.get("/console/queue")).text
    other = await create_team("Tea", world.chaye)
    assert (await browser.fetch(f"{base}/transfer", to=other.public_id, note="")).status_code == 404
    [first, second] = await QueueVisit.filter(conversation_id=talk.id).order_by("id")
    assert (first.team_id, second.team_id, second.left_at) == (None, team.id, None)


async def test_nobody_takes_it_from_somebody_else_than_the_page_showed(
    world: World, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    talk = await chat(world.lumen, world.ines)
    await take(talk.id, world.omar)
    browser, base = await open_browser(world.mei), f"/console/conversations/{talk.public_id}"
    page = (await browser.get(f"{base}?fragment=head")).text
    assert f'name="holder" value="{world.omar.public_id}"' in page
    await take(talk.id, world.sue, take_over=True)
    clock.advance(timedelta(seconds=5))
    answer = await browser.fetch(f"{base}/takeover", take_over="1", holder=world.omar.public_id)
    assert (answer.status_code, answer.json()["data"]) == (409, {"name": "Sue"})
    answer = await browser.fetch(f"{base}/takeover", take_over="1", holder=world.sue.public_id)
    assert answer.status_code == 200
    assert await holder(talk) == ("agent", world.mei.id)
