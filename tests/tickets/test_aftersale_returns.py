"""Return on its way: tracked, received, inspected line by line."""

from datetime import timedelta

import pytest

from core.errors import Conflict, Invalid
from core.people import Actor
from orders.models import Order, Shipment
from orders.refunds.case import Reason
from orders.refunds.models import RefundIntent
from tests.people import World
from tests.tickets.sold import asks, scanned, sold, tell
from tickets.aftersales.decisions import approve_case
from tickets.aftersales.kinds import Condition, Kind
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.opening import Wanted, amend_case, open_case
from tickets.aftersales.returns import Found, inspect_goods, receive_goods, register_return
from tickets.aftersales.scope import Asked

pytestmark = pytest.mark.anyio
BOTH = (Asked(line="shirt", units=2), Asked(line="lamp", units=1))


async def a_return(world: World, kind: Kind = Kind.RETURN_REFUND, reason: Reason = Reason.WRONG_ITEM) -> AfterSale:
    """Approved, and the goods are to come back."""
    order = await sold(world.lumen)
    wanted = Wanted(kind=kind, reason=reason, lines=BOTH)
    case = await open_case((await asks(world)).id, order.id, wanted, Actor.of(world.omar))
    return await approve_case(case.public_id, Actor.of(world.omar))


async def lines_of(case: AfterSale) -> dict[str, AfterSaleLine]:
    rows = await AfterSaleLine.filter(case_id=case.id).select_related("line")
    return {row.line.source_id: row for row in rows}


async def test_the_return_is_a_parcel_of_the_order_that_the_shop_cannot_undo(world: World) -> None:
    case = await a_return(world)
    case = await register_return(case.public_id, Actor.of(world.ines), "DHL", "RET 1")
    parcel = await Shipment.get(id=case.returned_id)
    assert (case.state, parcel.direction, parcel.tracking_key) == ("return_in_transit", "return", "RET1")
    assert sorted(parcel.lines) == [["lamp", 1], ["shirt", 2]]
    order = await Order.get(id=case.order_id)
    assert (order.returns, order.fulfilment, order.headline) == ("requested", "delivered", "delivered")
    await tell(world.lumen, id=order.source_id, tags=["vip"])
    await scanned(world.lumen, order, parcel.source_id, ("in_transit", timedelta()))
    parcel, order = await Shipment.get(id=parcel.id), await Order.get(id=order.id)
    assert (parcel.cancelled, parcel.state, order.returns, order.headline) == (
        False,
        "in_transit",
        "in_transit",
        "returning",
    )
    corrected = await register_return(case.public_id, Actor.of(world.omar), "DPD", "RET-2")
    assert (corrected.returned_id, (await Shipment.get(id=parcel.id)).tracking_key) == (parcel.id, "RET2")
    with pytest.raises(Invalid):
        await register_return(case.public_id, Actor.of(world.omar), "DPD", " - ")


async def test_a_part_is_accepted_and_each_line_goes_to_the_stock_once(world: World) -> None:
    case = await a_return(world)
    omar = Actor.of(world.omar)
    await receive_goods(case.public_id, omar)
    lines = await lines_of(case)
    shirt, lamp = lines["shirt"].id, lines["lamp"].id
    for wrong in (
        {shirt: Found(received=2, accepted=2)},
        {shirt: Found(received=1, accepted=2), lamp: Found(received=0, accepted=0)},
    ):
        with pytest.raises(Invalid):
            await inspect_goods(case.public_id, omar, wrong)
    found = {
        shirt: Found(received=2, accepted=1, condition=Condition.DAMAGED),
        lamp: Found(received=0, accepted=0, condition=Condition.MISSING),
    }
    case = await inspect_goods(case.public_id, omar, found, note="One shirt was worn")
    assert case.state == "refund_pending"
    lines = await lines_of(case)
    assert [(line.received, line.accepted, line.restock) for line in (lines["shirt"], lines["lamp"])] == [
        (2, 1, "quarantine"),
        (0, 0, "none"),
    ]
    with pytest.raises(Conflict):
        await inspect_goods(case.public_id, omar, found)


async def test_nothing_accepted_is_a_rejection_with_its_reason(world: World) -> None:
    case = await a_return(world)
    omar = Actor.of(world.omar)
    await receive_goods(case.public_id, omar)
    found = {
        line.id: Found(received=0, accepted=0, condition=Condition.WRONG) for line in (await lines_of(case)).values()
    }
    case = await inspect_goods(case.public_id, omar, found, note="Stones in the box")
    assert (case.state, case.answer) == ("rejected", "Stones in the box")


async def test_what_was_found_stays_when_a_refused_return_is_asked_for_again(world: World) -> None:
    case, omar, ines = await a_return(world), Actor.of(world.omar), Actor.of(world.ines)
    await receive_goods(case.public_id, omar)
    worn = Found(received=2, accepted=0, condition=Condition.DAMAGED)
    found = {name: worn if name == "shirt" else Found(received=1, accepted=0) for name in ("shirt", "lamp")}
    case = await inspect_goods(
        case.public_id, omar, {line.id: found[name] for name, line in (await lines_of(case)).items()}, note="Worn"
    )
    assert case.state == "rejected"
    again = Wanted(kind=Kind.RETURN_REFUND, reason=Reason.WRONG_ITEM, lines=[Asked(line="shirt", units=1)])
    await amend_case(case.public_id, ines, again)
    shirt, lamp = (await lines_of(case))["shirt"], (await lines_of(case))["lamp"]
    assert (shirt.asked, shirt.received, shirt.condition, shirt.restock) == (1, 2, "damaged", "quarantine")
    assert (lamp.asked, lamp.received, lamp.restock) == (0, 1, "available")
    case = await approve_case(case.public_id, omar)
    assert case.state == "received"  # the goods are here: nobody is asked to send them
    fine, gone = Found(received=1, accepted=1), Found(received=0, accepted=0)
    case = await inspect_goods(case.public_id, omar, {shirt.id: fine, lamp.id: gone})
    assert (await RefundIntent.get(case_id=case.public_id)).amount == 30_00
    shirt, lamp = (await lines_of(case))["shirt"], (await lines_of(case))["lamp"]
    assert (shirt.accepted, shirt.restock, lamp.received, lamp.restock) == (1, "quarantine", 1, "available")


async def test_a_line_that_never_came_leaves_an_amended_case(world: World) -> None:
    case = await a_return(world)
    await AfterSale.filter(id=case.id).update(state="rejected")
    lamp = Wanted(kind=Kind.RETURN_REFUND, reason=Reason.WRONG_ITEM, lines=[Asked(line="lamp", units=1)])
    await amend_case(case.public_id, Actor.of(world.ines), lamp)
    assert [*await lines_of(case)] == ["lamp"]


async def test_what_is_not_to_come_back_has_no_number(world: World) -> None:
    order = await sold(world.lumen)
    wanted = Wanted(kind=Kind.REFUND_ONLY, reason=Reason.DAMAGED, lines=BOTH)
    case = await open_case((await asks(world)).id, order.id, wanted, Actor.of(world.omar))
    with pytest.raises(Conflict):
        await register_return(case.public_id, Actor.of(world.ines), "DHL", "RET1")
    assert not await Shipment.exists(direction="return")
