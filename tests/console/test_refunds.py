"""Money from the desk: the form with its calculation, the confirmed sum, the panel, and what is tried against it."""

import re
from collections.abc import Awaitable, Callable

import pytest

from app.gateways.refund_simulator import SimulatedRefunds
from core.audit import AuditEntry
from core.clock import FrozenClock
from core.people import Actor, Agent
from orders.models import Order
from orders.refunds.case import Reason, Request
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.requesting import request_refund
from tests.console.conftest import Browser, Talk
from tests.heard import counted
from tests.orders.refunding import bought, open_account, work
from tests.people import World
from tickets.models import Ticket

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]


class Desk:
    """Omar, who may send back 30 USD alone, with Ines's ticket about two lamps of 25 USD and a shade of 9."""

    def __init__(self, browser: Browser, ticket: Ticket, order: Order) -> None:
        self.browser, self.ticket, self.order = browser, ticket, order
        self.here = f"/console/tickets/{ticket.number}"

    async def fills(self, do: str, *fields: dict[str, str], by: Browser | None = None) -> tuple[int, str]:
        """The form; returns the status and the page that answers."""
        form = {"order": self.order.public_id, "currency": "USD", "reason": "damaged", "do": do, "units-lamp": "0"}
        for more in fields:
            form |= more
        answer = await (by or self.browser).post(f"{self.here}/refunds", **form)
        return answer.status_code, answer.text

    async def confirms(self, fields: dict[str, str], by: Browser | None = None) -> int:
        """Look at the calculation, then press its button."""
        await self.fills("preview", fields, by=by)
        status, _ = await self.fills("send", fields, self.shown(by), by=by)
        return status

    def shown(self, browser: Browser | None = None) -> dict[str, str]:
        """What the page carries to its button."""
        return {name: (browser or self.browser).hidden(name) for name in HIDDEN}

    async def panel(self) -> str:
        return (await self.browser.get(self.here)).text


HIDDEN = ("version", "expected", "attempt", "client_key")


@pytest.fixture
async def desk(world: World, talk: Talk, open_browser: OpenBrowser, clock: FrozenClock) -> Desk:
    order = await bought(world.lumen, ("lamp", 2, 25_00), ("shade", 1, 9_00), shipping=5_00, email="ines@example.com")
    await open_account(world.lumen)
    ticket, _ = await talk.ticket(world.lumen, world.ines, "My lamp is broken", order_ids=[order.id])
    return Desk(await open_browser(world.omar), ticket, order)


async def test_the_calculation_is_shown_line_by_line_before_anything_is_asked(desk: Desk) -> None:
    page = (await desk.browser.get(f"{desk.here}/refunds/new?order={desk.order.public_id}")).text
    assert "2 of 2 left" in page
    assert "$64.00 of the payments is left" in page
    assert await AuditEntry.exists(subject=desk.order.public_id, action="order.read")
    _, page = await desk.fills("preview", {"units-lamp": "1"})
    for words in ("$25.00", "Shipping", "$2.12", "Refund $27.12", "Simulator", "How it was calculated"):
        assert words in page
    assert "Somebody else has to approve it." not in page
    _, fragment = await desk.fills("try", {"units-lamp": "2"})
    assert "<html" not in fragment
    for words in (
        "Request a refund of $54.24",
        "Somebody else has to approve it.",
        "$30.00 without approval.",
    ):
        assert words in fragment
    assert not await RefundIntent.exists()


async def test_signs_of_abuse_stand_above_the_form(desk: Desk, world: World) -> None:
    earlier = [await bought(world.lumen, ("lamp", 1, 5_00), email="ines@example.com") for _ in range(2)]
    for order in earlier:
        await request_refund(order.id, order.public_id, Request(reason=Reason.LOST), Actor.of(world.omar))
    page = (await desk.browser.get(f"{desk.here}/refunds/new?order={desk.order.public_id}")).text
    assert "2 items in 90 days were reported as not received." in page
    evidence = (await desk.browser.get(f"/console/orders/{desk.order.public_id}/signals")).text
    assert all(order.number in evidence for order in earlier)


