"""One speaker at a time: bot, queue or one agent."""

import asyncio
from typing import Any

import pytest

from conversations.events import HandlerChanged
from conversations.handover import hand_back, hand_to_queue, return_to_bot, take
from conversations.models import Conversation
from core.errors import Conflict, NotFound
from core.people import BOT, SYSTEM, Actor
from tests.heard import Heard
from tests.people import World, chat, make_customer

pytestmark = pytest.mark.anyio


async def handler(talk: Conversation) -> tuple[str, int | None]:
    await talk.refresh_from_db()
    return talk.handler, talk.agent_id


async def test_from_bot_to_queue_to_agent_and_back(world: World, heard: Heard) -> None:
    talk = await chat(world.lumen, world.ines)
    assert await handler(talk) == ("bot", None)
    for _ in range(2):  # asking twice is asking once
        await hand_to_queue(talk.id, BOT, "asked for a person")
    assert await handler(talk) == ("queue", None)
    for _ in range(2):
        await take(talk.id, world.omar)
    assert await handler(talk) == ("agent", world.omar.id)
    await hand_back(talk.id, world.omar)
    assert await handler(talk) == ("bot", None)
    assert [(event.handler, event.agent_id, event.reason) for event in heard.of(HandlerChanged)] == [
        ("queue", None, "asked for a person"),
        ("agent", world.omar.id, "taken"),
        ("bot", None, "handed_back"),
    ]
    assert talk.version == 4


async def test_of_two_who_take_it_one_wins(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    outcome = await asyncio.gather(take(talk.id, world.omar), take(talk.id, world.mei), return_exceptions=True)
    [lost] = [result for result in outcome if result is not None]
    assert isinstance(lost, Conflict)
    holder = (await handler(talk))[1]
    assert (lost.code, lost.data["name"]) == ("handled_by_other", "Omar" if holder == world.omar.id else "Mei")
    await take(talk.id, world.mei, take_over=True)
    assert await handler(talk) == ("agent", world.mei.id)


async def test_nobody_pulls_it_from_an_agent(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    await take(talk.id, world.omar)
    with pytest.raises(Conflict) as refused:
        await hand_to_queue(talk.id, BOT, "late answer")
    assert refused.value.code == "not_your_turn"
    await hand_to_queue(talk.id, Actor.of(world.ines), "I want a person")  # she has one
    for attempt in (hand_to_queue(talk.id, Actor.of(world.mei), "busy"), hand_back(talk.id, world.mei)):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert refused.value.data == {"name": "Omar"}
    assert await handler(talk) == ("agent", world.omar.id)
    await hand_to_queue(talk.id, Actor.of(world.omar), "lunch")
    assert await handler(talk) == ("queue", None)


async def test_a_supervisor_hands_back_for_others_and_the_system_frees(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    await take(talk.id, world.omar)
    await hand_back(talk.id, world.sue)
    assert await handler(talk) == ("bot", None)
    await take(talk.id, world.omar)
    await return_to_bot(talk.id, SYSTEM, "closed")
    assert await handler(talk) == ("bot", None)


async def test_strangers_hand_nothing_over(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    eve = await make_customer(world.lumen, "Eve", "eve@example.com")
    attempts: list[Any] = [
        take(talk.id, world.wei),
        take(talk.id, world.wei, take_over=True),
        hand_back(talk.id, world.wei),
        hand_to_queue(talk.id, Actor.of(world.wei), "x"),
        hand_to_queue(talk.id, Actor.of(eve), "x"),
        return_to_bot(talk.id, Actor.of(world.wei), "x"),
        take(talk.id + 99, world.omar),
        hand_to_queue(talk.id + 99, SYSTEM, "x"),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            await attempt
    assert await handler(talk) == ("bot", None)
