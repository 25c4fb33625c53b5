"""Answering from the page of a ticket: nothing is sent on an order that has moved on."""

from collections.abc import Awaitable, Callable

import pytest

from app.realtime.hub import Hub
from conversations.models import Conversation, Message
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