async def test_deductions_that_are_not_allowed_are_not_kept(desk: Desk) -> None:
    _, page = await desk.fills("preview", {"units-lamp": "1", "restocking": "3.00", "reason": "changed_mind"})
    assert "Restocking fee" in page
    assert "Refund $22.00" in page
    _, page = await desk.fills("preview", {"units-lamp": "1", "restocking": "3.00"})
    assert "Restocking fee: can’t be deducted here" in page
    assert "Refund $27.12" in page


async def test_a_line_is_refunded_to_its_end(desk: Desk, clock: FrozenClock) -> None:
    assert await desk.confirms({"units-lamp": "1", "note": "Photo <b>seen</b>"}) == 303
    intent = await RefundIntent.get()
    assert (intent.amount, intent.state, intent.requested_name) == (27_12, "created", "Omar")
    assert "About to be sent" in await desk.panel()
    assert "Photo &lt;b&gt;seen&lt;/b&gt;" in desk.browser.page
    await work(SimulatedRefunds(), clock)
    page = await desk.panel()
    assert "Refunded" in page
    assert f"sim_{(await RefundPart.get()).public_id}" in page
    _, page = await desk.fills("preview")
    assert "1 of 2 left" in page


async def test_pressing_twice_and_pressing_with_another_amount(desk: Desk) -> None:
    await desk.fills("preview", {"units-lamp": "1"})
    shown = desk.shown()
    assert (await desk.fills("send", shown, {"units-lamp": "1"}))[0] == 303
    assert (await desk.fills("send", shown, {"units-lamp": "1"}))[0] == 303
    status, page = await desk.fills("send", shown, {"units-lamp": "1", "amount": "26.00"})
    assert status == 409
    assert 'value="26.00"' in page  # nothing that was typed is lost
    assert await RefundIntent.all().count() == 1


async def test_an_order_that_moved_on_is_shown_again(desk: Desk) -> None:
    await desk.fills("preview", {"units-lamp": "1"})
    shown = desk.shown()
    await Order.filter(id=desk.order.id).update(version=desk.order.version + 1)
    status, page = await desk.fills("send", shown, {"units-lamp": "1"})
    assert status == 409
    assert "The order has changed, and the refund is still $27.12." in page
    status, page = await desk.fills("send", desk.shown(), {"expected": "2500", "units-lamp": "1"})
    assert status == 409
    assert "It was $25.00, now it is $27.12." in page
    assert (await desk.fills("send", desk.shown(), {"units-lamp": "1"}))[0] == 303


NONSENSE: list[tuple[dict[str, str], str]] = [
    ({"units-lamp": "-1"}, "Units are whole numbers."),
    ({"units-lamp": "NaN"}, "Units are whole numbers."),
    ({"units-lamp": "1.5"}, "Units are whole numbers."),
    ({"units-lamp": "3"}, "There aren’t that many units left."),
    ({"units-mirror": "1"}, "The order has no such item."),
    ({"units-lamp": "1", "amount": "-5"}, "Enter an amount of money."),
    ({"units-lamp": "1", "amount": "NaN"}, "Enter an amount of money."),
    ({"units-lamp": "1", "amount": "1e3"}, "Enter an amount of money."),
    ({"units-lamp": "1", "amount": "27.13"}, "At most $27.12 can be refunded."),
    ({"units-lamp": "1", "goodwill": "-1"}, "Enter an amount of money."),
    ({"units-lamp": "1", "payment": "pay-other"}, "The order has no such payment."),
    ({"units-lamp": "1", "currency": "CNY"}, "in the currency of the payment"),
    ({"units-lamp": "1", "reason": "because"}, "Give a reason for the refund."),
    ({}, "Choose at least one unit."),
]


async def test_what_makes_no_sense_is_refused_in_words(desk: Desk) -> None:
    good = {"version": str(desk.order.version), "expected": "2712", "attempt": "1", "client_key": "web_1"}
    for fields, words in NONSENSE:
        status, page = await desk.fills("send", good, fields)
        assert (status, words in page) == (422, True), fields
    assert not await RefundIntent.exists()


