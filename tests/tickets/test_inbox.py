"""The inbox: the right tickets in each view, paged without gaps, counted, in a constant number of statements."""

from datetime import timedelta

import pytest

from conversations.handover import hand_to_queue, take
from conversations.models import Conversation
from conversations.posting import post
from conversations.reading import mark_read
from core.clock import FrozenClock
from core.errors import Invalid
from core.people import BOT, SYSTEM, Actor, ShopMember
from tests.heard import counted
from tests.people import World, chat, make_order
from tickets import view_parts
from tickets.assignment import assign
from tickets.linking import link_order
from tickets.models import Ticket
from tickets.opening import open_ticket
from tickets.queries import VIEWS, counts, cursor, inbox, live_conversations
from tickets.resolution import resolve

pytestmark = pytest.mark.anyio


async def make_desk(world: World, clock: FrozenClock) -> dict[str, Ticket]:
    """One ticket of each kind of belonging, each changed a minute after the one before."""
    omar, tickets = Actor.of(world.omar), {}
    for name in ("free", "omars", "meis", "done", "tea"):
        clock.advance(timedelta(minutes=1))
        shop, customer = (world.chaye, world.lin) if name == "tea" else (world.lumen, world.ines)
        talk = await chat(shop, customer)
        tickets[name] = await open_ticket(talk.id, "question", SYSTEM, subject=name)
    await assign(tickets["omars"].id, world.omar, omar)
    await assign(tickets["meis"].id, world.mei, omar)
    await resolve(tickets["done"].id, omar)
    return tickets


async def subjects(world: World, view: str) -> list[str]:
    return [row.subject for row in await inbox(world.omar, view)]


async def test_each_view_holds_its_tickets_and_its_count(world: World, clock: FrozenClock) -> None:
    await make_desk(world, clock)
    assert {view: set(await subjects(world, view)) for view in VIEWS} == {
        "open": {"free", "omars"},
        "mine": {"omars"},
        "unassigned": {"free"},
        "mentions": set(),
        "following": set(),
        "resolved": {"done"},
        "all": {"free", "omars", "meis", "done"},
    }
    own = {"open": 2, "mine": 1, "unassigned": 1, "mentions": 0, "following": 0, "resolved": 1, "all": 4}
    assert await counts(world.omar) == own
    assert [row.subject for row in await inbox(world.wei, "all")] == ["tea"]
    assert (await counts(world.ada))["all"] == 5
    assert {row.subject for row in await inbox(world.ada, "unassigned")} == {"free", "tea"}


