"""How the help was: once for each end of the talk, and by nobody else."""

import pytest

from conversations.events import RatingGiven
from conversations.models import Rating
from conversations.posting import post
from conversations.rating import is_rated, rate, ratings_of
from core.errors import Conflict, Invalid, NotFound
from core.people import Actor
from tests.heard import Heard
from tests.people import World, chat

pytestmark = pytest.mark.anyio


async def test_a_rating_counts_for_what_was_said_until_then(world: World, heard: Heard) -> None:
    talk = await chat(world.lumen, world.ines)
    ines = Actor.of(world.ines)
    with pytest.raises(Conflict) as refused:
        await rate(talk.id, ines, 5)
    assert refused.value.code == "nothing_to_rate"
    await post(talk.id, ines, "Where is it?", client_id="client-id-1")
    await post(talk.id, Actor.of(world.omar), "Here.", client_id="client-id-2")
    await rate(talk.id, ines, 4)
    await rate(talk.id, ines, 4)
    await rate(talk.id, ines, 2, "  It took long ")
    await post(talk.id, ines, "And the other one?", client_id="client-id-3")
    await talk.refresh_from_db()
    assert not await is_rated(talk)
    await rate(talk.id, ines, 5)
    assert await is_rated(talk)
    given = [(rating.number, rating.score, rating.text, rating.agent_id) for rating in await ratings_of(talk.id)]
    assert given == [(1, 2, "It took long", world.omar.id), (3, 5, "", world.omar.id)]
    assert [event.score for event in heard.of(RatingGiven)] == [4, 2, 5]


async def test_nobody_rates_for_somebody_else(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    await post(talk.id, Actor.of(world.ines), "Hello", client_id="client-id-1")
    with pytest.raises(NotFound):
        await rate(talk.id, Actor.of(world.lin), 1)
    assert not await Rating.exists()


@pytest.mark.parametrize(("score", "text"), [(0, ""), (6, ""), (-1, ""), (3, "x" * 2001)])
async def test_what_is_no_rating(world: World, score: int, text: str) -> None:
    talk = await chat(world.lumen, world.ines)
    await post(talk.id, Actor.of(world.ines), "Hello", client_id="client-id-1")
    with pytest.raises(Invalid):
        await rate(talk.id, Actor.of(world.ines), score, text)
