"""What follows a grant: money that goes back, goods that are sent instead, and the case that closes by itself."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.case_facts import case_facts
from app.gateways.refund_simulator import SimulatedRefunds
from app.reactions import connect
from app.realtime.hub import Hub
from core.audit import AuditEntry
from core.clock import FrozenClock
from core.errors import Conflict, Invalid
from core.events import current_bus, use_bus
from core.jobs import Job
from core.money import Money
from core.people import Actor
from orders.claims.models import Claim
from orders.claims.settling import answer_claim
from orders.models import Order, Shipment
from orders.refunds.approval import approve, refuse
from orders.refunds.case import Reason
from orders.refunds.gateway import Answer, Outcome
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.settling import Source, settle_part
from tests.orders.refunding import open_account, work
from tests.people import World, make_world
from tests.tickets.sold import asks, scanned, sold, tell
from tickets.aftersales.actions import actions_of
from tickets.aftersales.decisions import approve_case, cancel_case
from tickets.aftersales.following import follow
from tickets.aftersales.fulfilling import complete_case, retry_refund, send_replacement, settle_difference
from tickets.aftersales.kinds import Condition, Kind
from tickets.aftersales.models import AfterSale, AfterSaleLine, AfterSaleTimer
from tickets.aftersales.opening import Wanted, open_case
from tickets.aftersales.returns import Found, inspect_goods, receive_goods, register_return
from tickets.aftersales.scope import Asked
from tickets.models import Ticket
from tickets.resolution import close, close_settled, resolve

pytestmark = pytest.mark.anyio
GONE_WRONG = Outcome(state=Answer.FAILED, code="no_such_card")
LAMP, SHIRTS = Asked(line="lamp", units=1), Asked(line="shirt", units=2)
NOW = timedelta()


@pytest.fixture
def _bus() -> Iterator[None]:
    previous = current_bus()
    use_bus(connect(Hub()))
    yield
    use_bus(previous)


@pytest.fixture
async def world(database: object, clock: FrozenClock, _bus: None) -> World:
    """Lumen pays back through the simulator; amounts are in US dollars, for which agents have a limit of 30."""
    world = await make_world()
    await open_account(world.lumen)
    return world


async def opened(world: World, kind: Kind, reason: Reason, *lines: Asked, stage: str = "delivered") -> AfterSale:
    order = await sold(world.lumen, currency="USD", country="US", stage=stage)
    wanted = Wanted(kind=kind, reason=reason, lines=lines)
    return await open_case((await asks(world)).id, order.id, wanted, Actor.of(world.omar))


async def followed(case: AfterSale) -> AfterSale:
    """What the worker does with the jobs that were planned for cases."""
    for job in await Job.filter(kind="aftersales.follow", state="ready").order_by("id"):
        await follow(job.args["case"])
        await follow(job.args["case"])  # jobs may run twice
        await Job.filter(id=job.id).update(state="done")
    return await AfterSale.get(id=case.id)


async def paid(case: AfterSale, clock: FrozenClock, **faults: object) -> AfterSale:
    await work(SimulatedRefunds(**faults), clock)  # type: ignore[arg-type]
    return await followed(case)


async def inspected(case: AfterSale, actor: Actor, **found: Found) -> AfterSale:
    lines = await AfterSaleLine.filter(case_id=case.id).select_related("line")
    return await inspect_goods(case.public_id, actor, {row.id: found[row.line.source_id] for row in lines})


async def test_a_wrong_item_comes_back_and_its_money_goes_back_once(world: World, clock: FrozenClock) -> None:
    omar, sue = Actor.of(world.omar), world.sue
    case = await opened(world, Kind.RETURN_REFUND, Reason.WRONG_ITEM, LAMP)
    await approve_case(case.public_id, omar)
    case = await register_return(case.public_id, Actor.of(world.ines), "UPS", "1Z999")
    order, parcel = await Order.get(id=case.order_id), await Shipment.get(id=case.returned_id)
    await scanned(world.lumen, order, parcel.source_id, ("in_transit", -timedelta(hours=2)), ("delivered", NOW))
    assert (await followed(case)).state == "received"
    case = await inspected(case, omar, lamp=Found(received=1, accepted=1))
    intent = await RefundIntent.get(case_id=case.public_id)
    assert (intent.amount, intent.state, intent.restock) == (59_00, "awaiting_approval", True)
    assert (case.state, case.problem) == ("refund_pending", "refund_awaiting_approval")
    await approve(intent.id, sue)
    case = await paid(case, clock)
    assert (case.state, case.problem, case.closed_at) == ("closed", "", case.since)
    assert (await RefundIntent.get(id=intent.id)).state == "succeeded"
    assert await RefundIntent.all().count() == 1


async def test_a_loss_of_value_is_kept_and_the_grant_is_the_most(world: World) -> None:
    omar = Actor.of(world.omar)
    case = await opened(world, Kind.RETURN_REFUND, Reason.CHANGED_MIND, SHIRTS)
    await receive_goods(case.public_id, omar)
    await inspected(case, omar, shirt=Found(received=2, accepted=2, condition=Condition.DAMAGED, value_loss=25_00))
    intent = await RefundIntent.get(case_id=case.public_id)
    assert (intent.amount, intent.restock) == (45_00, False)
    case = await opened(world, Kind.REFUND_ONLY, Reason.DAMAGED, LAMP)
    await approve_case(case.public_id, omar, amount=20_00)
    assert (await RefundIntent.get(case_id=case.public_id)).amount == 20_00


async def test_the_way_back_is_the_sellers_to_pay_when_it_is_their_fault(world: World) -> None:
    sue = Actor.of(world.sue)
    case = await opened(world, Kind.RETURN_REFUND, Reason.WRONG_ITEM, SHIRTS)
    await approve_case(case.public_id, sue, amount=50_00)
    await receive_goods(case.public_id, sue)
    line = await AfterSaleLine.get(case_id=case.id)
    await inspect_goods(case.public_id, sue, {line.id: Found(received=2, accepted=2)}, label=4_90)
    assert (await RefundIntent.get(case_id=case.public_id)).amount == 54_90
    case = await opened(world, Kind.RETURN_REFUND, Reason.CHANGED_MIND, LAMP)
    await receive_goods(case.public_id, sue)
    line = await AfterSaleLine.get(case_id=case.id)
    with pytest.raises(Invalid):
        await inspect_goods(case.public_id, sue, {line.id: Found(received=1, accepted=1)}, label=4_90)


async def test_what_a_supervisor_refuses_or_a_gateway_has_failed_is_asked_anew(
    world: World, clock: FrozenClock
) -> None:
    omar = Actor.of(world.omar)
    case = await opened(world, Kind.REFUND_ONLY, Reason.DAMAGED, LAMP)
    case = await approve_case(case.public_id, omar)
    await refuse((await RefundIntent.get(case_id=case.public_id)).id, world.sue, "Too much")
    case = await followed(case)
    assert (case.state, case.problem) == ("refund_failed", "refund_refused")
    assert (await Ticket.get(id=case.ticket_id)).priority == "urgent"
    with pytest.raises(Conflict):
        await receive_goods(case.public_id, omar)
    case = await retry_refund(case.public_id, Actor.of(world.sue))
    again = await RefundIntent.filter(case_id=case.public_id).order_by("-attempt").first()
    assert again is not None
    assert (again.attempt, again.state, case.state) == (2, "created", "refund_pending")
    assert (await paid(case, clock)).state == "closed"


async def test_an_unsent_order_is_paid_back_once_the_shop_has_it_still(world: World, clock: FrozenClock) -> None:
    case = await opened(world, Kind.CANCEL, Reason.CHANGED_MIND, LAMP, SHIRTS, stage="unshipped")
    assert (case.state, case.decision["rule"]) == ("approved", "policy")
    assert not await RefundIntent.exists()  # the shop is asked first
    [due] = await AfterSaleTimer.filter(case_id=case.id, done_at=None)
    assert due.kind == "pay_refund"
    claim = await Claim.get(case_id=case.public_id)
    assert (claim.what, claim.whole) == ("cancel", True)
    with pytest.raises(Conflict) as asked:  # the shop may have stopped it already
        await cancel_case(case.public_id, Actor.of(world.ines))
    assert asked.value.code == "being_decided"
    await answer_claim(world.omar, claim.public_id, possible=True)
    case = await followed(case)
    intent = await RefundIntent.get()
    assert (intent.case_id, intent.amount, intent.state) == (case.public_id, 119_00, "created")
    assert (await AfterSaleTimer.get(id=due.id)).done_at is None  # granted is not paid
    assert (await paid(case, clock)).state == "closed"


async def test_what_has_left_meanwhile_is_not_paid_back(world: World) -> None:
    case = await opened(world, Kind.CANCEL, Reason.CHANGED_MIND, LAMP, stage="unshipped")
    claim = await Claim.get(case_id=case.public_id)
    await answer_claim(world.omar, claim.public_id, possible=False)
    case = await followed(case)
    assert (case.state, case.problem) == ("under_review", "claim_refused_by_warehouse")
    assert not await RefundIntent.exists()


async def test_an_exchange_for_something_dearer_waits_for_the_difference(world: World, clock: FrozenClock) -> None:
    omar = Actor.of(world.omar)
    case = await opened(
        world, Kind.EXCHANGE, Reason.DEFECTIVE, Asked(line="lamp", units=1, replacement="Lamp L", price_now=70_00)
    )
    await approve_case(case.public_id, omar)
    with pytest.raises(Conflict):  # nobody knows yet what it will be
        await settle_difference(case.public_id, omar)
    await receive_goods(case.public_id, omar)
    case = await inspected(case, omar, lamp=Found(received=1, accepted=1))
    assert (case.state, case.difference) == ("replacing", 11_00)
    with pytest.raises(Conflict) as owed:
        await send_replacement(case.public_id, omar, "UPS", "1Z1")
    assert owed.value.code == "difference_open"
    for actor in (omar, Actor.of(world.sue)):  # nor is it done
        with pytest.raises(Conflict) as done:
            await complete_case(case.public_id, actor)
        assert done.value.code == "difference_open"
    assert not {"send", "complete"} & {*actions_of(case, "admin")}
    for _ in range(2):
        await settle_difference(case.public_id, omar)
    assert (await AuditEntry.get(action="case.difference_paid")).detail == {"amount": 11_00, "currency": "USD"}
    case = await send_replacement(case.public_id, omar, "UPS", "1Z1")
    parcel, order = await Shipment.get(id=case.replacement_id), await Order.get(id=case.order_id)
    assert (parcel.direction, order.fulfilment, order.headline) == ("replacement", "delivered", "delivered")
    await scanned(world.lumen, order, parcel.source_id, ("in_transit", -timedelta(hours=1)))
    order = await Order.get(id=order.id)
    assert (order.fulfilment, order.returns) == ("delivered", "none")
    await scanned(world.lumen, order, parcel.source_id, ("delivered", NOW))
    assert (await followed(case)).state == "closed"


async def test_an_exchange_for_something_cheaper_gives_the_rest_back(world: World, clock: FrozenClock) -> None:
    sue = Actor.of(world.sue)
    case = await opened(world, Kind.EXCHANGE, Reason.DEFECTIVE, Asked(line="lamp", units=1, price_now=39_00))
    await approve_case(case.public_id, sue)
    await receive_goods(case.public_id, sue)
    case = await inspected(case, sue, lamp=Found(received=1, accepted=1))
    assert (case.state, case.difference) == ("replacing", -20_00)
    case = await send_replacement(case.public_id, sue, "UPS", "1Z2")
    order, parcel = await Order.get(id=case.order_id), await Shipment.get(id=case.replacement_id)
    await scanned(world.lumen, order, parcel.source_id, ("delivered", NOW))
    assert (await followed(case)).state == "replacing"  # the money is still on its way
    with pytest.raises(Conflict) as waits:
        await complete_case(case.public_id, sue)
    assert waits.value.code == "difference_open"
    case = await paid(case, clock)
    assert (case.state, (await RefundIntent.get(case_id=case.public_id)).amount) == ("closed", 20_00)


async def test_the_rest_of_an_exchange_is_asked_for_again_or_given_up_by_a_supervisor(
    world: World, clock: FrozenClock
) -> None:
    omar, sue = Actor.of(world.omar), Actor.of(world.sue)
    case = await opened(world, Kind.EXCHANGE, Reason.DEFECTIVE, Asked(line="lamp", units=1, price_now=9_00))
    await approve_case(case.public_id, omar)
    await receive_goods(case.public_id, omar)
    case = await inspected(case, omar, lamp=Found(received=1, accepted=1))
    assert (case.difference, case.problem) == (-50_00, "refund_awaiting_approval")
    assert not {"retry", "complete"} & {*actions_of(case, "admin")}
    await refuse((await RefundIntent.get(case_id=case.public_id)).id, world.sue, "Too much")
    case = await followed(case)
    assert (case.state, case.problem) == ("replacing", "refund_refused")
    assert [name for name in actions_of(case, "agent") if name in ("retry", "complete")] == ["retry"]
    with pytest.raises(Conflict):
        await complete_case(case.public_id, omar)
    case = await retry_refund(case.public_id, omar)
    assert case.problem == "refund_awaiting_approval"
    again = await RefundIntent.get(case_id=case.public_id, attempt=2)
    await approve(again.id, world.sue)
    case = await followed(case)
    assert (case.state, case.problem) == ("replacing", "")
    await settle_part((await RefundPart.get(intent=again)).public_id, GONE_WRONG, source=Source.TOLD)
    await settle_part((await RefundPart.get(intent=again)).public_id, GONE_WRONG, source=Source.QUERY)
    case = await followed(case)
    assert (case.problem, "complete" in actions_of(case, "supervisor")) == ("refund_failed", True)
    case = await complete_case(case.public_id, sue, "Paid in cash")
    noted = await AuditEntry.get(action="case.closed_without_refund")
    assert (case.state, noted.detail["amount"]) == ("closed", -50_00)


async def test_of_a_refund_that_was_paid_in_part_only_the_rest_is_asked_for_again(
    world: World, clock: FrozenClock
) -> None:
    order = await sold(world.lumen, currency="USD", country="US")
    card = {"method": "card", "gateway": "simulator", "state": "paid", "at": order.placed_at.isoformat()}
    both = [{"id": "pay-1", "captured": "80.00"} | card, {"id": "pay-2", "captured": "39.00", "reference": "c2"} | card]
    order = await tell(world.lumen, id=order.source_id, currency="USD", payments=both)
    wanted = Wanted(kind=Kind.REFUND_ONLY, reason=Reason.DAMAGED, lines=[LAMP, SHIRTS])
    sue = Actor.of(world.sue)
    case = await open_case((await asks(world)).id, order.id, wanted, Actor.of(world.omar))
    await approve_case(case.public_id, sue)
    first, second = await RefundPart.filter(intent__case_id=case.public_id).order_by("-amount")
    await settle_part(first.public_id, Outcome(state=Answer.SUCCEEDED, amount=first.amount), source=Source.QUERY)
    await settle_part(second.public_id, GONE_WRONG, source=Source.QUERY)
    case = await followed(case)
    assert (case.state, case.problem) == ("refund_failed", "refund_failed")
    case = await retry_refund(case.public_id, sue)
    again = await RefundIntent.get(case_id=case.public_id, attempt=2)
    assert (again.amount, again.state, case.state) == (second.amount, "created", "refund_pending")
    case = await paid(case, clock)
    assert case.state == "closed"
    assert (await case_facts(case, order)).amount == Money(119_00, "USD")


async def test_what_was_lost_is_sent_again_and_done_when_it_arrives(world: World) -> None:
    omar = Actor.of(world.omar)
    case = await opened(world, Kind.RESEND, Reason.LOST, SHIRTS, stage="shipped")
    assert case.state == "under_review"
    case = await approve_case(case.public_id, omar)
    assert case.state == "replacing"
    case = await send_replacement(case.public_id, omar, "UPS", "1Z3")
    order, parcel = await Order.get(id=case.order_id), await Shipment.get(id=case.replacement_id)
    assert order.fulfilment == "shipped"
    await scanned(world.lumen, order, parcel.source_id, ("delivered", NOW))
    assert (await followed(case)).state == "closed"
    assert (await Order.get(id=order.id)).fulfilment == "shipped"


async def test_price_protection_pays_the_difference(world: World, clock: FrozenClock) -> None:
    sue = Actor.of(world.sue)
    cheaper = Asked(line="shirt", units=2, price_now=25_00)
    case = await opened(world, Kind.PRICE_PROTECTION, Reason.OTHER, cheaper)
    case = await approve_case(case.public_id, sue)
    assert (await RefundIntent.get(case_id=case.public_id)).amount == 10_00
    assert (await paid(case, clock)).state == "closed"
    with pytest.raises(Invalid):
        await opened(world, Kind.PRICE_PROTECTION, Reason.OTHER, SHIRTS)


async def test_a_line_that_was_not_granted_is_no_part_of_what_follows(world: World) -> None:
    sue = Actor.of(world.sue)
    back = await opened(world, Kind.RETURN_REFUND, Reason.DEFECTIVE, LAMP, SHIRTS)
    rows = {row.line.source_id: row.id for row in await AfterSaleLine.filter(case=back).select_related("line")}
    await approve_case(back.public_id, sue, units={rows["shirt"]: 0})
    back = await register_return(back.public_id, sue, "DHL", "RET 1")
    assert (await Shipment.get(id=back.returned_id)).lines == [["lamp", 1]]
    await receive_goods(back.public_id, sue)
    whole = Found(received=1, accepted=1)
    with pytest.raises(Invalid):
        await inspected(back, sue, lamp=whole, shirt=Found(received=2, accepted=2))
    await inspected(back, sue, lamp=whole, shirt=Found(received=0, accepted=0))
    assert (await RefundIntent.get(case_id=back.public_id)).amount == 59_00


async def test_units_that_were_not_granted_are_not_cancelled(world: World) -> None:
    case = await opened(world, Kind.REFUND_ONLY, Reason.OTHER, LAMP, SHIRTS, stage="unshipped")
    rows = {row.line.source_id: row.id for row in await AfterSaleLine.filter(case=case).select_related("line")}
    await approve_case(case.public_id, Actor.of(world.sue), units={rows["shirt"]: 0})
    assert (await Claim.get(case_id=case.public_id, what="cancel")).units == [["lamp", 1]]


async def test_price_protection_pays_for_the_units_that_were_granted(world: World) -> None:
    cheaper = Asked(line="shirt", units=2, price_now=25_00)
    case = await opened(world, Kind.PRICE_PROTECTION, Reason.OTHER, cheaper)
    line = await AfterSaleLine.get(case=case)
    case = await approve_case(case.public_id, Actor.of(world.sue), units={line.id: 1})
    assert (await RefundIntent.get(case_id=case.public_id)).amount == 5_00


async def test_an_invoice_is_done_when_somebody_says_so(world: World) -> None:
    omar = Actor.of(world.omar)
    case = await opened(world, Kind.INVOICE, Reason.OTHER)
    await approve_case(case.public_id, omar)
    case = await complete_case(case.public_id, omar, "Sent by mail")
    assert case.state == "closed"


async def test_a_ticket_stays_while_its_case_needs_it_and_comes_back_with_the_goods(
    world: World, clock: FrozenClock
) -> None:
    omar = Actor.of(world.omar)
    case = await opened(world, Kind.RETURN_REFUND, Reason.WRONG_ITEM, LAMP)
    ticket = await Ticket.get(id=case.ticket_id)
    with pytest.raises(Conflict) as waits:
        await resolve(ticket.id, omar)
    assert waits.value.code == "case_waits"
    await approve_case(case.public_id, omar)
    await register_return(case.public_id, omar, "UPS", "1Z5")
    await resolve(ticket.id, omar)
    clock.advance(timedelta(days=4))
    assert await close_settled(clock.now() - timedelta(days=3)) == 0
    with pytest.raises(Conflict) as open_:
        await close(ticket.id, Actor.of(world.sue))
    assert open_.value.code == "case_open"
    case = await AfterSale.get(id=case.id)
    order, parcel = await Order.get(id=case.order_id), await Shipment.get(id=case.returned_id)
    await scanned(world.lumen, order, parcel.source_id, ("delivered", NOW))
    assert (await followed(case)).state == "received"
    assert (await Ticket.get(id=ticket.id)).status == "open"
    await given_up(case, world)
    await resolve(ticket.id, omar)
    clock.advance(timedelta(days=4))
    assert await close_settled(clock.now() - timedelta(days=3)) == 1
    with pytest.raises(Conflict):
        await open_case(ticket.id, order.id, Wanted(kind=Kind.INVOICE, reason=Reason.OTHER), omar)


async def given_up(case: AfterSale, world: World) -> None:
    """Nothing is accepted, and the customer lets it be."""
    await inspected(case, Actor.of(world.omar), lamp=Found(received=0, accepted=0, condition=Condition.MISSING))
    await cancel_case(case.public_id, Actor.of(world.ines))
