"""Answering from a ticket: nothing is sent on an order that has moved on, and what is sent can be undone."""

import re
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from app.realtime.hub import Hub
from conversations.models import Conversation, Message
from core.people import Agent
from orders.models import Order, Shipment
from tests.console.conftest import Browser, Talk
from tests.people import World, make_order
from tickets.models import Ticket

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
SENT = ("seen", "client_id", "orders")


@pytest.fixture
async def order(world: World) -> Order:
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    await Order.filter(id=order.id).update(headline="shipped")
    await Shipment.create(
        public_id="par_1", order=order, source_id="1", carrier="DHL", tracking_number="JD01", state="in_transit"
    )
    return order


@pytest.fixture
async def asked(world: World, talk: Talk, order: Order, hub: Hub) -> tuple[Ticket, Conversation]:
    return await talk.ticket(world.lumen, world.ines, "Where is my lamp?", order_ids=[order.id])


async def deliver(order: Order) -> None:
    await Shipment.filter(order_id=order.id).update(state="delivered")
    await Order.filter(id=order.id).update(headline="delivered", version=order.version + 1)


async def test_two_agents_answer_and_the_second_sees_what_is_new(
    world: World, asked: tuple[Ticket, Conversation], order: Order, open_browser: OpenBrowser
) -> None:
    path = f"/console/tickets/{asked[0].number}"
    omar, mei = await open_browser(world.omar), await open_browser(world.mei)
    for browser in (omar, mei):
        await browser.get(path)
    answer = await omar.post(f"{path}/replies", text="On its way", **{name: omar.hidden(name) for name in SENT})
    assert answer.status_code == 303
    await deliver(order)
    fields = {name: mei.hidden(name) for name in SENT} | {"take_over": "1"}
    answer = await mei.fetch(f"{path}/replies", text="It is on its way", **fields)
    assert (answer.status_code, answer.json()["code"]) == (409, "order_changed")
    [changed] = answer.json()["data"]["orders"]
    assert changed["number"] == "#1001"
    assert changed["lines"] == [
        {"what": "Stage", "before": "On its way", "after": "Delivered"},
        {"what": "Parcel DHL JD01", "before": "On its way", "after": "Delivered"},
    ]
    assert await Message.filter(author_kind="agent").count() == 1
    page = await mei.post(f"{path}/replies", text="It is on its way", **fields)
    assert page.status_code == 409
    assert "The order has changed since you looked." in page.text
    assert "<s>On its way</s> → <b>Delivered</b>" in page.text
    assert "It is on its way</textarea>" in page.text
    again = {name: mei.hidden(name) for name in SENT} | {"take_over": "1"}
    assert (await mei.post(f"{path}/replies", text="It has arrived", **again)).status_code == 303
    said = await Message.filter(author_kind="agent").order_by("number")
    assert [message.text for message in said] == ["On its way", "It has arrived"]


async def test_order_and_thread_are_refused_in_one_answer(
    world: World, asked: tuple[Ticket, Conversation], order: Order, talk: Talk, open_browser: OpenBrowser
) -> None:
    path, browser = f"/console/tickets/{asked[0].number}", await open_browser(world.omar)
    await browser.get(path)
    await deliver(order)
    await talk.says(asked[1], world.ines, "It came!")
    fields = {name: browser.hidden(name) for name in SENT}
    data = (await browser.fetch(f"{path}/replies", text="Soon", **fields)).json()["data"]
    assert (data["last"], len(data["orders"])) == (2, 1)


async def test_words_that_were_said_already_are_not_refused_when_sent_again(
    world: World, asked: tuple[Ticket, Conversation], order: Order, open_browser: OpenBrowser
) -> None:
    path, browser = f"/console/tickets/{asked[0].number}", await open_browser(world.omar)
    await browser.get(path)
    fields = {name: browser.hidden(name) for name in SENT}
    first = await browser.fetch(f"{path}/replies", text="Soon", **fields)
    await deliver(order)
    again = await browser.fetch(f"{path}/replies", text="Soon", **fields)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["number"] == again.json()["number"]


async def test_what_a_browser_makes_up_about_orders_does_no_harm(
    world: World, asked: tuple[Ticket, Conversation], order: Order, open_browser: OpenBrowser
) -> None:
    path, browser = f"/console/tickets/{asked[0].number}", await open_browser(world.omar)
    await deliver(order)
    odd = f'{{"{order.public_id}":{{"v":1,"f":{{"headline":"<b>","promise":"x","parcel par_1":"?","refund r":"1"}}}}}}'
    answer = await browser.fetch(f"{path}/replies", text="Soon", client_id="web-odd-1", seen="9", orders=odd)
    assert answer.status_code == 409
    nonsense = await browser.fetch(f"{path}/replies", text="Soon", client_id="web-odd-1", seen="9", orders="[")
    assert (nonsense.status_code, nonsense.json()["code"]) == (422, "bad_sights")


@pytest.fixture
async def omar(world: World, asked: tuple[Ticket, Conversation], open_browser: OpenBrowser) -> Browser:
    """Omar can undo for ten seconds, and has the ticket before him."""
    await Agent.filter(id=world.omar.id).update(undo_seconds=10)
    browser = await open_browser(world.omar)
    await browser.get(f"/console/tickets/{asked[0].number}")
    return browser


async def send(browser: Browser, ticket: Ticket, text: str, **more: str) -> httpx2.Response:
    fields = {name: browser.hidden(name) for name in SENT} | {"client_id": f"web-{len(text)}-{text[:5]}"}
    return await browser.fetch(f"/console/tickets/{ticket.number}/replies", text=text, **fields | more)


