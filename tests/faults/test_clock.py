"""The clock of the machine jumps, an hour and a day, there and back: order, sessions and codes do not follow it."""

from datetime import timedelta

import pytest

from app.auth.models import Session
from app.auth.sessions import IDLE, forget_dead_sessions, is_alive, start_session
from app.web.times import ago
from conversations.codes import fulfil_code_request
from conversations.models import CodeRequest, Message, Proof
from conversations.posting import post
from conversations.proofs import check_code, proven_contacts, request_code
from core.clock import FrozenClock
from core.people import Actor
from tests.people import World, chat, make_order, make_world

pytestmark = pytest.mark.anyio

JUMPS = [sign * timedelta(hours=hours) for hours in (1, 24) for sign in (-1, 1)]


@pytest.fixture
async def world(database: object, clock: FrozenClock) -> World:
    return await make_world()


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_messages_keep_their_order(world: World, clock: FrozenClock, jump: timedelta) -> None:
    talk, ines = await chat(world.lumen, world.ines), Actor.of(world.ines)
    for number in range(6):
        clock.jump(jump if number % 2 == 0 else -jump)
        await post(talk.id, ines, f"number {number + 1}", client_id=f"clock-{number}")
    clock.jump(jump)
    again = await post(talk.id, ines, "number 1", client_id="clock-0")
    assert again.number == 1
    messages = await Message.filter(conversation_id=talk.id).order_by("number")
    assert [(message.number, message.text) for message in messages] == [(n, f"number {n}") for n in range(1, 7)]
    await talk.refresh_from_db()
    assert (talk.last_number, talk.last_text) == (6, "number 6")


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_nobody_is_logged_out(world: World, clock: FrozenClock, jump: timedelta) -> None:
    await start_session(world.omar)
    for by in (jump, -jump, -jump, jump):
        clock.jump(by)
        clock.advance(timedelta(minutes=5))
        assert await is_alive(await Session.get(agent=world.omar).prefetch_related("agent"))


@pytest.mark.parametrize("jump", [jump for jump in JUMPS if jump > timedelta()], ids=str)
async def test_twelve_hours_without_work_end_a_session_however_far_the_clock_is_ahead(
    world: World, clock: FrozenClock, jump: timedelta
) -> None:
    await start_session(world.omar)
    clock.advance(timedelta(hours=6))
    clock.jump(jump)
    assert await is_alive(await Session.get(agent=world.omar).prefetch_related("agent")), "asked every few seconds"
    await start_session(world.mei)
    clock.advance(IDLE - timedelta(hours=6))
    omar, mei = await Session.all().order_by("id").prefetch_related("agent")
    assert [await is_alive(omar), await is_alive(mei)] == [False, True]
    clock.advance(timedelta(hours=6))
    assert [await is_alive(omar), await is_alive(mei)] == [False, False]


async def test_a_night_with_a_wrong_clock_deletes_no_session(world: World, clock: FrozenClock) -> None:
    await start_session(world.omar)
    clock.jump(timedelta(days=1))
    assert await forget_dead_sessions() == 0
    clock.advance(timedelta(days=7))
    assert await forget_dead_sessions() == 1


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_a_spent_code_proves_nothing_new(world: World, clock: FrozenClock, jump: timedelta) -> None:
    await make_order(world.lumen, "#1001", email="ines@example.com")
    talk = await chat(world.lumen, world.ines)
    await request_code(talk.id, "1001")
    (sent,) = await fulfil_code_request((await CodeRequest.get(conversation_id=talk.id)).id)
    assert await check_code(talk.id, sent.code)
    for by in (jump, -jump, -jump, jump):
        clock.jump(by)
        assert await check_code(talk.id, sent.code) <= bool(await proven_contacts(talk.id))
        assert await Proof.filter(conversation_id=talk.id).count() == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_time_is_negative(clock: FrozenClock, language: str) -> None:
    moment = clock.now()
    assert "-" not in "".join(ago(moment, moment + jump, language) for jump in JUMPS)
