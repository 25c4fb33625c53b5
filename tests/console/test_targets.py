"""Supervisors give their shops targets for the clocks."""

from collections.abc import Awaitable, Callable

import pytest

from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.shops import Shop
from tests.console.conftest import Browser, Talk
from tests.people import World
from tickets.clockwork import clocks_of, look_at_clocks
from tickets.models import Ticket

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
HERE = "/console/targets"


async def test_clocks_follow_what_a_supervisor_sets(
    world: World, talk: Talk, open_browser: OpenBrowser, clock: FrozenClock
) -> None:
    ticket, _ = await talk.ticket(world.lumen, world.ines, "Where is it", priority="urgent")
    await look_at_clocks()
    browser = await open_browser(world.sue)
    page = (await browser.get(HERE)).text
    assert 'name="urgent.resolution"' in page
    assert 'placeholder="480"' in page
    assert "茶野" not in page, "not a shop of hers"
    fields = {"urgent.first_reply": "5", "urgent.resolution": "240", "low.next_reply": ""}
    assert (await browser.post(f"{HERE}/lumen", **fields)).status_code == 303
    shop = await Shop.get(key="lumen")
    assert shop.targets == {"urgent": {"first_reply": 5, "resolution": 240}}
    assert await look_at_clocks() == 1
    dues = {each.kind: each.due_at for each in await clocks_of(await Ticket.get(id=ticket.id), now())}
    assert dues["resolution"] is not None
    assert (dues["resolution"] - ticket.created_at).total_seconds() == 240 * 60
    entry = await AuditEntry.get(action="shop.targets_set")
    assert (entry.actor_id, entry.detail["targets"]) == (world.sue.id, shop.targets)
    assert 'value="240"' in (await browser.get(HERE)).text
    assert (await browser.post(f"{HERE}/lumen")).status_code == 303
    assert (await Shop.get(key="lumen")).targets is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"urgent.first_reply": "0"}, "bad_target"),
        ({"urgent.first_reply": "soon"}, "bad_target"),
        ({"urgent.first_reply": "86401"}, "bad_target"),
        ({"urgent.lunch": "5"}, "bad_target"),
        ({"dire.first_reply": "5"}, "bad_target"),
        ({"urgent.first_reply": "500"}, "target_order"),
    ],
)
async def test_what_is_no_target_is_refused(
    world: World, open_browser: OpenBrowser, fields: dict[str, str], code: str
) -> None:
    browser = await open_browser(world.sue)
    answer = await browser.fetch(f"{HERE}/lumen", **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await browser.post(f"{HERE}/lumen", **fields)).status_code == 422
    assert (await Shop.get(key="lumen")).targets is None


async def test_whose_targets(world: World, open_browser: OpenBrowser) -> None:
    assert (await (await open_browser(world.omar)).get(HERE)).status_code == 403
    assert (await (await open_browser(world.sue)).post(f"{HERE}/chaye")).status_code == 404