async def test_a_reply_is_held_undone_and_sent_without_scripts(
    asked: tuple[Ticket, Conversation], omar: Browser
) -> None:
    path = f"/console/tickets/{asked[0].number}"
    fields = {name: omar.hidden(name) for name in SENT}
    answer = await omar.post(f"{path}/replies", text="It is <late>", **fields)
    assert answer.headers["location"] == f"{path}?said=held"
    page = (await omar.get(answer.headers["location"])).text
    assert "Sending in a moment" in page
    assert '<p class="words">It is &lt;late&gt;</p>' in page
    undo = re.findall(r'action="(/console/tickets/\d+/held/hld_\w+/undo)"', page)[0]
    assert [page.count(mark) for mark in ("data-undo>", "data-now>")] == [1, 1], "as on the lines that the script makes"
    answer = await omar.post(undo)
    assert answer.headers["location"] == f"{path}?said=undone"
    page = (await omar.get(path)).text
    assert "It is &lt;late&gt;</textarea>" in page
    again = await omar.post(undo)
    assert again.status_code == 409
    assert "This text is back in the composer." in again.text
    fields = {name: omar.hidden(name) for name in SENT}
    await omar.post(f"{path}/replies", text="It arrives today", **fields)
    page = (await omar.get(path)).text
    answer = await omar.post(re.findall(r'action="(/console/tickets/\d+/held/hld_\w+/now)"', page)[0])
    assert answer.headers["location"] == f"{path}?said=replied"
    assert [m.text for m in await Message.filter(author_kind="agent")] == ["It arrives today"]
    assert "It is" not in (await omar.get(path)).text.partition("<textarea")[2].partition("</textarea>")[0]


async def test_what_follows_a_held_reply_comes_after_it(asked: tuple[Ticket, Conversation], omar: Browser) -> None:
    ticket = asked[0]
    answer = await send(omar, ticket, "It arrives today")
    assert answer.status_code == 202
    assert 0 < answer.json()["left"] <= 10
    assert (await omar.fetch(f"/console/tickets/{ticket.number}/resolution")).status_code == 200
    assert [m.text for m in await Message.filter(author_kind="agent")] == ["It arrives today"]
    await ticket.refresh_from_db()
    assert (ticket.status, ticket.first_replied_at is not None) == ("resolved", True)


async def test_the_first_reply_counts_when_it_is_said(asked: tuple[Ticket, Conversation], omar: Browser) -> None:
    ticket = asked[0]
    held = (await send(omar, ticket, "It arrives today")).json()
    await ticket.refresh_from_db()
    assert ticket.first_replied_at is None
    assert (await omar.fetch(f"/console/tickets/{ticket.number}/held/{held['id']}/now")).json() == {"number": 2}
    await ticket.refresh_from_db()
    assert ticket.first_replied_at is not None


async def test_a_held_reply_that_was_overtaken_says_why(
    world: World, asked: tuple[Ticket, Conversation], order: Order, talk: Talk, omar: Browser
) -> None:
    ticket = asked[0]
    held = (await send(omar, ticket, "It arrives today")).json()
    await deliver(order)
    await talk.says(asked[1], world.ines, "It came!")
    path = f"/console/tickets/{ticket.number}"
    answer = await omar.fetch(f"{path}/held/{held['id']}/now")
    assert (answer.status_code, answer.json()["code"]) == (409, "order_changed")
    assert answer.json()["data"]["orders"][0]["lines"][0]["after"] == "Delivered"
    page = (await omar.get(path)).text
    assert "It arrives today</textarea>" in page
    assert "<b>Delivered</b>" in page
    drafts = (await omar.get(f"{path}/drafts", accept="application/json")).json()
    assert drafts["reply"]["text"] == "It arrives today"


async def test_drafts_go_with_their_agent(
    world: World, asked: tuple[Ticket, Conversation], omar: Browser, open_browser: OpenBrowser
) -> None:
    path = f"/console/tickets/{asked[0].number}"
    fields = {"mode": "note", "client_id": "web-note-1", "seen": "1", "orders": "{}", "version": "0"}
    answer = await omar.fetch(f"{path}/drafts", text="She is cross", **fields)
    assert answer.json() == {"version": 1}
    moved = await omar.fetch(f"{path}/drafts", text="She is very cross", **fields)
    assert (moved.status_code, moved.json()["code"]) == (409, "draft_moved")
    phone, mei = await open_browser(world.omar), await open_browser(world.mei)
    page = (await phone.get(path)).text
    assert "She is cross</textarea>" in page
    assert 'id="as-note" checked' in page
    assert "row-draft" in (await phone.get("/console?view=all")).text
    assert "She is cross" not in (await mei.get(path)).text
    assert "row-draft" not in (await mei.get("/console?view=all")).text
    await phone.fetch(f"{path}/notes", text="She is cross", client_id="web-note-1")
    assert "She is cross</textarea>" not in (await omar.get(path)).text


async def test_how_long_is_the_agents_choice(asked: tuple[Ticket, Conversation], omar: Browser) -> None:
    assert '<option value="10" selected>' in (await omar.get("/console/account")).text
    assert (await omar.post("/console/account/writing", undo_seconds="0", single_keys="off")).status_code == 303
    page = (await omar.get(f"/console/tickets/{asked[0].number}")).text
    assert '"single_keys": false' in page
    assert (await send(omar, asked[0], "At once")).status_code == 201
    assert (await omar.post("/console/account/writing", undo_seconds="7")).status_code == 422
