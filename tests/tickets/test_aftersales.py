"""Stories of after-sales cases: asked, decided by policy or by a person, taken further."""

import asyncio
from datetime import timedelta

import pytest

from core.audit import AuditEntry
from core.clock import FrozenClock
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.people import Actor
from orders.models import Order
from orders.policies.deciding import Outcome
from orders.refunds.case import Reason
from tests.heard import Heard
from tests.people import World
from tests.tickets.sold import asks, sold
from tickets.aftersales.decisions import (
    approve_case,
    ask_for_info,
    cancel_case,
    give_info,
    platform_decides,
    platform_intervenes,
    reject_case,
)
from tickets.aftersales.kinds import Kind
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.opening import Wanted, amend_case, open_case, preview
from tickets.aftersales.scope import Asked
from tickets.events import AfterSaleChanged
from tickets.models import TicketLink
from tickets.queries import timeline

pytestmark = pytest.mark.anyio
SHIRTS = (Asked(line="shirt", units=2),)
LAMP = (Asked(line="lamp", units=1),)


def wants(kind: Kind = Kind.RETURN_REFUND, reason: Reason = Reason.WITHDRAWAL, **more: object) -> Wanted:
    return Wanted(kind=kind, reason=reason, **({"lines": LAMP} | more))  # type: ignore[arg-type]


async def opened(world: World, wanted: Wanted, **order: object) -> AfterSale:
    sale = await sold(world.lumen, **order)  # type: ignore[arg-type]
    return await open_case((await asks(world)).id, sale.id, wanted, Actor.of(world.omar))


async def state(case: AfterSale) -> str:
    return str((await AfterSale.get(id=case.id)).state)


async def test_a_withdrawal_in_time_is_granted_by_law_and_names_the_row(
    world: World, heard: Heard, clock: FrozenClock
) -> None:
    order, ticket = await sold(world.lumen), await asks(world)
    case = await open_case(ticket.id, order.id, wants(), Actor.of(world.ines))
    case = await AfterSale.get(id=case.id)
    assert (case.state, case.opened_by, case.number) == ("awaiting_return", "customer", 1)
    assert case.decision["rule"] == "policy"
    assert (case.decision["policy"], case.decision["row"]) == ("eu_withdrawal", "fourteen_days")
    assert case.decision["open_until"] == "2026-03-16"  # Saturday the 14th moves to the Monday
    assert (case.wish["stage"], case.wish["received"]) == ("delivered", "2026-02-28")
    [line] = await AfterSaleLine.filter(case_id=case.id)
    assert (line.asked, line.approved) == (1, 1)
    assert [event.state for event in heard.of(AfterSaleChanged)] == ["requested", "approved", "awaiting_return"]
    actions = [entry.action for entry in await timeline(ticket)]
    assert actions == ["opened", "linked", "case_opened", "case_approved", "case_awaiting_return"]
    link = await TicketLink.get(ticket_id=ticket.id)
    assert (link.order_id, link.reason) == (order.id, "return_refund")


async def test_too_late_is_rejected_and_only_a_supervisor_grants_it_anyway(world: World) -> None:
    case = await opened(world, wants(), ago=timedelta(days=40))
    assert await state(case) == "rejected"
    assert (await AfterSale.get(id=case.id)).decision["outcome"] == Outcome.REFUSE
    with pytest.raises(Forbidden) as refused:
        await approve_case(case.public_id, Actor.of(world.omar))
    assert refused.value.code == "against_policy"
    entry = await AuditEntry.get(action="case.refused")
    assert (entry.subject, entry.actor_id, entry.detail["code"]) == (case.public_id, world.omar.id, "against_policy")
    granted = await approve_case(case.public_id, Actor.of(world.sue))
    assert granted.decision["rule"] == "against_policy"
    assert granted.state == "awaiting_return"
    assert (await AuditEntry.get(action="case.granted_against_policy")).actor_id == world.sue.id


async def test_the_preview_says_what_opening_does_and_writes_nothing(world: World) -> None:
    order = await sold(world.lumen)
    judged = await preview(order, wants(reason=Reason.DEFECTIVE))
    assert judged.outcome is Outcome.REVIEW
    assert judged.decision["row"] == "seller_fault"
    assert not await AfterSale.exists()


async def test_rejected_amended_and_decided_by_the_platform(world: World, clock: FrozenClock) -> None:
    omar, ines = Actor.of(world.omar), Actor.of(world.ines)
    case = await opened(world, wants(Kind.REFUND_ONLY, Reason.DEFECTIVE, lines=SHIRTS, amount=6000))
    assert await state(case) == "under_review"
    await ask_for_info(case.public_id, omar, "A photo, please")
    assert (await give_info(case.public_id, ines, "It is torn")).note == "It is torn"
    await reject_case(case.public_id, omar, "That is wear")
    with pytest.raises(Invalid):  # only downwards
        await amend_case(case.public_id, ines, wants(Kind.REFUND_ONLY, Reason.DEFECTIVE, lines=SHIRTS, amount=7000))
    less = wants(Kind.REFUND_ONLY, Reason.DEFECTIVE, lines=(Asked(line="shirt", units=1),), amount=3000)
    for round_ in range(1, 6):
        again = await amend_case(case.public_id, ines, less)
        assert (again.state, again.amended) == ("under_review", round_)
        await reject_case(case.public_id, omar, "Still wear")
    with pytest.raises(Conflict) as often:
        await amend_case(case.public_id, ines, less)
    assert often.value.code == "too_often"
    until = clock.now() + timedelta(days=3)
    case = await platform_intervenes(case.public_id, ines, "TB-77", until)
    assert (case.platform_ref, case.platform_due_at) == ("TB-77", until)
    case = await platform_decides(case.public_id, omar, granted=True)
    assert (case.decision["rule"], case.state) == ("platform", "refund_pending")
    with pytest.raises(Conflict):
        await platform_decides(case.public_id, omar, granted=False)


