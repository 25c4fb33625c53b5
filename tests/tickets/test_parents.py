"""One problem above its cases: one level, one shop, and nothing merged."""

import pytest

from core.errors import WismoError
from core.people import BOT, Actor
from tests.people import World, chat
from tickets.models import Ticket
from tickets.opening import open_ticket
from tickets.parents import open_children, put_below
from tickets.resolution import resolve

pytestmark = pytest.mark.anyio


async def tickets(world: World, count: int) -> list[Ticket]:
    talks = [await chat(world.lumen, world.ines) for _ in range(count)]
    return [await open_ticket(talk.id, "question", BOT, subject="No light") for talk in talks]


async def test_a_problem_knows_its_open_cases(world: World) -> None:
    omar = Actor.of(world.omar)
    problem, one, two = await tickets(world, 3)
    for case in (one, two):
        await put_below(case.id, problem.id, omar)
    await resolve(one.id, omar)
    assert [child.number for child in await open_children(problem.id)] == [two.number]
    await put_below(two.id, None, omar)
    assert await open_children(problem.id) == []


async def test_one_level_only(world: World) -> None:
    omar = Actor.of(world.omar)
    top, middle, low = await tickets(world, 3)
    await put_below(middle.id, top.id, omar)
    for child, parent in ((low, middle), (top, low), (low, low)):
        with pytest.raises(WismoError) as caught:
            await put_below(child.id, parent.id, omar)
        assert caught.value.code in ("no_parent", "not_found")
    assert await Ticket.filter(parent_id=None).count() == 2