async def test_agents_of_very_many_shops_see_the_same(
    world: World, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_desk(world, clock)
    few = [(await inbox(agent, view), await counts(agent)) for agent in (world.omar, world.ada) for view in VIEWS]
    monkeypatch.setattr(view_parts, "MOST_SHOPS", 0)
    many = [(await inbox(agent, view), await counts(agent)) for agent in (world.omar, world.ada) for view in VIEWS]
    assert few == many


async def test_an_agent_of_no_shop_sees_nothing(world: World, clock: FrozenClock) -> None:
    await make_desk(world, clock)
    await ShopMember.filter(agent_id=world.omar.id).delete()
    assert [await inbox(world.omar, view) for view in VIEWS] == [[]] * len(VIEWS)
    assert set((await counts(world.omar)).values()) == {0}
    assert await live_conversations(world.omar) == []


async def test_a_row_says_all_that_the_list_shows(world: World, clock: FrozenClock) -> None:
    lamp, bulb = await make_order(world.lumen, "#1001"), await make_order(world.lumen, "#1002")
    talk = await chat(world.lumen, world.ines)
    await post(talk.id, Actor.of(world.ines), "Who is the provider?", client_id="c1")
    await post(talk.id, BOT, "Which order?", client_id="b1")
    ticket = await open_ticket(talk.id, "question", BOT, subject="Lamp", order_ids=[bulb.id], link_confirmed=False)
    await link_order(ticket.id, lamp.id, Actor.of(world.omar))
    await assign(ticket.id, world.mei, Actor.of(world.mei))
    await post(talk.id, Actor.of(world.ines), "1001!", client_id="c2")
    [row] = await inbox(world.omar, "all")
    assert (row.number, row.public_id, row.subject, row.kind) == (1001, ticket.public_id, "Lamp", "question")
    assert (row.status, row.priority) == ("open", "normal")
    assert (row.customer, row.shop, row.shop_key, row.assignee) == ("Ines", "Lumen", "lumen", "Mei")
    assert (row.conversation, row.channel, row.language) == (talk.public_id, "chat", "en")
    assert (row.order_number, row.order_headline) == ("#1001", "awaiting_confirmation")  # what is confirmed comes first
    assert (row.last_text, row.last_message_at, row.unread) == ("1001!", clock.now(), True)
    assert (row.handler, row.last_number, row.last_customer_number) == ("bot", 3, 3)
    assert row.last_customer_at == clock.now()
    assert row.first_reply_due_at == clock.now() + timedelta(hours=1)
    await mark_read(talk.id, "desk", 2)
    assert (await inbox(world.omar, "all"))[0].unread is True
    await mark_read(talk.id, "desk", 3)
    assert (await inbox(world.omar, "all"))[0].unread is False


async def test_pages_follow_each_other_without_gap_or_repeat(world: World, clock: FrozenClock) -> None:
    talks = [await chat(world.lumen, world.ines) for _ in range(25)]
    for place, talk in enumerate(talks):
        if place % 4 == 0:  # four at a time share their moment
            clock.advance(timedelta(seconds=1, milliseconds=500 * (place % 8)))
        await open_ticket(talk.id, "question", SYSTEM, subject=str(place))
    seen: list[str] = []
    after = None
    while page := await inbox(world.omar, "all", after, limit=7):
        seen += [row.subject for row in page]
        after = cursor(page[-1])
    assert seen == [str(place) for place in range(24, -1, -1)]


@pytest.mark.parametrize(
    "bad", ["", "x", "é", "MjAyNg==", "MDAwMS0wMS0wMVQwMDowMDowMCsyMzo1OXwx", "fDE=", "MjAyNi0wMS0wMXwx"]
)
async def test_a_cursor_that_is_none(world: World, bad: str) -> None:
    with pytest.raises(Invalid) as refused:
        await inbox(world.omar, "all", bad)
    assert refused.value.code == "bad_cursor"


async def test_a_view_that_is_none(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        await inbox(world.omar, "all' OR '1'='1")
    assert refused.value.code == "bad_view"


async def test_the_number_of_statements_does_not_grow(world: World, clock: FrozenClock) -> None:
    for many in (1, 12):
        for _ in range(many):
            talk = await chat(world.lumen, world.ines)
            lamp = await make_order(world.lumen, f"#{talk.id}")
            await open_ticket(talk.id, "question", SYSTEM, subject="x", order_ids=[lamp.id])
        with counted() as statements:
            await inbox(world.omar, "open")
            await counts(world.omar)
            await live_conversations(world.omar)
        assert len(statements) == 6  # each asks for the agent's shops first


async def test_live_chats_are_those_without_ticket_and_agent(world: World, clock: FrozenClock) -> None:
    names = ("old", "bot", "queue", "taken", "ticket", "closed")
    talks: dict[str, Conversation] = {name: await chat(world.lumen, world.ines) for name in names}
    await post(talks["old"].id, Actor.of(world.ines), "old", client_id="1")
    clock.advance(timedelta(minutes=61))
    for name in names[1:]:
        clock.advance(timedelta(seconds=1))
        await post(talks[name].id, Actor.of(world.ines), name, client_id="1")
    await chat(world.lumen, world.ines)  # nobody has said anything
    await hand_to_queue(talks["queue"].id, SYSTEM, "asked")
    await take(talks["taken"].id, world.omar)
    for name in ("ticket", "closed"):
        await open_ticket(talks[name].id, "question", SYSTEM, subject=name)
    await Ticket.filter(subject="closed").update(status="closed")
    live = await live_conversations(world.omar)
    assert [(row.last_text, row.handler, row.unread) for row in live] == [
        ("closed", "bot", True),
        ("queue", "queue", True),
        ("bot", "bot", True),
    ]
    assert live[1].public_id == talks["queue"].public_id
    assert await live_conversations(world.wei) == []
