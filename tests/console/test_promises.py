"""The list of promises, and the form beside a ticket that makes one."""

import html
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from core.clock import FrozenClock, now
from core.people import Actor
from core.promises import Promise
from tests.console.conftest import Browser, Talk
from tests.people import World
from tickets.clockwork import look_at_clocks
from tickets.models import Ticket
from tickets.promising import promise_to_customer

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
HERE = "/console/promises"


async def test_an_agent_promises_in_the_shops_zone_and_keeps_it(
    world: World, talk: Talk, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    await world.lumen.filter(id=world.lumen.id).update(timezone="Europe/Berlin")
    ticket, _ = await talk.ticket(world.lumen, world.ines, "Where is it")
    browser = await open_browser(world.omar)
    assert f"/console/tickets/{ticket.number}/promises" in (await browser.get(f"/console/tickets/{ticket.number}")).text
    address = f"/console/tickets/{ticket.number}/promises"
    day = (now() + timedelta(days=2)).date().isoformat()
    assert (await browser.post(address, text="We <call>", at=f"{day}T12:00")).status_code == 303
    made = await Promise.get(kind="agent")
    assert made.due_at.isoformat() in (f"{day}T11:00:00+00:00", f"{day}T10:00:00+00:00")
    for no_time in ("soon", "0001-01-01T00:00", "9999-12-31T23:59"):
        assert (await browser.post(address, text="x", at=no_time)).status_code == 422
    page = (await browser.get(HERE)).text
    assert "We &lt;call&gt;" in page
    assert f"Ticket {ticket.number}" in page
    wei = await open_browser(world.wei)
    assert "We &lt;call&gt;" not in (await wei.get(HERE)).text
    assert (await wei.post(f"{HERE}/{made.public_id}", do="kept")).status_code == 404
    assert (await browser.post(f"{HERE}/{made.public_id}", do="kept")).status_code == 303
    assert (await browser.post(f"{HERE}/{made.public_id}", do="kept")).status_code == 409
    assert "We &lt;call&gt;" not in (await browser.get(HERE)).text


async def test_the_list_speaks_chinese(world: World, talk: Talk, open_browser: OpenBrowser) -> None:
    await world.omar.filter(id=world.omar.id).update(language="zh")
    await talk.ticket(world.lumen, world.ines, "Where is it")
    browser = await open_browser(world.omar)
    await browser.get(HERE)
    assert "承诺" in browser.page
    assert "没有这样的承诺" in (await browser.get(f"{HERE}?view=broken")).text
    assert "首次回复" in (await browser.get(f"{HERE}?view=soon&after=prm_none")).text


async def test_what_presses_is_counted_and_listed(
    world: World, talk: Talk, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    ticket, _ = await talk.ticket(world.lumen, world.ines, "Where is it")
    await look_at_clocks()
    clock.advance(timedelta(hours=2))
    await look_at_clocks()
    sue, mei = await open_browser(world.sue), await open_browser(world.mei)
    counted = 'data-count="promises">1</span>'
    assert counted in (await sue.get(HERE)).text
    assert counted not in (await mei.get(HERE)).text, "it is nobody's yet"
    rows = html.unescape((await sue.get("/console?fragment=rows")).text)
    assert '"promises": "1"' in rows
    page = (await sue.get(f"{HERE}?view=clocks")).text
    for words in ("Where is it", f"Ticket {ticket.number}", "first reply", "late", "Nobody"):
        assert words in page
    assert "Where is it" not in (await sue.get(f"{HERE}?view=clocks&after={ticket.number}")).text
    assert "Where is it" in (await sue.get(f"{HERE}?view=clocks&after=nonsense")).text
    assert "Where is it" not in (await (await open_browser(world.wei)).get(f"{HERE}?view=clocks")).text
    await Ticket.filter(id=ticket.id).update(assignee_id=world.mei.id)
    assert counted in (await mei.get(HERE)).text


@pytest.mark.parametrize(("said", "state"), [("kept", "kept"), ("withdrawn", "withdrawn"), ("stay", "open")])
async def test_who_resolves_says_what_became_of_promises(
    world: World, talk: Talk, open_browser: OpenBrowser, said: str, state: str
) -> None:
    ticket, _ = await talk.ticket(world.lumen, world.ines, "Where is it")
    made = await promise_to_customer(ticket.id, "We call", now() + timedelta(days=1), Actor.of(world.omar))
    browser, address = await open_browser(world.omar), f"/console/tickets/{ticket.number}"
    assert "1 promise is open" in (await browser.get(address)).text
    refused = await browser.fetch(f"{address}/resolution")
    assert (refused.status_code, refused.json()["code"]) == (409, "promises_open")
    assert (await browser.post(f"{address}/resolution", promises=said)).status_code == 303
    assert (await Promise.get(id=made.id)).state == state
    assert (await Ticket.get(id=ticket.id)).status == "resolved"
