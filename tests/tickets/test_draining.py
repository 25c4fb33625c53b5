"""The queue empties by itself: on every change, to people who are there and have room, whoever grabs meanwhile."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from app.reactions import connect
from app.realtime.hub import Hub
from conversations.handover import give_to, hand_to_queue, take
from conversations.models import Conversation
from conversations.posting import post
from core.clock import FrozenClock, now
from core.errors import Conflict
from core.events import use_bus
from core.jobs import READY, Job
from core.people import AWAY, OFFLINE, ONLINE, Actor, Agent, ShopMember
from core.teams import create_team, set_members
from core.transactions import transaction
from tests.people import World, chat, make_agent, make_customer, make_world
from tests.tickets.routed import at_the_desk, automatic, drained, holder, waits
from tickets.capacity import Weights, loads
from tickets.draining import DRAIN, drain, drain_later, seats, take_back_unanswered
from tickets.models import QueueVisit, Ticket
from tickets.opening import open_ticket
from tickets.queue import waiting_in
from tickets.resolution import await_customer, reopen, resolve
from tickets.routing import assign

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: object, clock: FrozenClock) -> World:
    use_bus(connect(Hub()))
    world = await make_world()
    await automatic(world.lumen)
    return world


async def load(agent: Agent) -> int:
    return (await loads([agent.id], Weights()))[agent.id]


async def test_a_conversation_counts_once_and_a_chat_more_than_a_mail(world: World) -> None:
    talk = await waits(world)
    await take(talk.id, world.omar)  # speaks, and has the ticket
    second = await open_ticket(talk.id, "refund", Actor.of(world.omar), subject="Money, too")
    assert await load(world.omar) == 2
    mail = await waits(world, channel="email")
    await take(mail.id, world.omar)
    assert await load(world.omar) == 3
    for ticket in await Ticket.filter(conversation_id=talk.id).order_by("id"):
        await await_customer(ticket.id, Actor.of(world.omar))
    assert await load(world.omar) == 1  # what waits for the customer takes no attention
    await resolve(second.id, Actor.of(world.omar))
    assert await load(world.omar) == 1
    await reopen(second.id, Actor.of(world.omar))
    assert (await load(world.omar), await load(world.mei)) == (3, 0)


async def test_who_is_there_and_has_room_gets_what_waits(world: World) -> None:
    await at_the_desk(world.omar, capacity=2)
    await at_the_desk(world.mei, availability=AWAY)
    late, early = await waits(world, due=30), await waits(world, due=5)
    assert await drained() == 1
    assert (await holder(early), await holder(late)) == (("agent", world.omar.id), ("queue", None))
    ticket = await Ticket.get(conversation_id=early.id)
    assert ticket.assignee_id == world.omar.id
    assert await drained() == 0  # he is full, she is away
    await resolve(ticket.id, Actor.of(world.omar))
    assert await drained() == 1
    assert await holder(late) == ("agent", world.omar.id)


async def test_nobody_gets_work_whose_console_is_closed(world: World, clock: FrozenClock) -> None:
    await at_the_desk(world.omar)
    clock.advance(timedelta(minutes=3))
    await at_the_desk(world.mei, availability=OFFLINE)
    talk = await waits(world)
    assert await drained() == 0
    await at_the_desk(world.mei, availability=ONLINE)
    await drain_later()
    assert await drained() == 1
    assert await holder(talk) == ("agent", world.mei.id)


async def test_a_shop_that_lets_agents_pick_is_left_alone(world: World) -> None:
    await at_the_desk(world.wei)
    customer = await make_customer(world.chaye, "林", "lin2@example.com", language="zh")
    talk = await chat(world.chaye, customer)
    await hand_to_queue(talk.id, Actor.of(customer), "asked")
    assert not await Job.filter(kind=DRAIN).exists()
    assert await drain(Weights()) == 0
    assert await holder(talk) == ("queue", None)


async def test_many_changes_plan_one_look(world: World) -> None:
    async with transaction():
        for _ in range(5):
            await waits(world)
    for _ in range(3):
        await drain_later(world.lumen.id)
    assert await Job.filter(kind=DRAIN, state=READY).count() == 1


async def test_what_was_given_back_goes_to_somebody_else(world: World, clock: FrozenClock) -> None:
    await at_the_desk(world.omar)
    talk = await waits(world)
    assert await drained() == 1
    await hand_to_queue(talk.id, Actor.of(world.omar), "declined")
    ticket = await Ticket.get(conversation_id=talk.id)
    assert ticket.assignee_id is None
    assert await drained() == 0
    await at_the_desk(world.mei)
    await drain_later()
    assert await drained() == 1
    assert await holder(talk) == ("agent", world.mei.id)
    await hand_to_queue(talk.id, Actor.of(world.mei), "declined")
    clock.advance(timedelta(minutes=11))
    await at_the_desk(world.mei, world.omar)
    await drain_later()
    assert await drained() == 1


async def test_what_is_not_answered_in_time_waits_again(world: World, clock: FrozenClock) -> None:
    await at_the_desk(world.omar)
    silent, answered = await waits(world), await waits(world)
    assert await drained() == 2
    clock.advance(timedelta(minutes=2))
    await post(answered.id, Actor.of(world.omar), "Here I am", client_id="here")
    assert await take_back_unanswered() == 0
    clock.advance(timedelta(minutes=2))
    assert await take_back_unanswered() == 1
    assert (await holder(silent), await holder(answered)) == (("queue", None), ("agent", world.omar.id))
    assert await take_back_unanswered() == 0
    await at_the_desk(world.omar, world.mei)
    assert await drained() == 1
    assert await holder(silent) == ("agent", world.mei.id)


async def test_a_team_and_the_agent_who_has_the_ticket_come_first(world: World) -> None:
    await at_the_desk(world.omar, world.mei)
    team = await create_team("Refunds", world.lumen)
    await set_members(team, {world.mei.id})
    theirs = [await waits(world, team_id=team.id) for _ in range(3)]
    mine = await waits(world)
    await Ticket.filter(conversation_id=mine.id).update(assignee_id=world.omar.id)
    assert await drained() == 4
    assert [await holder(talk) for talk in theirs] == [("agent", world.mei.id)] * 3
    assert await holder(mine) == ("agent", world.omar.id)


async def test_work_follows_whoever_speaks(world: World) -> None:
    talk = await waits(world)
    await take(talk.id, world.omar)
    await give_to(talk.id, world.mei, Actor.of(world.omar))
    assert (await Ticket.get(conversation_id=talk.id)).assignee_id == world.mei.id
    assert (await load(world.omar), await load(world.mei)) == (0, 2)


async def test_visits_tell_when_somebody_waited_and_for_whom(world: World, clock: FrozenClock) -> None:
    talk = await waits(world)
    clock.advance(timedelta(minutes=4))
    await take(talk.id, world.omar)
    [visit] = await QueueVisit.filter(conversation_id=talk.id)
    assert visit.left_at is not None
    assert visit.left_at - visit.entered_at == timedelta(minutes=4)
    assert (visit.reason, visit.agent_id, visit.returned_at) == ("taken", world.omar.id, None)
    await hand_to_queue(talk.id, Actor.of(world.omar), "lunch")
    [first, second] = await QueueVisit.filter(conversation_id=talk.id).order_by("id")
    assert first.returned_at == now()
    assert (second.left_at, second.agent_id) == (None, None)


@pytest.mark.usefixtures("both_databases")
async def test_workers_and_people_who_grab_at_once_never_both_win(world: World) -> None:
    crowd = [await make_agent(f"Agent{number}") for number in range(10)]
    for agent in crowd:
        await ShopMember.create(agent=agent, shop=world.lumen)
    await at_the_desk(*crowd, capacity=4)
    talks = [await waits(world) for _ in range(16)]
    grabs = [take(talk.id, crowd[place % 10]) for place, talk in enumerate(talks[:8])]
    outcomes = await asyncio.gather(
        drain(Weights()), *grabs, drain(Weights()), drain(Weights()), return_exceptions=True
    )
    problems = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert [problem for problem in problems if not isinstance(problem, Conflict)] == []
    assert all(problem.data["name"] for problem in problems if isinstance(problem, Conflict))
    await drain(Weights())
    held = [await holder(talk) for talk in talks]
    assert [kind for kind, _ in held] == ["agent"] * 16
    picked = {crowd[place % 10].id for place in range(8)}
    points = await loads([agent.id for agent in crowd], Weights())
    assert sum(points.values()) == 32
    assert all(points[agent.id] <= agent_capacity(agent, picked) for agent in crowd)
    visits = await QueueVisit.filter(left_at__isnull=False)
    assert sorted(visit.conversation_id for visit in visits) == sorted(talk.id for talk in talks)


def agent_capacity(agent: Agent, picked: set[int]) -> int:
    """Routing stops at four points; who picks for themselves meanwhile may get one chat beyond that."""
    return 6 if agent.id in picked else 4


@pytest.mark.usefixtures("both_databases")
async def test_a_day_at_the_desk_leaves_nothing_that_could_be_given_out(world: World, clock: FrozenClock) -> None:
    chance = random.Random(7)
    people = [world.omar, world.mei, world.sue]
    await at_the_desk(*people, capacity=6)
    for _ in range(16):
        clock.advance(timedelta(seconds=chance.randrange(10, 100)))
        await one_change(world, people, chance)
        await take_back_unanswered()
        await drain_later()
        await drained()
        items = await waiting_in([world.lumen.id], Weights())
        everybody = await seats(Weights())
        assert assign(items, everybody, now()) == []
        assert all(seat.load <= seat.capacity for seat in everybody)
    assert await QueueVisit.filter(reason="assigned").count() > 5


async def one_change(world: World, people: list[Agent], chance: random.Random) -> None:
    """Something that happens at a desk."""
    what, agent = (
        chance.choice(["ask", "ask", "ask", "resolve", "leave", "come", "answer", "decline"]),
        chance.choice(people),
    )
    held: list[Any] = await Conversation.filter(handler="agent").order_by("id")
    await Agent.exclude(availability=OFFLINE).update(seen_at=now())
    match what:
        case "ask":
            await waits(world, chance.choice(["question", "refund"]), due=chance.randrange(60))
        case "leave":
            await Agent.filter(id=agent.id).update(availability=OFFLINE)
        case "come":
            await at_the_desk(agent, availability=ONLINE)
        case "resolve" if held:
            ticket = await Ticket.filter(conversation_id=chance.choice(held).id, status="open").first()
            if ticket is not None:
                await resolve(ticket.id, Actor.of(world.sue))
        case "answer" if held:
            talk = chance.choice(held)
            who = await Agent.get(id=talk.agent_id)
            await post(talk.id, Actor.of(who), "Here I am", client_id=f"answer-{now()}")
        case "decline" if held:
            talk = chance.choice(held)
            await hand_to_queue(talk.id, Actor.of(await Agent.get(id=talk.agent_id)), "declined")
