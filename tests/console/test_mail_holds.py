"""A ticket says to whom letters do not leave and why, and one click lets them."""

import re
from collections.abc import Awaitable, Callable

import pytest

from app.mail.holding import PAUSED, hold, holds_on
from core.people import Agent
from tests.console.conftest import Browser
from tests.mail.conftest import Letter
from tests.mail.test_bouncing import INES, answer, come_back
from tests.mail.test_receiving import answered, arrive
from tests.people import World
from tickets.models import Ticket

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


@pytest.mark.usefixtures("both_databases")
async def test_a_dead_address_is_named_and_tried_again_by_one_click(world: World, open_browser: OpenBrowser) -> None:
    await come_back(world, await answered(world))
    browser, ticket = await open_browser(world.omar), await Ticket.get()
    page = (await browser.get(f"/console/tickets/{ticket.number}")).text
    assert f"Email can’t reach {INES}. Nothing will be sent there until" in page
    assert "This address does not exist" in page
    assert "550 5.1.1 no such user" in page
    assert f"An email to {INES} bounced" in page
    lifting = re.search(r'action="(/console/tickets/\d+/mail-holds/unreachable/lifting)"', page)
    assert lifting
    assert (await browser.post(lifting[1], address="ben@example.net")).status_code == 404
    assert (await browser.post(lifting[1], address=INES)).headers["location"].endswith("said=mail_again")
    page = (await browser.get(f"/console/tickets/{ticket.number}?said=mail_again")).text
    assert "Email to this address is sent again." in page
    assert f"Omar resumed email to {INES}" in page
    assert "mail-hold" not in page
    assert (await answer(world)).state == "queued"


async def test_a_pause_says_since_when_in_the_agents_language(world: World, open_browser: OpenBrowser) -> None:
    await arrive(world.lumen, Letter())
    await hold(world.lumen.id, INES, PAUSED)
    await Agent.filter(id=world.omar.id).update(language="zh")
    path = f"/console/tickets/{(await Ticket.get()).number}"
    page = (await (await open_browser(world.omar)).get(path)).text
    assert re.search(rf"自 .{{8,24}} 起已暂停向 {INES} 自动回复", page)
    stranger = await open_browser(world.wei)
    assert (await stranger.post(f"{path}/mail-holds/paused/lifting", address=INES)).status_code == 404
    assert await holds_on(world.lumen.id, [INES])
