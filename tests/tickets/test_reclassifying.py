"""A ticket turns out to be something else: what follows, and what is refused."""

import pytest

from app.reactions import connect
from app.realtime.hub import Hub
from conversations.opening import open_conversation
from core.clock import FrozenClock, now
from core.errors import Conflict, Forbidden, Invalid
from core.events import use_bus
from core.people import BOT, Actor
from tests.people import World, make_order, make_world
from tickets.aftersales.models import AfterSale
from tickets.clockwork import clocks_of, look_at_clocks
from tickets.complaints.handling import dismiss
from tickets.complaints.models import Complaint
from tickets.models import Ticket
from tickets.opening import open_ticket
from tickets.queries import timeline
from tickets.reclassifying import change_kind
from tickets.resolution import resolve

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: object) -> World:
    use_bus(connect(Hub()))
    return await make_world()


async def question(world: World) -> Ticket:
    talk = await open_conversation(world.lumen, world.ines, channel="chat", language="en")
    return await open_ticket(talk.id, "question", BOT, subject="My lamp is broken", summary="It arrived broken")


async def test_what_becomes_a_complaint_is_received_as_one(world: World, clock: FrozenClock) -> None:
    ticket, omar = await question(world), Actor.of(world.omar)
    await change_kind(ticket.id, "complaint", omar)
    complaint = await Complaint.get(ticket_id=ticket.id)
    assert (complaint.step, complaint.customer_id) == ("received", world.ines.id)
    await look_at_clocks()
    changed = await Ticket.get(id=ticket.id)
    assert changed.kind == "complaint"
    assert {each.kind for each in await clocks_of(changed, now())} == {"acknowledgement", "answer", "decision"}
    again = await change_kind(ticket.id, "complaint", omar)
    assert again.version == changed.version
    with pytest.raises(Conflict) as refused:
        await resolve(ticket.id, omar)
    assert refused.value.code == "cause_and_remedy_missing"


async def test_a_complaint_stays_one_until_it_is_dismissed(world: World) -> None:
    ticket, omar = await question(world), Actor.of(world.omar)
    await change_kind(ticket.id, "complaint", omar)
    with pytest.raises(Conflict) as refused:
        await change_kind(ticket.id, "question", omar)
    assert refused.value.code == "is_complaint"
    await dismiss(ticket.id, world.omar, "no_complaint")
    await change_kind(ticket.id, "question", omar)
    with pytest.raises(Forbidden):
        await change_kind(ticket.id, "complaint", omar)
    await change_kind(ticket.id, "complaint", Actor.of(world.sue))
    complaint = await Complaint.get(ticket_id=ticket.id)
    assert (complaint.step, complaint.dismissal, complaint.dismissed_at) == ("received", "", None)
    kinds = [entry.detail["after"] for entry in await timeline(ticket) if entry.action == "reclassified"]
    assert kinds == ["complaint", "question", "complaint"]


async def test_refused_while_a_case_is_open_and_when_it_is_over(world: World) -> None:
    ticket, omar = await question(world), Actor.of(world.omar)
    with pytest.raises(Invalid) as unknown:
        await change_kind(ticket.id, "riddle", omar)
    assert unknown.value.code == "bad_kind"
    order = await make_order(world.lumen, "#1001")
    case = await AfterSale.create(
        public_id="afs_1",
        number=1,
        shop=world.lumen,
        ticket=ticket,
        order=order,
        kind="refund_only",
        reason="damaged",
        state="under_review",
        currency="EUR",
        opened_by="agent",
        opened_at=now(),
        since=now(),
    )
    with pytest.raises(Conflict) as open_case:
        await change_kind(ticket.id, "refund", omar)
    assert open_case.value.code == "case_open"
    await AfterSale.filter(id=case.id).update(state="closed")
    await change_kind(ticket.id, "refund", omar)
    await resolve(ticket.id, omar)
    with pytest.raises(Conflict) as over:
        await change_kind(ticket.id, "complaint", omar)
    assert over.value.code == "ticket_finished"
    assert not await Complaint.exists(ticket_id=ticket.id)
