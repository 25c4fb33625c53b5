"""Who is there, on both transports: customers hear it of whoever answers them, the desk of its customers."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.auth.sessions import start_session
from app.reactions import connect
from app.realtime import attendance, departures, polling
from app.realtime.attendance import AWAY, NEAR, OPEN
from app.realtime.hub import Hub
from app.realtime.keeping import watch_presence
from conversations.handover import take
from conversations.models import Conversation
from conversations.posting import post
from conversations.reading import note_last_seen
from core.clock import FrozenClock, now
from core.events import use_bus
from core.people import Actor, Agent
from core.tasks import remember_base_context
from tests.people import World, chat
from tests.realtime.clients import console, visitor
from tests.realtime.serving import Desk
from tests.realtime.test_hub import Ear
from tests.realtime.test_polling import page_of, until, widget
from tickets.staffing import LIFE, end_presence, show_presence

pytestmark = pytest.mark.anyio


@pytest.fixture
async def live(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose patience with people who have gone is short."""
    monkeypatch.setattr(attendance, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(attendance, "GATHER_SECONDS", 0.02)
    monkeypatch.setattr(departures, "AWAY_SECONDS", 0.1)
    monkeypatch.setattr("tickets.staffing.LIFE", timedelta())
    remember_base_context()
    use_bus(connect(desk.hub))
    watch_presence(desk.hub)
    return desk


async def test_the_customer_sees_who_answers_come_and_go(live: Desk, world: World) -> None:
    async with visitor(live) as ines:
        talk = await Conversation.get(public_id=(await ines.post("Hello"))["conversation"])
        async with console(live, await start_session(world.omar)):
            await take(talk.id, world.omar)
            turn = await ines.wait("handler", handler="agent")
            assert (turn["agent"], turn["here"]) == ("Omar", True)
        assert await ines.wait("presence") == {
            "type": "presence", "conversation": talk.public_id, "who": "agent", "name": "Omar", "on": False,
            "open": False, "agent": None, "seen": None,
        }  # fmt: skip
        async with visitor(live, token=ines.welcome["visitor_token"]) as tab:
            assert (tab.welcome["agent"], tab.welcome["here"]) == ("Omar", False)
        async with console(live, await start_session(world.omar)):
            assert (await ines.wait("presence"))["on"]


async def test_a_customer_never_learns_who_reads_along(live: Desk, world: World) -> None:
    async with visitor(live) as ines:
        public_id = (await ines.post("Hello"))["conversation"]
        async with console(live, await start_session(world.mei)) as mei:
            await mei.send("watch", conversation=public_id)
            await mei.wait("presence", who="colleague")
            await mei.send("unwatch", conversation=public_id)
            await mei.settle()
        assert [frame for frame in await ines.settle() if frame["type"] == "presence"] == []


async def test_the_desk_sees_the_customer_come_open_the_chat_and_go(live: Desk, world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    await post(talk.id, Actor.of(world.ines), "Hello?", client_id="ines-asks")
    async with console(live, await start_session(world.omar)) as omar, visitor(live) as ines:
        public_id = (await ines.post("I am here"))["conversation"]
        assert (await omar.wait("customers"))["states"] == {public_id: "open"}
        await omar.send("watch", conversation=public_id)
        first = await omar.wait("presence", who="customer")
        assert (first["on"], first["open"], bool(first["seen"])) == (True, True, True)
        await ines.send("show", on=False)
        assert (await omar.wait("customers"))["states"] == {public_id: "near"}
        seen = await omar.wait("presence", who="customer")
        assert (seen["on"], seen["open"]) == (True, False)
        await ines.socket.close()
        assert (await omar.wait("customers"))["states"] == {public_id: "away"}
        assert not (await omar.wait("presence", who="customer"))["on"]
        async with asyncio.timeout(5):
            while (await Conversation.get(public_id=public_id)).customer_seen_at is None:
                await asyncio.sleep(0.005)


async def test_another_shop_does_not_hear_of_it(live: Desk, world: World) -> None:
    async with console(live, await start_session(world.wei)) as wei, visitor(live) as ines:
        public_id = (await ines.post("I am here"))["conversation"]
        await ines.send("show", on=False)
        await until(lambda: live.hub.attendance.level(public_id) == NEAR)
        assert [frame for frame in await wei.settle() if frame["type"] in ("customers", "presence")] == []


@pytest.fixture
async def patient(live: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Between two requests nobody has left, however slow the machine is."""
    monkeypatch.setattr(attendance, "GRACE_SECONDS", 60.0)
    monkeypatch.setattr(departures, "AWAY_SECONDS", 60.0)
    return live


async def test_both_see_each_other_by_requests_alone(patient: Desk, world: World) -> None:
    async with widget(patient) as ines, page_of(patient, await start_session(world.omar)) as omar:
        await ines.ask("open")
        await ines.say("Hello", "client-id-1")
        talk = await Conversation.get()
        await omar.ask("open")
        omar.follow(talk.public_id)
        heard = await omar.wait_for("presence")
        assert (heard["who"], heard["on"], heard["open"]) == ("customer", True, True)
        await ines.wait_for("history")
        waiting = asyncio.create_task(ines.wait_for("handler"))
        await until(lambda: patient.hub.count() == 1)
        await take(talk.id, world.omar)
        turn = await waiting
        assert (turn["agent"], turn["here"]) == ("Omar", True)
        waiting = asyncio.create_task(ines.wait_for("presence"))
        await until(lambda: patient.hub.count() == 1)
        assert await end_presence(world.omar.id)
        gone = await waiting
        assert (gone["who"], gone["name"], gone["on"], gone["agent"]) == ("agent", "Omar", False, None)
        ines.hello["shown"] = False
        telling = asyncio.create_task(omar.wait_for("customers"))
        await ines.ask("send", {"type": "ping"})
        assert (await telling)["states"] == {talk.public_id: "near"}


async def test_what_is_missed_between_requests_is_in_the_next_answer(
    patient: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "WAIT_SECONDS", 0.05)
    async with widget(patient) as ines:
        await ines.ask("open")
        await ines.say("Hello", "client-id-1")
        talk = await Conversation.get()
        await show_presence(world.omar.id)
        await take(talk.id, world.omar)
        assert (await ines.wait_for("history"))["here"]
        await ines.ask("wait")
        assert await end_presence(world.omar.id)
        assert not (await ines.wait_for("history"))["here"]


async def test_an_agent_is_gone_when_no_process_sees_a_sign_of_life(world: World, clock: FrozenClock) -> None:
    await show_presence(world.omar.id)
    clock.advance(LIFE - timedelta(seconds=1))
    assert not await end_presence(world.omar.id)  # another process may have heard them
    clock.advance(timedelta(seconds=1))
    assert await end_presence(world.omar.id)
    assert (await Agent.get(id=world.omar.id)).seen_at is None
    assert await end_presence(world.omar.id)


async def test_last_seen_is_written_for_many_at_once(world: World) -> None:
    talks = [await chat(world.lumen, world.ines) for _ in range(3)]
    moment = now()
    await note_last_seen([talk.public_id for talk in talks[:2]] + ["cnv_gone"], moment)
    await note_last_seen([], moment)
    seen = [(await Conversation.get(id=talk.id)).customer_seen_at for talk in talks]
    assert seen == [moment, moment, None]


async def test_listeners_of_one_process_hear_changes_of_another() -> None:
    hub, ear = Hub(), Ear()
    hub.subscribe("shop:1", ear)
    said: dict[str, Any] = {"number": 1, "marks": {"cnv_1": [OPEN, 1]}}
    hub.attendance.hear("other", {"number": 0, "size": 0, "part": 0, "marks": {}})
    hub.attendance.hear("other", said)
    hub.attendance._say()
    assert ear.frames == [{"type": "customers", "states": {"cnv_1": "open"}}]
    assert hub.attendance.level("cnv_2") == AWAY