async def test_two_agents_at_once_send_one_refund(desk: Desk, world: World, open_browser: OpenBrowser) -> None:
    mei = await open_browser(world.mei)
    await desk.fills("preview", {"units-lamp": "1"})
    await desk.fills("preview", {"units-shade": "1"}, by=mei)
    assert (await desk.fills("send", desk.shown(), {"units-lamp": "1"}))[0] == 303
    status, page = await desk.fills("send", desk.shown(mei), {"units-shade": "1"}, by=mei)
    assert status == 409
    assert "A refund of this ticket is in progress" in page
    assert await RefundIntent.all().count() == 1


async def test_orders_and_refunds_of_others_are_not_there(desk: Desk, world: World, open_browser: OpenBrowser) -> None:
    other = await bought(world.lumen, ("lamp", 1, 10_00))
    assert (await desk.fills("preview", {"order": other.public_id, "units-lamp": "1"}))[0] == 404
    assert await desk.confirms({"units-lamp": "1"}) == 303
    intent = await RefundIntent.get()
    wei = await open_browser(world.wei)
    assert (await wei.post(f"{desk.here}/refunds/{intent.public_id}/withdraw")).status_code == 404
    assert (await desk.browser.post(f"{desk.here}/refunds/rfi_none/withdraw")).status_code == 404
    assert (await desk.browser.post(f"{desk.here}/refunds/{intent.public_id}/explode")).status_code == 404


async def test_money_by_hand_needs_its_reference(desk: Desk, clock: FrozenClock) -> None:
    assert await desk.confirms({"units-shade": "1", "typed_details": "1"}) == 303
    intent = await RefundIntent.get()
    await RefundIntent.filter(id=intent.id).update(state="created", approved_by=None)
    part = await RefundPart.get()
    assert "to be paid by hand" in await desk.panel()
    step = f"{desk.here}/refunds/{intent.public_id}/paid"
    assert (await desk.browser.post(step, part=part.public_id, reference=" ")).status_code == 422
    assert (await desk.browser.post(step, part="rfp_other", reference="7")).status_code == 404
    assert (await desk.browser.post(step, part=part.public_id, reference="TRF-7")).status_code == 303
    assert "TRF-7" in await desk.panel()


async def test_a_failed_refund_is_tried_again_and_a_frozen_one_decided(
    desk: Desk, world: World, open_browser: OpenBrowser
) -> None:
    await desk.confirms({"units-shade": "1"})
    intent = await RefundIntent.get()
    await RefundIntent.filter(id=intent.id).update(state="frozen", why="The gateway pays CNY.")
    await RefundPart.all().update(state="frozen", paid=5_00, gateway_ref="re_9")
    page = await desk.panel()
    assert "The gateway pays CNY." in page
    assert "the gateway says $5.00" in page
    assert "Enter what was really paid" not in page
    unfreeze = f"{desk.here}/refunds/{intent.public_id}/unfreeze"
    part, told = await RefundPart.get(), {"why": "I called them."}
    assert (await desk.browser.post(unfreeze, **told)).status_code == 403
    sue = await open_browser(await Agent.get(id=world.sue.id))
    assert "Enter what was really paid" in (await sue.get(desk.here)).text
    assert (await sue.post(unfreeze, **told, **{f"paid-{part.public_id}": "-1"})).status_code == 422
    assert (await sue.post(unfreeze, **told, **{f"paid-{part.public_id}": "0"})).status_code == 303
    assert "Try again" in await desk.panel()
    assert (await desk.browser.post(f"{desk.here}/refunds/{intent.public_id}/retry")).status_code == 303
    page = await desk.panel()
    assert "Tried again." in page
    assert "attempt 2" in page


async def test_the_page_reads_all_refunds_at_once_and_says_it_in_chinese(desk: Desk) -> None:
    async def statements() -> int:
        with counted() as found:
            await desk.browser.get(desk.here)
        return len(found)

    await statements()  # the first look marks the conversation as read
    before = await statements()
    await desk.confirms({"units-lamp": "1"})
    assert await statements() == before
    await RefundIntent.all().update(state="succeeded")
    await desk.confirms({"units-shade": "1"})
    assert await statements() == before
    await Agent.all().update(language="zh")
    page = await desk.panel()
    for words in ("退款", "等待发送", "计算过程"):
        assert words in page
    _, page = await desk.fills("preview", {"units-lamp": "1"})
    assert not re.search(r"Choose a reason|Units to refund|Refund amount", page)
