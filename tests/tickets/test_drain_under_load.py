"""Two worker processes on PostgreSQL empty a queue of 120 while people come, go and change what they take."""

import asyncio
import random
import signal
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from app.reactions import connect
from app.realtime.hub import Hub
from conversations.models import Conversation
from core.clock import now
from core.events import use_bus
from core.ids import new_id
from core.people import AWAY, OFFLINE, ONLINE, Actor, Agent, Customer, ShopMember
from core.teams import create_team, set_members
from tests.people import World, make_agent, make_world
from tests.scale.running import Process
from tests.tickets.routed import automatic
from tickets.capacity import Weights, loads
from tickets.draining import drain_later, seats
from tickets.models import QueueVisit, Ticket
from tickets.queue import waiting_in
from tickets.resolution import resolve
from tickets.routing import assign
from tickets.staffing import set_availability, show_presence

pytestmark = [pytest.mark.pg, pytest.mark.slow, pytest.mark.anyio]

WAITING, AGENTS, CAPACITY = 120, 12, 16
KINDS = ("question", "refund", "complaint")


@dataclass
class Person:
    """An agent of the test, and when they were surely not to be given anything."""

    agent: Agent
    absent: list[tuple[datetime, datetime]] = field(default_factory=list)
    left: datetime | None = None


@pytest.fixture
def workers(database_url: str, tmp_path: Path) -> Iterator[list[Process]]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "WISMO_DATA_DIR": str(tmp_path),
        "WISMO_DATABASE_URL": database_url,
        "WISMO_LOG_LEVEL": "warning",
    }
    started = [Process(environment, "work") for _ in range(2)]
    yield started
    for process in started:
        assert process.end(signal.SIGTERM) == 0, process.said()
        assert "Traceback" not in process.said(), process.said()


async def test_nobody_gets_what_they_cannot_take_and_nothing_is_left_over(
    database: object, workers: list[Process]
) -> None:
    bus = connect(Hub())
    bus.after = {}  # nobody listens
    use_bus(bus)
    chance, world = random.Random(11), await make_world()
    await automatic(world.lumen)
    people = [await person(world, number) for number in range(AGENTS)]
    team = await create_team("Refunds", world.lumen)
    await set_members(team, {one.agent.id for one in people[:4]})
    await fill_queue(world, team.id, chance)
    await drain_later()
    async with asyncio.timeout(180):  # some seconds on a quiet machine
        while await Conversation.filter(handler="queue").exists():
            await one_change(world, people, chance)
            await nobody_is_over_full(people)
    for one in people:
        await come(one)
    await drain_later()
    await fair_and_right({one.agent.id: one for one in people}, team.id)
    assert assign(await waiting_in([world.lumen.id], Weights()), await seats(Weights()), now()) == []


async def fill_queue(world: World, team_id: int, chance: random.Random) -> None:
    """Many customers who wait for a person, in a few statements."""
    moment, shop = now(), world.lumen
    shared: dict[str, Any] = {"shop": shop, "created_at": moment}
    await Customer.bulk_create([Customer(public_id=new_id("cus"), name="Ines", **shared) for _ in range(WAITING)])
    customers = await Customer.filter(shop_id=shop.id, email=None).order_by("id")
    talks = [
        Conversation(
            public_id=new_id("cnv"),
            customer=customer,
            handler="queue",
            language=chance.choice(["en", "zh"]),
            team_id=None if number % 10 else team_id,
            **shared,
        )
        for number, customer in enumerate(customers)
    ]
    await Conversation.bulk_create(talks)
    talks = await Conversation.filter(handler="queue").order_by("id")
    await Ticket.bulk_create(
        [
            Ticket(
                public_id=new_id("tkt"),
                number=9000 + number,
                conversation=talk,
                kind=chance.choice(KINDS),
                subject="A person, please",
                opened_by="bot",
                first_reply_due_at=moment + timedelta(seconds=chance.randrange(60, 14_400)),
                updated_at=moment,
                **shared,
            )
            for number, talk in enumerate(talks)
        ]
    )
    visits = [QueueVisit(shop=shop, conversation=talk, team_id=talk.team_id, entered_at=moment) for talk in talks]
    await QueueVisit.bulk_create(visits)


async def person(world: World, number: int) -> Person:
    agent = await make_agent(f"Agent{number}")
    agent.languages = [["en"], ["zh"], ["en", "zh"]][number % 3]
    agent.skills = [list(KINDS), ["question", "refund"], list(KINDS)][number % 3]
    agent.capacity = CAPACITY
    await agent.save()
    await ShopMember.create(agent=agent, shop=world.lumen)
    one = Person(agent, left=now())
    await come(one)
    return one


async def come(one: Person) -> None:
    """Online from some moment on: until it, nothing may come."""
    if one.left is not None:
        one.absent.append((one.left, now()))
        one.left = None
    await show_presence(one.agent.id)
    await set_availability(one.agent, ONLINE)


async def go(one: Person, availability: str) -> None:
    await set_availability(one.agent, availability)
    one.left = one.left or now()  # from here on; what was under way has been given before


async def one_change(world: World, people: list[Person], chance: random.Random) -> None:
    """Somebody leaves or comes, and what somebody holds gets done."""
    one = chance.choice(people)
    await (come(one) if one.left is not None else go(one, chance.choice([AWAY, OFFLINE])))
    if sum(other.left is None for other in people) < 3:
        await come(chance.choice(people))
    busy = chance.choice(people).agent
    for ticket in await Ticket.filter(assignee_id=busy.id, status="open").order_by("id"):
        await resolve(ticket.id, Actor.of(world.sue))


async def nobody_is_over_full(people: list[Person]) -> None:
    points = await loads([one.agent.id for one in people], Weights())
    assert max(points.values()) <= CAPACITY


async def fair_and_right(people: dict[int, Person], team_id: int) -> None:
    """Each visit went to somebody who was there and takes such work; what needed the same was served in its turn."""
    given: defaultdict[tuple[object, ...], list[tuple[datetime, datetime]]] = defaultdict(list)
    members = set(list(people)[:4])
    visits = await QueueVisit.filter(reason="assigned").select_related("conversation")
    assert len(visits) == WAITING
    for visit in visits:
        talk, one = visit.conversation, people[visit.agent_id or 0]
        ticket = await Ticket.get(conversation_id=talk.id)
        assert talk.language in one.agent.languages
        assert ticket.kind in one.agent.skills
        assert talk.team_id is None or one.agent.id in members
        assert visit.left_at is not None
        assert not any(start < visit.left_at < end for start, end in one.absent), "given to somebody who was away"
        due = ticket.first_reply_due_at
        assert due is not None
        given[(talk.language, ticket.kind, talk.team_id)].append((visit.left_at, due))
    # Whoever leaves between plan and claim lets the next one go first; nothing else may.
    passed = 0
    for served in given.values():
        dues = [due for _, due in sorted(served)]
        passed += sum(later < earlier for earlier, later in pairwise(dues))
    assert passed <= WAITING // 20, "what was promised first goes first"
