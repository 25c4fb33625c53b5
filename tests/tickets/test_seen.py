"""Who decides on what somebody else has changed meanwhile is told; additions and one's own changes do not count."""

import pytest

from core.errors import Conflict
from core.people import BOT, Actor
from tests.people import World, chat
from tickets.assignment import assign
from tickets.models import Ticket, TimelineEntry
from tickets.opening import open_ticket
from tickets.prioritising import set_priority
from tickets.resolution import close, resolve
from tickets.tagging import add_tag

pytestmark = pytest.mark.anyio


async def seen_by_now(ticket: Ticket) -> int:
    newest = await TimelineEntry.filter(ticket_id=ticket.id).order_by("-id").first()
    assert newest is not None
    return int(newest.id)


async def test_a_decision_on_old_sight_is_refused_with_who_and_what(world: World) -> None:
    ticket = await open_ticket((await chat(world.lumen, world.ines)).id, "question", BOT, subject="Lamp")
    omar, mei = Actor.of(world.omar), Actor.of(world.mei)
    seen = await seen_by_now(ticket)
    await add_tag(ticket.id, "vip", mei)
    await set_priority(ticket.id, "high", omar, seen=seen)
    await set_priority(ticket.id, "low", omar, seen=seen)  # the change before was their own
    await assign(ticket.id, world.mei, mei)
    for change in (set_priority(ticket.id, "urgent", omar, seen=seen), resolve(ticket.id, omar, seen=seen)):
        with pytest.raises(Conflict) as caught:
            await change
        assert caught.value.code == "ticket_changed"
        assert (caught.value.data["name"], caught.value.data["action"]) == ("Mei", "assigned")
    assert (await resolve(ticket.id, omar, seen=await seen_by_now(ticket))).status == "resolved"
    assert (await close(ticket.id, omar)).status == "closed"
