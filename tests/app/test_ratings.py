"""A bad rating is work for the desk, a good one is not."""

import pytest

from app.reactions import connect
from app.realtime.hub import Hub
from conversations.models import Conversation
from conversations.posting import post
from conversations.rating import rate
from core.events import use_bus
from core.people import Actor
from tests.people import World, chat, make_world
from tickets.models import Ticket, TimelineEntry

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: object) -> World:
    use_bus(connect(Hub()))
    return await make_world()


@pytest.fixture
async def talk(world: World) -> Conversation:
    conversation = await chat(world.lumen, world.ines)
    await post(conversation.id, Actor.of(world.ines), "Who is the provider?", client_id="client-id-1")
    return conversation


async def test_a_low_rating_opens_one_complaint(world: World, talk: Conversation) -> None:
    await rate(talk.id, Actor.of(world.ines), 1)
    ticket = await Ticket.get()
    assert (ticket.kind, ticket.subject, ticket.opened_by, ticket.status) == (
        "complaint",
        "Rated 1 of 5",
        "system",
        "open",
    )
    await rate(talk.id, Actor.of(world.ines), 2, "Nobody answered")
    assert await Ticket.all().count() == 1
    again = await TimelineEntry.get(action="asked_again")
    assert again.detail["summary"] == "Nobody answered"


@pytest.mark.parametrize("score", [3, 4, 5])
async def test_a_fair_rating_is_only_kept(world: World, talk: Conversation, score: int) -> None:
    await rate(talk.id, Actor.of(world.ines), score)
    assert not await Ticket.exists()
