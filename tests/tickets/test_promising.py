"""Promises of agents: written down with a time, kept, withdrawn, pressing, broken by themselves."""

from datetime import timedelta

import pytest

from core.clock import FrozenClock, now
from core.errors import Conflict, Invalid, NotFound
from core.people import BOT, Actor
from core.promises import Promise, promise
from orders.models import Order
from tests.people import World, chat, make_order
from tickets.models import Ticket
from tickets.opening import open_ticket
from tickets.promised import promised
from tickets.promising import break_overdue, escalate_promises, promise_to_customer, settle_promise
from tickets.queries import timeline

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)


async def a_ticket(world: World) -> Ticket:
    talk = await chat(world.lumen, world.ines)
    return await open_ticket(talk.id, "question", BOT, subject="Lamp", summary="It is late")


async def called_back(world: World, hours: float = 8) -> tuple[Ticket, Promise]:
    ticket = await a_ticket(world)
    made = await promise_to_customer(ticket.id, "We call back", now() + hours * HOUR, Actor.of(world.omar))
    return ticket, made


async def a_minute() -> None:
    """What the job does once a minute."""
    await escalate_promises()
    await break_overdue()


async def actions(ticket: Ticket) -> list[str]:
    return [entry.action for entry in await timeline(ticket) if entry.action.startswith("promise")]


async def test_a_promise_presses_before_its_time_and_breaks_by_itself(world: World, clock: FrozenClock) -> None:
    ticket, made = await called_back(world)
    clock.advance(6 * HOUR - timedelta(seconds=1))
    await a_minute()
    assert (await Ticket.get(id=ticket.id)).priority == "normal"
    clock.advance(timedelta(seconds=1))
    for _ in range(2):
        await a_minute()
        assert (await Ticket.get(id=ticket.id)).priority == "high"
    clock.advance(2 * HOUR + timedelta(minutes=5))
    for _ in range(2):
        await a_minute()
    stored = await Promise.get(id=made.id)
    assert (stored.state, stored.settled_at) == ("broken", made.due_at)
    assert (await Ticket.get(id=ticket.id)).priority == "urgent"
    assert await actions(ticket) == ["promised", "promise_due", "promise_broken"]


async def test_what_was_kept_presses_no_more(world: World, clock: FrozenClock) -> None:
    ticket, made = await called_back(world)
    clock.advance(HOUR)
    assert (await settle_promise(world.mei, made.public_id, "kept")).state == "kept"
    clock.advance(10 * HOUR)
    await a_minute()
    assert (await Ticket.get(id=ticket.id)).priority == "normal"
    assert await actions(ticket) == ["promised", "promise_kept"]
    with pytest.raises(Conflict):
        await settle_promise(world.omar, made.public_id, "withdrawn")


async def test_kept_too_late_is_broken_and_what_is_not_owed_is_withdrawn(world: World, clock: FrozenClock) -> None:
    _, late = await called_back(world)
    _, other = await called_back(world)
    assert (await settle_promise(world.omar, other.public_id, "withdrawn")).state == "withdrawn"
    clock.advance(9 * HOUR)
    assert (await settle_promise(world.omar, late.public_id, "kept")).state == "broken"


async def test_words_a_time_ahead_and_ones_own_shop(world: World) -> None:
    ticket, made = await called_back(world)
    for text, hours, code in (("", 1, "empty_text"), ("x" * 301, 1, "text_too_long"), ("x", 0, "bad_time")):
        with pytest.raises(Invalid) as refused:
            await promise_to_customer(ticket.id, text, now() + hours * HOUR, Actor.of(world.omar))
        assert refused.value.code == code
    with pytest.raises(Invalid):
        await settle_promise(world.omar, made.public_id, "broken")
    with pytest.raises(NotFound):
        await promise_to_customer(ticket.id, "x", now() + HOUR, Actor.of(world.wei))
    with pytest.raises(NotFound):
        await settle_promise(world.wei, made.public_id, "kept")


async def test_an_arrival_is_kept_by_the_order_itself(world: World, clock: FrozenClock) -> None:
    there, missing = await make_order(world.lumen, "#1"), await make_order(world.lumen, "#2")
    for order in (there, missing):
        await promise(world.lumen.id, "arrival", order.public_id, now() + HOUR)
    await Order.filter(id=there.id).update(fulfilment="delivered")
    clock.advance(2 * HOUR)
    await a_minute()
    states = {made.subject: made.state for made in await Promise.all()}
    assert states == {there.public_id: "kept", missing.public_id: "broken"}


async def test_lists_are_read_in_the_order_in_which_promises_press(world: World, clock: FrozenClock) -> None:
    made = [(await called_back(world, hours))[1] for hours in (5, 1, 3)]
    await Promise.filter(kind="first_reply").delete()
    shops = [world.lumen.id]
    first = await promised(shops, "open", "", 2)
    rest = await promised(shops, "open", first[-1].made.public_id, 2)
    assert [each.made.id for each in (*first, *rest)] == [made[1].id, made[2].id, made[0].id]
    assert [each.made.id for each in await promised(shops, "soon", "", 9)] == [made[1].id]
    assert await promised(shops, "broken", "", 9) == await promised([world.chaye.id], "open", "", 9) == []
