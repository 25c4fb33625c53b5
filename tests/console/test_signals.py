"""Abuse signals on the desk: read from real cases, shown to agents with what shows them, to nobody else."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from core.audit import AuditEntry
from core.clock import now
from core.people import Actor
from orders.abuse import SignalCode
from orders.models import Dispute, Order
from orders.refunds.case import Reason
from tests.console.conftest import Browser
from tests.heard import counted
from tests.people import World
from tests.tickets.sold import asks, sold
from tickets.abuse_signals import signals_for
from tickets.aftersales.kinds import Kind
from tickets.aftersales.opening import Wanted, open_case
from tickets.aftersales.scope import Asked

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("clock")]
OpenBrowser = Callable[..., Awaitable[Browser]]


async def lost(world: World, name: str, ago: timedelta) -> Order:
    order = await sold(world.lumen, name=name, ago=ago)
    wanted = Wanted(kind=Kind.REFUND_ONLY, reason=Reason.LOST, lines=(Asked(line="lamp", units=1),))
    await open_case((await asks(world)).id, order.id, wanted, Actor.of(world.omar))
    return order


async def test_what_agents_see_of_a_contact(world: World, open_browser: OpenBrowser) -> None:
    first = await lost(world, "1001", timedelta(days=3))
    browser = await open_browser(world.omar)
    assert "Nothing stands out" in (await browser.get(f"/console/orders/{first.public_id}/signals")).text
    second = await lost(world, "1002", timedelta(minutes=12))
    await Order.filter(id=first.id).update(refund="full")
    await Dispute.create(order=first, source_id="dp_1", state="needs_response", currency="EUR", opened_at=now())
    page = (await browser.get(f"/console/orders/{second.public_id}/signals")).text
    for words in (
        "2 items in 90 days were reported as not received.",
        "12 minutes after the delivery scan",
        "disputed with the bank",
        "Total weight: 90 of 100",
        f'href="/console/orders/{first.public_id}"',
    ):
        assert words in page
    looks = await AuditEntry.filter(action="order.read", subject=second.public_id)
    assert {"purpose": "signals"} in [entry.detail for entry in looks]
    assert f"{second.public_id}/signals" in (await browser.get(f"/console/orders/{second.public_id}")).text
    wei = await open_browser(world.wei)
    assert (await wei.get(f"/console/orders/{second.public_id}/signals")).status_code == 404
    assert (await browser.get("/console/orders/1002/signals")).status_code == 404
    world.omar.language = "zh"
    await world.omar.save(update_fields=["language"])
    assert "派送扫描后 12 分钟" in (await browser.get(f"/console/orders/{second.public_id}/signals")).text


async def test_a_stranger_with_the_same_name_is_nobody(world: World) -> None:
    await lost(world, "1001", timedelta(days=3))
    await lost(world, "1002", timedelta(days=2))
    other = await sold(world.lumen, name="1003", email="ivo@example.com")
    assert await signals_for(other) == ()
    nameless = await sold(world.lumen, name="1004", email="")
    await Order.filter(id=nameless.id).update(email=None, phone=None)
    assert await signals_for(await Order.get(id=nameless.id)) == ()
    ours = await Order.get(number="#1001")
    with counted() as statements:
        found = await signals_for(ours)
    assert [each.code for each in found] == [SignalCode.NOT_RECEIVED]
    assert len(statements) == 5