async def test_the_same_units_are_in_one_open_case(world: World) -> None:
    order, ticket, omar = await sold(world.lumen), await asks(world), Actor.of(world.omar)
    wanted = wants(lines=(Asked(line="shirt", units=1),))
    made = await asyncio.gather(
        *(open_case(ticket.id, order.id, wanted, omar) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(each, AfterSale) for each in made) == 2
    assert {each.code for each in made if isinstance(each, Conflict)} == {"units_taken"}
    first = next(each for each in made if isinstance(each, AfterSale))
    await cancel_case(first.public_id, Actor.of(world.ines))
    assert (await open_case(ticket.id, order.id, wanted, omar)).id


@pytest.mark.parametrize(
    ("kind", "stage", "code"),
    [
        (Kind.CANCEL, "delivered", "wrong_stage"),
        (Kind.CANCEL, "shipped", "wrong_stage"),
        (Kind.CANCEL, "unshipped", None),
        (Kind.RETURN_REFUND, "unshipped", "wrong_stage"),
        (Kind.RETURN_REFUND, "shipped", None),
        (Kind.EXCHANGE, "shipped", "wrong_stage"),
        (Kind.EXCHANGE, "delivered", None),
        (Kind.REFUND_ONLY, "unshipped", None),
        (Kind.RESEND, "shipped", None),
        (Kind.REPAIR, "unshipped", "wrong_stage"),
    ],
)
async def test_a_kind_fits_how_far_the_goods_have_come(world: World, kind: Kind, stage: str, code: str | None) -> None:
    order = await sold(world.lumen, stage=stage)
    if code is None:
        assert (await preview(order, wants(kind, Reason.DEFECTIVE))).wish.stage == stage
        return
    with pytest.raises(Conflict) as refused:
        await preview(order, wants(kind, Reason.DEFECTIVE))
    assert refused.value.code == code


async def test_lines_units_and_amounts_are_looked_at(world: World) -> None:
    order = await sold(world.lumen)
    for wrong, error in (
        (wants(lines=()), Invalid),
        (wants(lines=(Asked(line="hat", units=1),)), NotFound),
        (wants(lines=(Asked(line="lamp", units=0),)), Invalid),
        (wants(lines=(Asked(line="lamp", units=2),)), Conflict),
        (wants(lines=LAMP + LAMP), Invalid),
        (wants(amount=0), Invalid),
        (wants(Kind.PRICE_PROTECTION, lines=()), Invalid),
    ):
        with pytest.raises(error):
            await preview(order, wrong)


async def test_another_shops_case_is_not_there(world: World) -> None:
    case = await opened(world, wants())
    for stranger in (Actor.of(world.wei), Actor.of(world.lin)):
        with pytest.raises(NotFound):
            await cancel_case(case.public_id, stranger)
    theirs = await sold(world.chaye, name="9")
    ticket = await asks(world)
    with pytest.raises(NotFound):
        await open_case(ticket.id, theirs.id, wants(), Actor.of(world.omar))
    assert await Order.all().count() == 2


async def test_who_looks_at_an_old_page_is_told_so(world: World) -> None:
    case = await opened(world, wants(reason=Reason.DEFECTIVE))
    await ask_for_info(case.public_id, Actor.of(world.omar), "A photo, please")
    with pytest.raises(Conflict) as refused:
        await approve_case(case.public_id, Actor.of(world.mei), version=case.version)
    assert refused.value.code == "case_changed"
    assert not await AuditEntry.exists(action="case.refused")


async def test_some_of_the_units_are_granted(world: World) -> None:
    case = await opened(world, wants(reason=Reason.DEFECTIVE, lines=SHIRTS + LAMP))
    rows = {row.line.source_id: row for row in await AfterSaleLine.filter(case_id=case.id).select_related("line")}
    for wrong in ({rows["shirt"].id: 3}, {rows["shirt"].id: 0, rows["lamp"].id: 0}):
        with pytest.raises(Invalid):
            await approve_case(case.public_id, Actor.of(world.omar), units=wrong)
    assert await state(case) == "under_review"
    await approve_case(case.public_id, Actor.of(world.omar), units={rows["shirt"].id: 1})
    assert [row.approved for row in await AfterSaleLine.filter(case_id=case.id)] == [1, 1]
