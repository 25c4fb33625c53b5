"""What a ticket is about at the desk: lines and parcels with reasons, and what is missing is asked for in one click."""

from collections.abc import Awaitable, Callable

import pytest

from conversations.models import Message
from orders.models import OrderLine, Shipment
from tests.console.conftest import Browser, Talk
from tests.people import World, make_order
from tickets.models import Ticket, TicketLink

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


async def broken(world: World, talk: Talk) -> tuple[Ticket, OrderLine]:
    """林 has a broken cup."""
    order = await make_order(world.chaye, "1001")
    line = await OrderLine.create(order=order, source_id="1", title="白瓷杯", quantity=2, unit_price=100)
    await Shipment.create(public_id="par_1", order=order, source_id="1", carrier="顺丰", tracking_number="SF1")
    ticket, _ = await talk.ticket(world.chaye, world.lin, "杯子碎了", order_ids=[order.id])
    return ticket, line


async def test_a_line_is_linked_and_the_customer_is_asked_in_their_language(
    world: World, talk: Talk, open_browser: OpenBrowser
) -> None:
    ticket, line = await broken(world, talk)
    browser, base = await open_browser(world.wei), f"/console/tickets/{ticket.number}"
    page = (await browser.get(base)).text
    assert f'value="line:{line.id}"' in page
    assert "顺丰 SF1" in page
    await browser.post(f"{base}/links", what=f"line:{line.id}", reason="damaged", units="1")
    page = (await browser.get(base)).text
    assert "1001 · 1 × 白瓷杯 · Damaged" in page
    assert "A photo of it" in page
    await TicketLink.filter(ticket_id=ticket.id).update(reason="return_exchange")  # as the bot links what is wished
    page = (await browser.get(base)).text
    assert "1001 · 1 × 白瓷杯" in page
    assert "return_exchange" not in page
    await TicketLink.filter(ticket_id=ticket.id).update(reason="damaged")
    refused = await browser.post(f"{base}/resolution")
    assert refused.status_code == 409
    assert "Something is missing" in refused.text
    for _ in range(2):  # pressed twice, said once
        await browser.post(f"{base}/evidence/asking", need="photo", client_id="ask-00001")
    asked = await Message.filter(author_kind="agent")
    assert [message.text for message in asked] == ["为了尽快为您处理，麻烦您补充一下：\n请发一张能看清问题的照片。"]
    assert "Requested" in (await browser.get(base)).text
    await browser.post(f"{base}/evidence/photo/waiver")
    await browser.post(f"{base}/resolution")
    assert (await Ticket.get(id=ticket.id)).status == "resolved"
    assert "marked as not needed" in (await browser.get(base)).text


async def test_only_what_belongs_to_the_ticket_is_linked(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    ticket, line = await broken(world, talk)
    foreign = await make_order(world.chaye, "1002")
    other = await OrderLine.create(order=foreign, source_id="1", title="茶饼", quantity=1, unit_price=100)
    browser, base = await open_browser(world.wei), f"/console/tickets/{ticket.number}"
    for what, status in ((f"line:{other.id}", 404), ("parcel:77", 404), ("", 404)):
        assert (await browser.post(f"{base}/links", what=what)).status_code == status
    assert (await browser.post(f"{base}/links", what=f"line:{line.id}", reason="luck")).status_code == 422
    assert (await browser.post(f"{base}/links", what=f"line:{line.id}", units="9")).status_code == 422
    assert await TicketLink.all().count() == 1
    await browser.post(f"{base}/links", what=f"line:{line.id}")
    link = await TicketLink.get(line_id=line.id)
    await browser.post(f"{base}/links/{link.id}/removal")
    assert await TicketLink.all().count() == 1
