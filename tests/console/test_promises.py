"""The list of promises, and the form beside a ticket that makes one."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from core.clock import FrozenClock, now
from core.promises import Promise
from tests.console.conftest import Browser, Talk
from tests.people import World

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
