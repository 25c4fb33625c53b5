"""The page of the audit: who may see it, what it finds, and which looks at orders it knows of."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from core import audit
from core.audit import AuditEntry
from core.audit_chain import seal
from core.audit_search import entries_about
from core.clock import FrozenClock
from core.people import SYSTEM, Actor, Agent
from tests.console.conftest import Browser, Talk
from tests.heard import counted
from tests.people import World, make_order
from tickets.models import TicketLink

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


async def test_only_administrators_see_it(world: World, open_browser: OpenBrowser) -> None:
    for agent in (world.omar, world.sue):
        browser = await open_browser(agent)
        assert (await browser.get("/console/audit")).status_code == 403
        for page in ("/console", "/console/settings"):
            assert "/console/audit" not in (await browser.get(page)).text
    assert "/console/audit" in (await (await open_browser(world.ada)).get("/console/settings")).text


async def test_what_it_shows_and_finds(world: World, open_browser: OpenBrowser, clock: FrozenClock) -> None:
    await audit.note(Actor.of(world.omar), "order.read", "ord_1", purpose="<b>reply</b>")
    await seal()
    clock.advance(timedelta(days=2))
    await audit.note(Actor.of(world.mei), "orders.found", "ord_2", orders=["ord_2", "ord_1"])
    await audit.note(SYSTEM, "something.new", "shp_1")
    browser = await open_browser(world.ada)
    page = (await browser.get("/console/audit")).text
    assert "Looked at an order" in page
    assert "&lt;b&gt;reply" in page
    assert "something.new" in page  # what has no words yet is shown as it is
    assert "Wismo itself" in page
    assert "Sealed entries: 1" in page

    async def shown(query: str) -> list[str]:
        text = (await browser.get(f"/console/audit?{query}")).text.partition("<tbody>")[2]
        return [name for name in ("Omar", "Mei", "something.new") if name in text]

    assert await shown("subject=ord_1") == ["Omar", "Mei"]
    assert await shown("subject=ord_2") == ["Mei"]
    assert await shown(f"agent={world.omar.public_id}") == ["Omar"]
    assert await shown("action=orders.found") == ["Mei"]
    assert await shown("until=2026-03-03") == ["Omar"]
    assert await shown("since=2026-03-04&until=2026-03-04") == ["Mei", "something.new"]
    assert await shown("since=2026-03-05&until=never&before=x") == []
    assert "No entry matches" in browser.page


async def test_pages_follow_each_other_with_the_same_filters(world: World, open_browser: OpenBrowser) -> None:
    for number in range(53):
        await audit.note(Actor.of(world.omar), "order.read", "ord_1", number=number)
        await audit.note(Actor.of(world.mei), "order.read", "ord_2")
    browser = await open_browser(world.ada)
    with counted() as few:
        first = (await browser.get(f"/console/audit?agent={world.omar.public_id}")).text
    assert first.count("ord_1</a>") == 50
    assert "ord_2" not in first
    further = first.partition(">Older ones<")[0].rpartition('href="')[2].rpartition('"')[0].replace("&amp;", "&")
    with counted() as again:
        second = (await browser.get(further)).text
    assert second.count("ord_1</a>") == 3
    assert "&#34;number&#34;: 2}" in second
    assert len(few) == len(again)


async def test_it_speaks_chinese(world: World, open_browser: OpenBrowser) -> None:
    await Agent.filter(id=world.ada.id).update(language="zh")
    await audit.note(Actor.of(world.omar), "order.read", "ord_1")
    page = (await (await open_browser(world.ada)).get("/console/audit")).text
    assert "查看了订单" in page
    assert "尚未封存" in page


async def test_suggested_orders_are_looked_at_too(world: World, open_browser: OpenBrowser, talk: Talk) -> None:
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    ticket, _ = await talk.ticket(world.lumen, world.ines, "Where is my lamp?", order_ids=[order.id])
    await TicketLink.filter(ticket_id=ticket.id).update(confirmed=False)
    await (await open_browser(world.omar)).get(f"/console/tickets/{ticket.number}")
    looks = [(one.action, one.actor_id, one.detail["purpose"]) async for one in entries_about(order.public_id)]
    assert looks == [("orders.listed", world.omar.id, "suggestions")]


async def test_teams_are_written_down(world: World, open_browser: OpenBrowser) -> None:
    browser = await open_browser(world.ada)
    await browser.get("/console/teams")
    assert (await browser.post("/console/teams", name="Refunds")).status_code == 303
    entry = await AuditEntry.get(action="team.created")
    assert (entry.actor_id, entry.detail) == (world.ada.id, {"name": "Refunds", "shop": None})
