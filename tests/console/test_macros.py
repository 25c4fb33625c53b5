"""Macros from their form to the customer: what fills a blank, what keeps an answer back, and whose order it is."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app.realtime.hub import Hub
from conversations.composing_models import HeldMessage
from conversations.holding import send_now
from conversations.models import Message, Proof
from core.clock import now
from core.ids import new_id
from core.people import Actor, Agent
from orders.models import Order, OrderLine, Shipment
from tests.console.conftest import Browser, Talk
from tests.heard import listen_to
from tests.people import World, make_order
from tickets.events import TicketChanged
from tickets.linking import link_order
from tickets.macros.keeping import retire_macro, save_macro
from tickets.macros.models import Macro
from tickets.models import Ticket, TimelineEntry
from tickets.opening import open_ticket
from tickets.work_models import TicketTag

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
ON_ITS_WAY = (
    "Hello {customer.name}, order {order.number}: {parcel.carrier} {parcel.tracking_number}, {parcel.expected}."
)


async def shipped(world: World, number: str, tracking: str = "1Z999") -> Order:
    order = await make_order(world.lumen, number, email="ines@example.com")
    await Order.filter(id=order.id).update(headline="shipped", fulfilment="shipped", confirmation="confirmed")
    await OrderLine.create(order=order, source_id="1", title="Halo lamp", quantity=2, quantity_shipped=2)
    await Shipment.create(
        public_id=new_id("par"),
        order=order,
        source_id="p1",
        carrier="UPS",
        tracking_number=tracking,
        state="in_transit",
        eta_to=now() + timedelta(days=2),
    )
    return order


@pytest.fixture
async def ticket(world: World, talk: Talk) -> Ticket:
    order = await shipped(world, "#1001")
    ticket, _ = await talk.ticket(world.lumen, world.ines, "Where is my lamp?", order_ids=[order.id])
    return ticket


async def proved(ticket: Ticket) -> None:
    until = now() + timedelta(days=1)
    await Proof.create(
        conversation_id=ticket.conversation_id,
        contact="ines@example.com",
        kind="code",
        proved_at=now(),
        expires_at=until,
    )


async def macro(world: World, agent: Agent, words: str = ON_ITS_WAY, **more: Any) -> Macro:
    return await save_macro(agent, world.lumen, name="On its way", words={"en": words}, shortcut="way", **more)


async def test_a_supervisor_writes_one_and_an_agent_sends_it(
    world: World, ticket: Ticket, open_browser: OpenBrowser, hub: Hub
) -> None:
    await Agent.filter(id=world.omar.id).update(undo_seconds=10)
    sue, omar = await open_browser(world.sue), await open_browser(world.omar)
    form = {
        "name": "On its way",
        "shortcut": "/Way",
        "en": ON_ITS_WAY,
        "zh": "您好，{parcel.tracking_number}",
        "shared": "1",
    }
    tried = await sue.post("/console/macros/lumen/new", **form, ticket=str(ticket.number), do="try")
    assert "the customer hasn’t verified this order" in tried.text
    assert (await sue.post("/console/macros/lumen/new", **form, status="pending", tag="WISMO")).status_code == 303
    assert "/way" in (await omar.get("/console/macros?shop=lumen")).text

    await proved(ticket)
    base = f"/console/tickets/{ticket.number}"
    (item,) = (await omar.client.get(f"{base}/macros", headers={"accept": "application/json"})).json()["macros"]
    assert (item["shortcut"], item["other_language"]) == ("way", False)
    used = (await omar.fetch(f"{base}/macros", macro=item["id"])).json()
    assert used["missing"] == []
    assert used["text"].startswith("Hello Ines, order #1001: UPS 1Z999, ")
    sent = await omar.fetch(f"{base}/replies", text=used["text"], seen="9", macro=item["id"], client_id="web-00000009")
    assert sent.status_code == 202, sent.text  # held, to be taken back
    assert (await Macro.get()).uses == 0
    news = listen_to(TicketChanged)
    await send_now(world.omar, (await HeldMessage.get()).public_id)
    assert await Message.filter(author_kind="agent").count() == 1
    assert "macro" in [event.what for event in news.of(TicketChanged)]  # open pages learn of the entry
    await ticket.refresh_from_db()
    assert ticket.status == "pending"
    entry = await TimelineEntry.get(ticket_id=ticket.id, action="macro_used")
    assert entry.detail["name"] == "On its way"
    assert (await Macro.get()).uses == 1


async def test_of_an_order_that_is_not_proved_nothing_is_told_and_nothing_is_sent(
    world: World, ticket: Ticket, open_browser: OpenBrowser
) -> None:
    await macro(world, world.omar)
    omar, base = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    used = (await omar.fetch(f"{base}/macros", macro=(await Macro.get()).public_id)).json()
    assert "1001" not in used["text"]
    assert "1Z999" not in used["text"]
    assert {blank["why"] for blank in used["missing"]} == {"the customer hasn’t verified this order"}
    refused = await omar.fetch(f"{base}/replies", text=used["text"], seen="9", client_id="web-00000001")
    assert (refused.status_code, refused.json()["code"]) == (409, "missing_value")
    assert not await Message.filter(author_kind="agent").exists()


async def test_a_blank_that_nothing_stands_in_keeps_the_answer_back(
    world: World, ticket: Ticket, open_browser: OpenBrowser
) -> None:
    await proved(ticket)
    await Shipment.all().update(eta_to=None)
    await macro(world, world.omar)
    omar, base = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    page = await omar.post(f"{base}/macros", macro=(await Macro.get()).public_id)  # without scripts
    assert "UPS 1Z999, {parcel.expected}." in page.text
    page = await omar.post(f"{base}/replies", text="It comes {parcel.expected}.", seen="9", client_id="web-00000001")
    assert page.status_code == 409
    assert "The answer has a blank without a value." in page.text
    assert "It comes {parcel.expected}." in page.text


async def test_with_two_orders_the_agent_chooses(world: World, ticket: Ticket, open_browser: OpenBrowser) -> None:
    await proved(ticket)
    other = await shipped(world, "#1002", "1Z222")
    await link_order(ticket.id, other.id, Actor.of(world.omar))
    await macro(world, world.omar)
    omar, base = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    name = (await Macro.get()).public_id
    used = (await omar.fetch(f"{base}/macros", macro=name)).json()
    assert [option["label"] for option in used["choices"][0]["options"]] == ["#1001", "#1002"]
    used = (await omar.fetch(f"{base}/macros", macro=name, order=other.public_id)).json()
    assert "order #1002: UPS 1Z222" in used["text"]
    assert used["choices"] == []
    stranger = await make_order(world.chaye, "#9", email="lin@example.com")
    used = (await omar.fetch(f"{base}/macros", macro=name, order=stranger.public_id)).json()
    assert "#9" not in used["text"]


async def test_whose_macros(world: World, ticket: Ticket, open_browser: OpenBrowser) -> None:
    own = await macro(world, world.omar)
    mei, wei, base = await open_browser(world.mei), await open_browser(world.wei), f"/console/tickets/{ticket.number}"
    assert (await mei.client.get(f"{base}/macros", headers={"accept": "application/json"})).json() == {"macros": []}
    assert (await mei.fetch(f"{base}/macros", macro=own.public_id)).status_code == 404
    assert (await mei.get(f"/console/macros/lumen/{own.public_id}")).status_code == 404
    assert (await wei.fetch(f"{base}/macros", macro=own.public_id)).status_code == 404
    assert (await wei.get("/console/macros/lumen/new")).status_code == 404
    page = await mei.post("/console/macros/lumen/new", name="Mine", en="Hello", shared="1")
    assert page.status_code == 403
    assert "Only supervisors can write" in page.text
    assert (await mei.post("/console/macros/lumen/new", name="Mine", en="{order.nummer}")).status_code == 422
    assert (await mei.post("/console/macros/lumen/new", name="Mine", en="Hello", shortcut="way")).status_code == 303
    omar = await open_browser(world.omar)
    again = await omar.post("/console/macros/lumen/new", name="Again", en="Hello", shortcut="way")
    assert again.status_code == 409
    gone = await omar.post(f"/console/macros/lumen/{own.public_id}", do="retire")
    assert gone.status_code == 303
    assert (await omar.fetch(f"{base}/macros", macro=own.public_id)).status_code == 404


async def test_what_a_macro_does_is_done_to_the_ticket_whose_page_it_was(
    world: World, ticket: Ticket, open_browser: OpenBrowser
) -> None:
    """Also when another ticket of the same talk is newer, and nothing when the macro is gone meanwhile."""
    thanks = await macro(world, world.omar, "Thank you!", actions={"tag": "kind"})
    other = await open_ticket(ticket.conversation_id, "refund", Actor.of(world.sue), subject="And my money")
    omar, base = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    words = {"text": "Thank you!", "seen": "9", "macro": thanks.public_id}
    assert (await omar.fetch(f"{base}/replies", **words, client_id="web-00000001")).status_code == 201
    assert await TicketTag.filter(ticket_id=ticket.id).count() == 1
    assert not await TicketTag.filter(ticket_id=other.id).exists()
    await retire_macro(world.omar, world.lumen, thanks.public_id)
    assert (await omar.fetch(f"{base}/replies", **words, client_id="web-00000002")).status_code == 201
    assert await TimelineEntry.filter(action="macro_used").count() == 1
