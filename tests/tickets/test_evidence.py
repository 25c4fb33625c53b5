"""A ticket ends with what its reason needs, or with somebody who said that it is not needed."""

import pytest

from conversations.models import Attachment
from conversations.posting import post
from core.audit import AuditEntry
from core.clock import now
from core.errors import Conflict, Invalid, WismoError
from core.people import BOT, Actor
from orders.models import OrderLine, Shipment
from tests.people import World, chat, make_order
from tickets.evidence import evidence_of, note_asked, waive
from tickets.linking import link_order
from tickets.models import Ticket
from tickets.opening import open_ticket
from tickets.queries import timeline
from tickets.resolution import resolve

pytestmark = pytest.mark.anyio


async def damaged(world: World) -> tuple[Ticket, int, int]:
    """A ticket about something broken, its order and a line of it."""
    ticket = await open_ticket((await chat(world.lumen, world.ines)).id, "aftersales", BOT, subject="Broken")
    order = await make_order(world.lumen, "#1001")
    line = await OrderLine.create(order=order, source_id="1", title="Halo", quantity=2, unit_price=100)
    await link_order(ticket.id, order.id, Actor.of(world.omar), reason="damaged")
    return ticket, order.id, line.id


async def test_resolving_waits_for_the_line_and_a_photo(world: World) -> None:
    ticket, order_id, line_id = await damaged(world)
    omar = Actor.of(world.omar)
    with pytest.raises(Conflict) as caught:
        await resolve(ticket.id, omar)
    assert (caught.value.code, caught.value.data["needs"]) == ("evidence_missing", ["line", "photo"])
    assert await AuditEntry.filter(action="transition_refused", subject=ticket.public_id).count() == 1
    await link_order(ticket.id, order_id, omar, reason="damaged", line_id=line_id, units=1)
    await note_asked(ticket.id, ["photo"], world.omar)
    assert [(item.code, item.state) for item in await evidence_of(ticket.id)] == [("line", "given"), ("photo", "asked")]
    await Attachment.create(
        public_id="att_1",
        shop=world.lumen,
        conversation_id=ticket.conversation_id,
        message_id=await a_message(world, ticket),
        uploader_kind="customer",
        uploader_id=world.ines.id,
        name="a.jpg",
        media_type="image/jpeg",
        size=10,
        width=5,
        height=5,
        sha256="0" * 64,
        created_at=now(),
    )
    assert (await resolve(ticket.id, omar)).status == "resolved"


async def a_message(world: World, ticket: Ticket) -> int:
    return int((await post(ticket.conversation_id, Actor.of(world.ines), "here", client_id="photo-01")).id)


async def test_what_is_not_needed_is_written_down(world: World) -> None:
    ticket, _, _ = await damaged(world)
    for need in ("photo", "line", "line"):
        await waive(ticket.id, need, world.omar)
    assert (await resolve(ticket.id, Actor.of(world.omar))).status == "resolved"
    said = [entry.detail["needs"] for entry in await timeline(ticket) if entry.action == "evidence_waived"]
    assert said == [["photo"], ["line"]]
    with pytest.raises(Invalid):
        await waive(ticket.id, "luck", world.omar)


async def test_units_are_those_of_a_line(world: World) -> None:
    ticket, order_id, line_id = await damaged(world)
    omar = Actor.of(world.omar)
    other = await Shipment.create(public_id="par_9", order=await make_order(world.lumen, "#2"), source_id="1")
    for wrong in ({"line_id": line_id, "units": 3}, {"units": 1}, {"shipment_id": other.id}, {"line_id": line_id + 9}):
        with pytest.raises(WismoError):
            await link_order(ticket.id, order_id, omar, reason="missing", **wrong)
    links = [
        await link_order(ticket.id, order_id, omar, reason="missing", line_id=line_id, units=units) for units in (1, 2)
    ]
    assert [link.id for link in links] == [links[0].id] * 2
    assert links[1].units == 2
