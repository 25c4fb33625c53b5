"""Approvals and the money that needs a hand, over the console's doors."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from core.audit import AuditEntry
from core.clock import now
from core.people import SYSTEM, Actor, Agent
from orders.models import Order
from orders.refunds.case import Reason, Request
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.payment_accounts import open_account
from orders.refunds.requesting import request_refund
from orders.refunds.statement_models import StatementDifference
from tests.console.conftest import Browser, Talk
from tests.heard import counted
from tests.orders.refunding import bought
from tests.people import World
from tickets.complaints.models import Compensation, Complaint, ComplaintOrder
from tickets.models import Ticket

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
HERE, MONEY = "/console/approvals", "/console/money"


@pytest.fixture
async def sold(world: World) -> Order:
    await open_account(
        world.lumen, "simulator", SYSTEM, address="https://pay.example", credentials={"secret": "wordfish"}
    )
    return await bought(world.lumen, ("lamp", 2, 100_00), email="ines@example.com")


@pytest.fixture
async def ticket(world: World, talk: Talk, sold: Order) -> Ticket:
    found, _ = await talk.ticket(world.lumen, world.ines, "Broken", order_ids=[sold.id])
    return found


async def asked(ticket: Ticket, order: Order, by: Agent, units: int = 1) -> RefundIntent:
    wish = Request(units=(("lamp", units),), reason=Reason.DAMAGED)
    return await request_refund(order.id, ticket.public_id, wish, Actor.of(by), note="See <i>photo</i>")


async def test_a_supervisor_approves_what_is_above_an_agents_limit(
    world: World, ticket: Ticket, sold: Order, open_browser: OpenBrowser
) -> None:
    intent = await asked(ticket, sold, world.omar)
    omar, sue = await open_browser(world.omar), await open_browser(world.sue)
    page = (await omar.get(HERE)).text
    assert "You requested it, so somebody else has to approve it." in page
    assert f"{intent.public_id}/approve" not in page
    page = (await sue.get(HERE)).text
    for words in (
        "$100.00",
        "Ines",
        "Omar",
        "It’s more than the requester may refund without approval.",
        "1 of 2, from unit 1",
    ):
        assert words in page
    assert "See &lt;i&gt;photo&lt;/i&gt;" in page
    assert 'data-count="approvals">1<' in page
    assert (await sue.post(f"{HERE}/{intent.public_id}/approve")).status_code == 303
    await intent.refresh_from_db()
    assert (intent.state, intent.decided_by) == ("created", "Sue")
    assert "Nothing needs approval" in (await sue.get(HERE)).text
    assert (await sue.post(f"{HERE}/{intent.public_id}/approve")).status_code == 303  # twice is once
    assert (await sue.post(f"{HERE}/{intent.public_id}/refuse", why="Too late")).status_code == 409


async def test_nobody_approves_what_they_asked_for_not_even_from_another_session(
    world: World, ticket: Ticket, sold: Order, open_browser: OpenBrowser
) -> None:
    intent = await asked(ticket, sold, world.omar)
    elsewhere = await open_browser(world.omar, address="198.51.100.7")
    for path in (HERE, f"/console/tickets/{ticket.number}/refunds"):
        refused = await elsewhere.post(f"{path}/{intent.public_id}/approve")
        assert refused.status_code == 403
        assert "somebody else has to approve it" in refused.text
    await Agent.filter(id=world.omar.id).update(role="supervisor")
    assert (await elsewhere.post(f"{HERE}/{intent.public_id}/approve")).status_code == 403
    assert await AuditEntry.filter(action="refund.approval_refused", subject=intent.public_id).count() == 3
    mei = await open_browser(world.mei)  # another agent, whose limit is as low
    assert (await mei.post(f"{HERE}/{intent.public_id}/approve")).status_code == 403
    assert intent.public_id not in (await mei.get(HERE)).text
    wei = await open_browser(world.wei)
    assert (await wei.post(f"{HERE}/{intent.public_id}/approve")).status_code == 404
    assert (await RefundIntent.get()).state == "awaiting_approval"


async def test_refusing_needs_a_reason_and_taking_back_needs_none(
    world: World, ticket: Ticket, sold: Order, open_browser: OpenBrowser
) -> None:
    first = await asked(ticket, sold, world.omar)
    sue, omar = await open_browser(world.sue), await open_browser(world.omar)
    assert (await sue.post(f"{HERE}/{first.public_id}/refuse", why=" ")).status_code == 422
    assert (await sue.post(f"{HERE}/{first.public_id}/refuse", why="Send a photo first")).status_code == 303
    assert "Send a photo first" in (await omar.get(f"/console/tickets/{ticket.number}")).text
    wish = Request(units=(("lamp", 1),), reason=Reason.DAMAGED)
    second = await request_refund(sold.id, ticket.public_id, wish, Actor.of(world.omar), attempt=2)
    assert (await omar.post(f"{HERE}/{second.public_id}/withdraw")).status_code == 303
    assert (await RefundIntent.get(id=second.id)).state == "withdrawn"


async def test_compensation_waits_in_the_same_place(
    world: World, ticket: Ticket, sold: Order, open_browser: OpenBrowser
) -> None:
    complaint = await Complaint.create(
        ticket=ticket,
        shop_id=ticket.shop_id,
        customer_id=world.ines.id,
        step="decided",
        outcome="upheld",
        cause="CAR.LATE",
        received_at=now(),
        severity="P3",
        public_id="cpl_1",
    )
    await ComplaintOrder.create(complaint=complaint, order=sold, at=now(), version=1)
    made = await Compensation.create(
        public_id="cps_1",
        shop_id=ticket.shop_id,
        complaint=complaint,
        order=sold,
        customer_id=world.ines.id,
        kind="goodwill",
        amount=40_00,
        currency="USD",
        state="awaiting_approval",
        cause="CAR.LATE",
        net=200_00,
        matrix_row="late.7",
        proposed=10_00,
        rule="approval",
        offered_by=world.omar,
        offered_at=now(),
    )
    sue = await open_browser(world.sue)
    page = (await sue.get(HERE)).text
    for words in ("$40.00", "the matrix gives $10.00", "Omar", "Ines"):
        assert words in page
    assert (await sue.post(f"{HERE}/compensations/{made.public_id}/refuse", why="")).status_code == 422
    assert (await sue.post(f"{HERE}/compensations/{made.public_id}/approve")).status_code == 303
    assert (await Compensation.get()).state == "approved"


async def test_the_approvals_page_costs_the_same_however_many_wait(
    world: World, ticket: Ticket, sold: Order, talk: Talk, open_browser: OpenBrowser
) -> None:
    sue = await open_browser(world.sue)
    await asked(ticket, sold, world.omar)
    with counted() as few:
        await sue.get(HERE)
    other, _ = await talk.ticket(world.lumen, world.ines, "Broken too", order_ids=[sold.id])
    await asked(other, sold, world.mei)
    with counted() as many:
        await sue.get(HERE)
    assert len(few) == len(many)


async def test_money_that_needs_a_hand_is_shown_with_what_to_do(
    world: World, ticket: Ticket, sold: Order, open_browser: OpenBrowser
) -> None:
    omar, sue = await open_browser(world.omar), await open_browser(world.sue)
    assert (await omar.get(MONEY)).status_code == 403
    assert "Nothing needs attention" in (await sue.get(MONEY)).text
    intent = await asked(ticket, sold, world.sue)
    part = await RefundPart.get()
    await RefundIntent.filter(id=intent.id).update(state="frozen", why="It pays CNY.")
    await RefundPart.all().update(state="frozen", paid=90_00)
    page = (await sue.get(MONEY)).text
    for words in ("Frozen", "It pays CNY.", "$100.00", "the gateway says $90.00", "Enter what was really paid"):
        assert words in page
    decision = {f"paid-{part.public_id}": "0", "why": "Looked at the gateway"}
    assert (await sue.post(f"{MONEY}/{intent.public_id}/unfreeze", **decision)).status_code == 303
    assert "safe to try again." in (await sue.get(MONEY)).text
    assert (await omar.post(f"{MONEY}/{intent.public_id}/retry")).status_code == 403
    assert (await sue.post(f"{MONEY}/{intent.public_id}/retry")).status_code == 303
    assert "Nothing needs attention" in (await sue.get(MONEY)).text
    await RefundPart.all().update(created_at=now() - timedelta(hours=2))
    assert "No answer for an hour" in (await sue.get(MONEY)).text


async def test_differences_and_accounts_are_shown_without_secrets(
    world: World, ticket: Ticket, sold: Order, open_browser: OpenBrowser
) -> None:
    await asked(ticket, sold, world.sue)
    part = await RefundPart.get().select_related("account")
    await StatementDifference.create(
        public_id="sdf_1",
        account=part.account,
        kind="other_amount",
        key=part.public_id,
        reference="re_77",
        ours=100_00,
        theirs=90_00,
        currency="USD",
        at=now(),
        found_at=now(),
    )
    sue, ada = await open_browser(world.sue), await open_browser(world.ada)
    page = (await sue.get(MONEY)).text
    for words in ("Different amount", "$100.00", "$90.00", "re_77", sold.number):
        assert words in page
    assert "pay.example" not in page  # the accounts are the administrators'
    page = (await ada.get(MONEY)).text
    assert "pay.example" in page
    assert "wordfish" not in page
