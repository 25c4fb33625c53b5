"""Tickets of other shops do not exist, whichever verb or way is tried; links stay within the shop."""

from typing import Any

import pytest

from core.errors import NotFound
from core.ids import new_id
from core.people import BOT, SYSTEM, Actor
from orders.models import OrderLine, Shipment
from tests.people import World, chat, make_customer, make_order
from tickets.access import ticket_for
from tickets.assignment import assign
from tickets.linking import confirm_link, link_order, unlink
from tickets.models import Ticket, TicketLink
from tickets.opening import open_ticket
from tickets.presence import agents_of
from tickets.prioritising import set_priority
from tickets.queries import links_of, tickets_of, timeline
from tickets.resolution import await_customer, close, reopen, resolve

pytestmark = pytest.mark.anyio


async def question(world: World, *orders: int) -> Ticket:
    talk = await chat(world.lumen, world.ines)
    return await open_ticket(
        talk.id, "question", SYSTEM, subject="Lamp", order_ids=orders, link_source="mail", link_confirmed=False
    )


async def test_an_agent_reaches_a_ticket_by_its_number(world: World) -> None:
    ticket = await question(world)
    assert (await ticket_for(world.omar, str(ticket.number))).id == ticket.id
    found = await ticket_for(world.omar, ticket.number)
    assert (found.conversation.customer.name, found.shop.name, found.assignee) == ("Ines", "Lumen", None)
    assert (await ticket_for(world.ada, ticket.number)).id == ticket.id


@pytest.mark.parametrize(
    "trick", ["1001 ", "01001", "1001.0", "1e3", "+1001", "１００１", "", "x", True, 0, -1, 10**30]
)
async def test_tricks_with_the_number(world: World, trick: Any) -> None:
    ticket = await question(world)
    assert ticket.number == 1001
    with pytest.raises(NotFound):
        await ticket_for(world.omar, trick)


async def test_no_verb_reaches_another_shops_ticket(world: World) -> None:
    lamp, bulb = await make_order(world.lumen, "#1001"), await make_order(world.lumen, "#1002")
    ticket = await question(world, lamp.id)
    link = await TicketLink.get(ticket_id=ticket.id)
    before, told = await Ticket.get(id=ticket.id).values(), len(await timeline(ticket))
    stranger = await make_customer(world.lumen, "Eve", "eve@example.com")
    for who in (Actor.of(world.wei), Actor.of(stranger), Actor.of(world.lin)):
        attempts: list[Any] = [
            *(verb(ticket.id, who) for verb in (resolve, reopen, close, await_customer)),
            assign(ticket.id, world.wei, who),
            assign(ticket.id, None, who),
            set_priority(ticket.id, "low", who),
            link_order(ticket.id, bulb.id, who),
            confirm_link(link.id, who),
            unlink(link.id, who),
            open_ticket(ticket.conversation_id, "question", who, subject="mine"),
        ]
        for attempt in attempts:
            with pytest.raises(NotFound):
                await attempt
    with pytest.raises(NotFound):
        await ticket_for(world.wei, ticket.number)
    assert await Ticket.get(id=ticket.id).values() == before
    assert len(await timeline(ticket)) == told


async def test_suggestions_are_confirmed_or_refused(world: World) -> None:
    lamp, bulb = await make_order(world.lumen, "#1001"), await make_order(world.lumen, "#1002")
    omar = Actor.of(world.omar)
    ticket = await question(world, lamp.id, bulb.id)
    assert ticket.opened_by == "mail"
    first, second = await links_of(ticket.id)
    assert (first.confirmed, first.source, first.order.number) == (False, "mail", "#1001")
    for _ in range(2):
        await confirm_link(second.id, omar)
    assert [link.order.number for link in await links_of(ticket.id)] == ["#1002", "#1001"]
    again = await link_order(ticket.id, lamp.id, omar)  # linking by hand confirms the suggestion
    assert (again.id, again.confirmed) == (first.id, True)
    await unlink(second.id, omar)
    with pytest.raises(NotFound):
        await unlink(second.id, omar)
    assert [entry.action for entry in await timeline(ticket)] == [
        "opened",
        "suggested",
        "suggested",
        "link_confirmed",
        "link_confirmed",
        "unlinked",
    ]


async def test_parcels_and_lines_belong_to_their_order(world: World) -> None:
    lamp, bulb = await make_order(world.lumen, "#1001"), await make_order(world.lumen, "#1002")
    tea = await make_order(world.chaye, "#1001")
    parcel = await Shipment.create(public_id=new_id("par"), order=lamp, source_id="s1")
    line = await OrderLine.create(order=lamp, source_id="l1", title="Lamp", quantity=1)
    omar, ticket = Actor.of(world.omar), await question(world)
    links = [
        await link_order(ticket.id, lamp.id, omar, reason="late"),
        await link_order(ticket.id, lamp.id, omar, reason="late", shipment_id=parcel.id),
        await link_order(ticket.id, lamp.id, omar, reason="broken", line_id=line.id),
        await link_order(ticket.id, lamp.id, omar, reason="again", shipment_id=parcel.id),
    ]
    assert len({link.id for link in links}) == 3
    wrong: list[dict[str, Any]] = [
        {"order_id": bulb.id, "shipment_id": parcel.id},
        {"order_id": bulb.id, "line_id": line.id},
        {"order_id": tea.id},
        {"order_id": 0},
    ]
    for values in wrong:
        with pytest.raises(NotFound):
            await link_order(ticket.id, actor=omar, **values)


async def test_who_may_work_on_it_and_what_belongs_to_the_talk(world: World) -> None:
    assert [agent.name for agent in await agents_of(world.lumen.id)] == ["Ada", "Mei", "Omar", "Sue"]
    first = await question(world)
    second = await open_ticket(first.conversation_id, "complaint", BOT, subject="Broken")
    assert [ticket.id for ticket in await tickets_of(first.conversation_id)] == [second.id, first.id]
