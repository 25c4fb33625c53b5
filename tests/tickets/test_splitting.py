"""A part of a ticket goes its own way, with its links and promises, and the time that the customer has waited."""

from datetime import timedelta

import pytest

from core.clock import FrozenClock, now
from core.errors import WismoError
from core.people import BOT, Actor
from core.promises import Promise
from tests.people import World, chat, make_order
from tickets.clockwork import clocks_of
from tickets.linking import link_order
from tickets.models import Ticket, TicketLink
from tickets.opening import open_ticket
from tickets.promising import promise_to_customer
from tickets.queries import timeline
from tickets.resolution import await_customer, reopen
from tickets.splitting import split
from tickets.tagging import add_tag
from tickets.work_models import TicketTag

pytestmark = pytest.mark.anyio


async def test_the_part_takes_its_links_promises_and_clocks(world: World, clock: FrozenClock) -> None:
    omar, talk = Actor.of(world.omar), await chat(world.lumen, world.ines)
    ticket = await open_ticket(talk.id, "question", BOT, subject="Lamp and shade")
    lamp, shade = await make_order(world.lumen, "#1001"), await make_order(world.lumen, "#1002")
    await link_order(ticket.id, lamp.id, omar)
    link = await link_order(ticket.id, shade.id, omar, reason="damaged")
    await add_tag(ticket.id, "late", omar)
    made = await promise_to_customer(ticket.id, "A new shade", now() + timedelta(hours=5), omar)
    clock.advance(timedelta(hours=1))
    await await_customer(ticket.id, omar)
    clock.advance(timedelta(hours=1))
    await reopen(ticket.id, omar)
    part = await split(
        ticket.id, omar, subject="The shade", kind="aftersales", link_ids=[link.id], promise_ids=[made.public_id]
    )
    assert (part.number, part.kind, part.conversation_id) == (ticket.number + 1, "aftersales", talk.id)
    linked = [[link.order_id for link in await TicketLink.filter(ticket_id=each.id)] for each in (ticket, part)]
    assert linked == [[lamp.id], [shade.id]]
    assert await TicketTag.filter(ticket_id=part.id).count() == 1
    promised = await Promise.filter(subject=part.public_id, state="open").order_by("id")
    assert [made.kind for made in promised] == ["agent", "first_reply"]
    first, second = await Ticket.get(id=ticket.id), await Ticket.get(id=part.id)
    assert await clocks_of(first, now()) == await clocks_of(second, now())
    assert (await timeline(part))[-1].detail["number"] == ticket.number
    assert (await timeline(ticket))[-1].detail["number"] == part.number


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"subject": " "}, "no_subject"),
        ({"kind": "wish"}, "bad_kind"),
        ({"link_ids": "all"}, "split_everything"),
        ({"link_ids": [999]}, "not_found"),
    ],
)
async def test_refused(world: World, more: dict[str, object], code: str) -> None:
    omar, talk = Actor.of(world.omar), await chat(world.lumen, world.ines)
    ticket = await open_ticket(talk.id, "question", BOT, subject="Lamp")
    link = await link_order(ticket.id, (await make_order(world.lumen, "#1001")).id, omar)
    if more.get("link_ids") == "all":
        more = more | {"link_ids": [link.id]}
    with pytest.raises(WismoError) as caught:
        await split(ticket.id, omar, **{"subject": "Shade", **more})  # type: ignore[arg-type]
    assert caught.value.code == code
    assert await Ticket.all().count() == 1
