"""Cancelling from the desk: the button beside the order, the shop's answer, and a person's where one has to look."""

from collections.abc import Awaitable, Callable

import pytest

from app.gateways.simulators.keys import demo_secrets
from app.reactions import connect
from app.realtime.hub import Hub
from core.events import use_bus
from core.promises import KEPT, OPEN, Promise
from core.shops import Shop
from orders.claims.models import DONE, REFUSED, REQUESTED, Claim
from orders.models import Order
from orders.statuses import Closure
from tests.console.conftest import Browser, Talk
from tests.orders.claiming import PAID, an_order, work
from tests.people import World
from tickets.models import Ticket, TimelineEntry

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def opened(world: World, talk: Talk) -> tuple[Ticket, Order]:
    """Ines's ticket about an order of a demo shop that nobody has packed."""
    use_bus(connect(Hub()))
    secrets = demo_secrets("lumen") | {"api": ["whsec_c2VjcmV0LW9mLXRoZS1zaG9w"]}
    await Shop.filter(id=world.lumen.id).update(demo=True, platform="shopify", secrets=secrets, currency="USD")
    order = await an_order(await Shop.get(id=world.lumen.id), *PAID)
    ticket, _ = await talk.ticket(world.lumen, world.ines, "Please cancel it", order_ids=[order.id])
    return ticket, order


async def test_an_agent_cancels_and_sees_the_answer(
    opened: tuple[Ticket, Order], world: World, open_browser: OpenBrowser
) -> None:
    ticket, order = opened
    page, base = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    assert "Cancel and refund" in (await page.get(base)).text
    done = await page.post(f"{base}/cancellation", order=order.public_id, version=str(order.version))
    assert done.status_code in (200, 303)
    assert (await Claim.get()).state == REQUESTED
    await work("claim.act", "claim.tell")
    await order.refresh_from_db()
    shown = (await page.get(base)).text
    assert order.closure == Closure.CANCELLED
    assert "Cancel and refund" not in shown
    assert "claim_done" in [entry.action for entry in await TimelineEntry.filter(ticket_id=ticket.id)]


async def test_a_stale_page_and_orders_of_others_are_refused(
    opened: tuple[Ticket, Order], world: World, open_browser: OpenBrowser
) -> None:
    ticket, order = opened
    page, base = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    stale = {"order": order.public_id, "version": str(order.version + 1)}
    assert (await page.post(f"{base}/cancellation", **stale)).status_code == 409
    assert (await page.post(f"{base}/cancellation", order="ord_nothing")).status_code == 404
    stranger = await open_browser(world.wei)
    assert (await stranger.post(f"{base}/cancellation", order=order.public_id)).status_code == 404
    assert await Claim.all().count() == 0


@pytest.mark.parametrize(("possible", "state"), [("1", DONE), ("0", REFUSED)])
async def test_a_person_answers_where_the_shop_cannot_be_told(
    opened: tuple[Ticket, Order], world: World, open_browser: OpenBrowser, possible: str, state: str
) -> None:
    ticket, order = opened
    await Shop.filter(id=world.lumen.id).update(demo=False)
    page, base = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    await page.post(f"{base}/cancellation", order=order.public_id)
    claim = await Claim.get()
    assert "It has left" in (await page.get(base)).text
    assert await Promise.filter(kind="cancellation", subject=ticket.public_id, state=OPEN).count() == 1
    await page.post(f"{base}/claims/{claim.public_id}/answer", possible=possible)
    await claim.refresh_from_db()
    assert (claim.state, claim.answered_by) == (state, "Omar")
    assert (await Promise.get(kind="cancellation")).state == KEPT
    again = await page.post(f"{base}/claims/{claim.public_id}/answer", possible=possible)
    assert again.status_code == 409


async def test_an_agent_sends_it_elsewhere(
    opened: tuple[Ticket, Order], world: World, open_browser: OpenBrowser
) -> None:
    ticket, order = opened
    page, base = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    assert "Send to another address" in (await page.get(base)).text
    where = {"order": order.public_id, "lines": "1 Elm St\n\n Flat 2 ", "city": "Salem", "country": "us"}
    refused = await page.fetch(f"{base}/address", **where | {"country": "Oregon"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_address")
    assert (await page.fetch(f"{base}/address", **where | {"city": " "})).json()["code"] == "bad_address"
    assert (await page.post(f"{base}/address", **where | {"order": "ord_nothing"})).status_code == 404
    assert (await page.post(f"{base}/address", version=str(order.version), **where)).status_code in (200, 303)
    claim = await Claim.get()
    assert (claim.what, claim.case_id) == ("address", ticket.public_id)
    assert claim.address == {"country": "US", "city": "Salem", "lines": ["1 Elm St", "Flat 2"]}
    stranger = await open_browser(world.wei)
    assert (await stranger.post(f"{base}/address", **where)).status_code == 404
