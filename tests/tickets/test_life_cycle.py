"""A ticket's life: opened once, assigned to one, resolved, woken by the customer, closed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from conversations.events import HandlerChanged
from conversations.handover import take
from conversations.models import Conversation
from conversations.posting import post
from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.people import BOT, SYSTEM, Actor, ShopMember
from core.promises import Promise
from core.transactions import transaction
from tests.heard import Heard, counted
from tests.people import World, chat, make_order
from tickets.assignment import assign, follow_handler
from tickets.events import TicketChanged, TicketOpened
from tickets.models import Ticket, TicketLink
from tickets.opening import open_ticket
from tickets.prioritising import set_priority
from tickets.promises import first_reply_given
from tickets.queries import timeline
from tickets.resolution import await_customer, close, customer_replied, reopen, resolve

pytestmark = pytest.mark.anyio


async def question(world: World, *, kind: str = "question", talk: Conversation | None = None) -> Ticket:
    talk = talk or await chat(world.lumen, world.ines)
    return await open_ticket(talk.id, kind, BOT, subject="Where is my lamp?", summary="It is late")


async def thank(talk: Conversation, world: World) -> None:
    async with transaction():
        await post(talk.id, Actor.of(world.ines), "thanks", client_id="c1")
        await customer_replied(talk.id)


async def actions(ticket: Ticket) -> list[str]:
    return [entry.action for entry in await timeline(ticket)]


async def test_the_bot_opens_a_ticket_with_a_promise(world: World, heard: Heard, clock: FrozenClock) -> None:
    lamp = await make_order(world.lumen, "#1001")
    talk = await chat(world.lumen, world.ines)
    ticket = await open_ticket(talk.id, "question", BOT, subject="Lamp", summary="It is late", order_ids=[lamp.id])
    stored = await Ticket.get(id=ticket.id)
    assert (stored.number, stored.status, stored.priority, stored.opened_by) == (1001, "open", "normal", "bot")
    assert stored.first_reply_due_at == clock.now() + timedelta(hours=1)
    promise = await Promise.get(subject=ticket.public_id)
    assert (promise.kind, promise.state, promise.due_at) == ("first_reply", "open", stored.first_reply_due_at)
    link = await TicketLink.get(ticket_id=ticket.id)
    assert (link.order_id, link.reason, link.source, link.confirmed) == (lamp.id, "about", "bot", True)
    assert await actions(ticket) == ["opened", "linked"]
    assert [event.ticket_id for event in heard.of(TicketOpened)] == [ticket.id]
    assert (await question(world)).number == 1002


async def test_somebody_at_the_desk_shortens_the_promise(world: World, clock: FrozenClock) -> None:
    world.wei.seen_at = clock.now()  # works for the other shop
    await world.wei.save()
    assert (await question(world)).first_reply_due_at == clock.now() + timedelta(hours=1)
    world.omar.seen_at = clock.now() - timedelta(minutes=1)
    await world.omar.save()
    assert (await question(world)).first_reply_due_at == clock.now() + timedelta(minutes=10)


async def test_asking_again_is_no_second_ticket(world: World, heard: Heard) -> None:
    talk = await chat(world.lumen, world.ines)
    lamp = await make_order(world.lumen, "#1001")
    first = await question(world, talk=talk)
    again = await open_ticket(
        talk.id, "question", BOT, subject="Other", summary="Still late", order_ids=[lamp.id, lamp.id]
    )
    assert again.id == first.id
    assert await actions(first) == ["opened", "asked_again", "linked"]
    assert (await timeline(first))[1].detail == {"summary": "Still late"}
    assert len(heard.of(TicketOpened)) == await Promise.all().count() == 1
    other_kind = await question(world, kind="complaint", talk=talk)
    assert other_kind.id != first.id
    await resolve(first.id, Actor.of(world.omar))
    assert (await question(world, talk=talk)).id not in (first.id, other_kind.id)


async def test_opening_at_once_makes_one(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    tickets = await asyncio.gather(*(question(world, talk=talk) for _ in range(10)))
    assert len({ticket.id for ticket in tickets}) == await Ticket.all().count() == 1


async def test_numbers_are_not_given_twice(world: World) -> None:
    tickets = await asyncio.gather(*(question(world) for _ in range(12)))
    assert sorted(ticket.number for ticket in tickets) == list(range(1001, 1013))


async def test_with_an_agent_in_the_chat_the_ticket_is_theirs(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    await take(talk.id, world.omar)
    ticket = await question(world, talk=talk)
    assert (ticket.assignee_id, ticket.first_reply_due_at) == (world.omar.id, None)
    assert not await Promise.exists()


@pytest.mark.parametrize(("changes", "code"), [({"kind": "wish"}, "bad_kind"), ({"priority": "asap"}, "bad_priority")])
async def test_words_that_are_no_kind_or_priority(world: World, changes: dict[str, str], code: str) -> None:
    talk = await chat(world.lumen, world.ines)
    words: dict[str, Any] = {"kind": "question", "subject": "x"} | changes
    with pytest.raises(Invalid) as refused:
        await open_ticket(talk.id, actor=BOT, **words)
    assert refused.value.code == code


async def test_another_shops_order_is_not_there(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    tea = await make_order(world.chaye, "#1001")
    with pytest.raises(NotFound):
        await open_ticket(talk.id, "question", BOT, subject="x", order_ids=[tea.id])
    assert await Ticket.all().count() == 0


async def test_of_two_who_grab_a_ticket_one_wins(world: World) -> None:
    ticket = await question(world)
    agents = [world.omar, world.mei]
    outcome = await asyncio.gather(
        *(assign(ticket.id, agent, Actor.of(agent), expected=None) for agent in agents), return_exceptions=True
    )
    [lost] = [result for result in outcome if isinstance(result, Conflict)]
    await ticket.refresh_from_db()
    winner = next(agent for agent in agents if agent.id == ticket.assignee_id)
    assert (lost.code, lost.data) == ("already_assigned", {"name": winner.name})
    assert (await actions(ticket)).count("assigned") == 1


async def test_assignment_changes_hands_and_is_taken_back(world: World, heard: Heard) -> None:
    ticket = await question(world)
    omar = Actor.of(world.omar)
    for agent in (world.omar, world.omar, world.mei, None):
        ticket = await assign(ticket.id, agent, omar)
    assert ticket.assignee_id is None
    assert await actions(ticket) == ["opened", "assigned", "assigned", "unassigned"]
    assert [event.what for event in heard.of(TicketChanged)] == ["assignment"] * 3
    assert (await Ticket.get(id=ticket.id)).version == 4
    with pytest.raises(NotFound):  # Wei works for the other shop
        await assign(ticket.id, world.wei, omar)
    world.mei.active = False
    await world.mei.save()
    with pytest.raises(NotFound):
        await assign(ticket.id, world.mei, omar)


async def test_the_work_follows_whoever_speaks(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    question_, complaint = await question(world, talk=talk), await question(world, kind="complaint", talk=talk)
    await assign(complaint.id, world.mei, Actor.of(world.mei))
    await follow_handler(talk.id, world.omar.id)
    owners = {ticket.id: ticket.assignee_id for ticket in await Ticket.all()}
    assert owners == {question_.id: world.omar.id, complaint.id: world.mei.id}


async def test_priority(world: World, heard: Heard) -> None:
    ticket = await question(world)
    for _ in range(2):
        await set_priority(ticket.id, "urgent", Actor.of(world.omar))
    assert (await Ticket.get(id=ticket.id)).priority == "urgent"
    assert [event.what for event in heard.of(TicketChanged)] == ["priority"]
    assert (await timeline(ticket))[-1].detail == {"before": "normal", "after": "urgent"}
    with pytest.raises(Invalid):
        await set_priority(ticket.id, "asap", Actor.of(world.omar))


async def test_the_first_answer_keeps_the_promise(world: World, clock: FrozenClock) -> None:
    talk = await chat(world.lumen, world.ines)
    ticket = await question(world, talk=talk)
    await post(talk.id, Actor.of(world.omar), "I will look", client_id="a1")
    clock.advance(timedelta(minutes=30))
    for _ in range(2):
        await first_reply_given(talk.id, now())
        clock.advance(timedelta(minutes=10))
    stored = await Ticket.get(id=ticket.id)
    promise = await Promise.get(subject=ticket.public_id)
    assert stored.first_replied_at == promise.settled_at == clock.now() - timedelta(minutes=20)
    assert promise.state == "kept"
    assert (await actions(ticket)).count("first_reply") == 1
    assert (await timeline(ticket))[-1].actor_name == "Omar"
    assert stored.updated_at == clock.now() - timedelta(minutes=10)


async def test_a_late_answer_breaks_the_promise(world: World, clock: FrozenClock) -> None:
    ticket = await question(world)
    clock.advance(timedelta(minutes=61))
    await first_reply_given(ticket.conversation_id)
    assert (await Promise.get(subject=ticket.public_id)).state == "broken"


@pytest.mark.parametrize(("minutes", "state"), [(30, "withdrawn"), (61, "broken")])
async def test_work_that_ends_without_an_answer(world: World, clock: FrozenClock, minutes: int, state: str) -> None:
    ticket = await question(world)
    clock.advance(timedelta(minutes=minutes))
    await resolve(ticket.id, Actor.of(world.omar))
    assert (await Promise.get(subject=ticket.public_id)).state == state


async def test_the_customer_wakes_what_waits(world: World, clock: FrozenClock) -> None:
    talk = await chat(world.lumen, world.ines)
    await take(talk.id, world.omar)
    ticket = await question(world, talk=talk)
    await await_customer(ticket.id, Actor.of(world.omar))
    clock.advance(timedelta(minutes=1))
    await customer_replied(talk.id)
    await ticket.refresh_from_db()
    assert (ticket.status, ticket.reopened, ticket.updated_at) == ("open", 0, clock.now())
    await resolve(ticket.id, Actor.of(world.omar))
    await talk.refresh_from_db()
    assert (talk.handler, talk.agent_id) == ("agent", world.omar.id)
    await customer_replied(talk.id)
    await ticket.refresh_from_db()
    assert (ticket.status, ticket.reopened, ticket.resolved_at) == ("open", 1, None)
    assert (await actions(ticket))[1:] == ["waits", "answered", "resolved", "reopened"]
    assert (await timeline(ticket))[-1].actor_name == "Ines"


async def test_only_the_newest_resolved_ticket_wakes_and_none_beside_an_active_one(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    omar = Actor.of(world.omar)
    older, newer = await question(world, talk=talk), await question(world, kind="complaint", talk=talk)
    await resolve(older.id, omar)
    await customer_replied(talk.id)  # the complaint is active: the question stays resolved
    assert (await Ticket.get(id=older.id)).status == "resolved"
    await resolve(newer.id, omar)
    await customer_replied(talk.id)
    assert [(await Ticket.get(id=t.id)).status for t in (older, newer)] == ["resolved", "open"]


async def test_messages_without_tickets_cost_one_statement(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    for wake in (customer_replied, first_reply_given):
        with counted() as statements:
            await wake(talk.id)
        assert len(statements) == 1


async def test_closing_lets_the_bot_listen_again(world: World, heard: Heard) -> None:
    talk = await chat(world.lumen, world.ines)
    omar = Actor.of(world.omar)
    await take(talk.id, world.omar)
    tickets = [await question(world, talk=talk), await question(world, kind="complaint", talk=talk)]
    for ticket in tickets:
        await resolve(ticket.id, omar)
    heard.clear()
    await close(tickets[0].id, omar)
    assert (await Conversation.get(id=talk.id)).handler == "agent"
    await close(tickets[1].id, omar)
    assert (await Conversation.get(id=talk.id)).handler == "bot"
    assert [(event.handler, event.reason) for event in heard.of(HandlerChanged)] == [("bot", "ticket_closed")]
    await customer_replied(talk.id)
    assert (await Ticket.get(id=tickets[1].id)).status == "closed"


async def test_a_refused_step_is_told_and_audited(world: World) -> None:
    ticket = await question(world)
    omar = Actor.of(world.omar)
    with pytest.raises(Forbidden) as forbidden:
        await close(ticket.id, omar)
    assert forbidden.value.code == "not_your_step"
    await close(ticket.id, Actor.of(world.sue))  # a supervisor may
    with pytest.raises(Conflict) as conflict:
        await await_customer(ticket.id, omar)
    assert conflict.value.code == "bad_transition"
    entries = await AuditEntry.filter(action="transition_refused").order_by("id")
    assert [(e.actor_id, e.subject, e.detail["wanted"]) for e in entries] == [
        (world.omar.id, ticket.public_id, "closed"),
        (world.omar.id, ticket.public_id, "pending"),
    ]
    assert (await Ticket.get(id=ticket.id)).status == "closed"
    assert (await reopen(ticket.id, Actor.of(world.sue))).status == "open"


async def test_repeating_a_step_changes_nothing(world: World, heard: Heard) -> None:
    ticket = await question(world)
    for _ in range(3):
        await resolve(ticket.id, Actor.of(world.omar))
    assert await actions(ticket) == ["opened", "resolved"]
    assert len(heard.of(TicketChanged)) == 1


async def test_closing_and_a_message_at_once_do_not_deadlock(world: World) -> None:
    for round_ in range(8):
        talk = await chat(world.lumen, world.ines)
        ticket = await question(world, talk=talk)
        await resolve(ticket.id, Actor.of(world.omar))
        outcome = await asyncio.gather(thank(talk, world), close(ticket.id, SYSTEM), return_exceptions=True)
        assert all(result is None or isinstance(result, Ticket | Forbidden) for result in outcome), outcome
        assert (await Ticket.get(id=ticket.id)).status in ("open", "closed"), round_


async def test_membership_that_ends_ends_everything(world: World) -> None:
    ticket = await question(world)
    omar = Actor.of(world.omar)
    await ShopMember.filter(agent_id=world.omar.id).delete()
    for verb in (resolve, reopen, close, await_customer):
        with pytest.raises(NotFound):
            await verb(ticket.id, omar)
