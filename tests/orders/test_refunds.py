"""Asking for money back: limits, four eyes, caps under one lock, repetitions, and what the audit keeps."""

import asyncio
from random import Random
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.ids import new_id
from core.people import BOT, Actor
from core.transactions import transaction
from orders.models import Order, Refund
from orders.refunds.approval import approve, refuse, retry_failed, withdraw
from orders.refunds.case import Reason, Request
from orders.refunds.limits import set_refund_limits
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.requesting import quote_for, request_refund
from tests.orders.refunding import bought, open_account
from tests.people import World, make_world

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: TortoiseContext, clock: FrozenClock) -> World:
    return await make_world()


def by(agent: object) -> Actor:
    return Actor.of(agent)  # type: ignore[arg-type]


def units(**wanted: int) -> Request:
    return Request(units=tuple(wanted.items()), reason=Reason.DEFECTIVE)


async def noted(action: str) -> list[dict[str, object]]:
    return [entry.detail for entry in await AuditEntry.filter(action=action).order_by("id")]


async def test_what_is_within_the_limit_leaves_at_once(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 2, 14_00))
    await open_account(world.lumen)
    intent = await request_refund(order.id, "tkt_1", units(lamp=1), by(world.omar), note="Broken shade")
    [part] = await RefundPart.filter(intent_id=intent.id)
    assert (intent.state, intent.amount, intent.lines) == ("created", 14_00, [["lamp", 1, 14_00, 0]])
    assert intent.rule == "limit:agent:USD:usual"
    assert (part.gateway, part.amount, part.payment) == ("simulator", 14_00, "pay-card")
    assert part.payment_ref == f"ch-card-{order.number}"
    assert (await quote_for(order.id, Request())).most == 14_00


async def test_a_double_click_is_one_refund(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 2, 10_00))
    asked = [
        request_refund(order.id, "tkt_1", units(lamp=1), by(world.omar), client_key="form-1", attempt=1)
        for _ in range(5)
    ]
    intents = await asyncio.gather(*asked)
    assert len({intent.id for intent in intents}) == 1
    assert await RefundIntent.all().count() == 1


async def test_the_same_name_never_stands_for_another_wish(world: World) -> None:
    order, other = await bought(world.lumen, ("lamp", 2, 10_00)), await bought(world.lumen, ("lamp", 2, 10_00))
    await request_refund(order.id, "tkt_1", units(lamp=1), by(world.omar), client_key="form-1")
    for wish in (
        request_refund(order.id, "tkt_1", units(lamp=2), by(world.omar)),
        request_refund(order.id, "tkt_2", units(lamp=2), by(world.omar), client_key="form-1"),
        request_refund(other.id, "tkt_1", units(lamp=1), by(world.omar)),
    ):
        with pytest.raises(Conflict) as refused:
            await wish
        assert refused.value.code == "other_request"
    assert [each["code"] for each in await noted("refund.refused_attempt")] == ["other_request"] * 3


async def test_attempts_of_a_case_are_counted(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 3, 5_00))
    await request_refund(order.id, "tkt_1", units(lamp=1), by(world.omar))
    with pytest.raises(Conflict) as early:
        await request_refund(order.id, "tkt_1", units(lamp=1), by(world.omar), attempt=2)
    assert early.value.code == "refund_under_way"
    with pytest.raises(Conflict) as skipped:
        await request_refund(order.id, "tkt_1", units(lamp=1), by(world.omar), attempt=4)
    assert skipped.value.data["next"] == 2


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Request(amount=61_00), "above_refundable"),
        (Request(amount=-5), "bad_amount"),
        (Request(amount=float("nan")), "bad_amount"),  # type: ignore[arg-type]
        (Request(units=(("lamp", 3),)), "not_refundable_quantity"),
        (Request(units=(("lamp", -1),)), "bad_quantity"),
        (Request(units=(("of-another-order", 1),)), "unknown_line"),
        (Request(payment="of-another-order"), "unknown_payment"),
        (Request(restocking=-100), "bad_amount"),
    ],
)
async def test_what_may_not_go_is_refused_and_remembered(world: World, wish: Request, code: str) -> None:
    order = await bought(world.lumen, ("lamp", 2, 30_00))
    with pytest.raises(Invalid) as refused:
        await request_refund(order.id, "tkt_1", wish, by(world.ada))
    assert refused.value.code == code
    assert [each["code"] for each in await noted("refund.refused_attempt")] == [code]
    assert not await RefundPart.all().exists()


async def test_another_currency_another_shop_and_a_stale_page_are_refused(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 1, 20_00))
    with pytest.raises(Invalid, match="currency"):
        await request_refund(order.id, "tkt_1", Request(), by(world.omar), currency="EUR")
    with pytest.raises(NotFound):
        await request_refund(order.id, "tkt_1", Request(), by(world.wei))
    with pytest.raises(Conflict) as stale:
        await request_refund(order.id, "tkt_1", Request(), by(world.omar), order_version=order.version - 1)
    assert stale.value.code == "stale_order"
    with pytest.raises(Conflict) as changed:
        await request_refund(order.id, "tkt_1", Request(), by(world.omar), expected_total=19_99)
    assert (changed.value.code, changed.value.data["total"]) == ("amount_changed", 20_00)


async def test_a_hundred_at_once_stay_within_what_was_paid(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 30, 1_00), paid=[("gift_card", 10_00), ("card", 20_00)])
    chance = Random(7)

    async def ask(number: int) -> int:
        wish = units(lamp=chance.randint(1, 3)) if number % 2 else Request(amount=chance.randint(1, 3_00))
        try:
            return int((await request_refund(order.id, f"tkt_{number}", wish, by(world.omar))).amount)
        except (Invalid, Conflict):
            return 0

    given = await asyncio.gather(*(ask(number) for number in range(100)))
    parts = await RefundPart.filter(order_id=order.id)
    assert sum(given) == sum(part.amount for part in parts) <= 30_00
    assert sum(given) > 25_00
    assert sum(part.amount for part in parts if part.tender == "gift_card") <= 10_00


async def test_above_the_limit_somebody_else_approves(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 10, 25_00))
    intent = await request_refund(order.id, "tkt_1", units(lamp=4), by(world.omar))
    assert (intent.state, intent.needs) == ("awaiting_approval", ["above_limit"])
    assert (await quote_for(order.id, Request())).most == 150_00, "what waits holds its money"
    with pytest.raises(Forbidden) as own:
        await approve(intent.id, world.omar)
    with pytest.raises(Forbidden) as peer:
        await approve(intent.id, world.mei)
    with pytest.raises(NotFound):
        await approve(intent.id, world.wei)
    assert (own.value.code, peer.value.code) == ("self_approval", "above_limit")
    assert [each["code"] for each in await noted("refund.approval_refused")] == ["self_approval", "above_limit"]
    approved = await approve(intent.id, world.sue)
    assert (approved.state, approved.decided_by) == ("created", "Sue")
    assert approved.rule == "approved:limit:supervisor:USD:usual"
    assert (await approve(intent.id, world.sue)).version == approved.version
    with pytest.raises(Conflict):
        await refuse(intent.id, world.sue, "too late")


async def test_who_is_paid_never_decides(world: World) -> None:
    """An agent's own order: not alone, not by approving a colleague's request, not by a second session."""
    order = await bought(world.lumen, ("lamp", 1, 5_00), email="omar@wismo.example")
    intent = await request_refund(order.id, "tkt_1", Request(), by(world.omar))
    assert (intent.state, intent.needs) == ("awaiting_approval", ["own_order"])
    with pytest.raises(Forbidden) as again:
        await approve(intent.id, world.omar)
    assert again.value.code == "self_approval"
    await withdraw(intent.id, by(world.omar))
    asked = await request_refund(order.id, "tkt_2", Request(), by(world.mei), typed_details=True)
    assert asked.needs == ["typed_details"]
    with pytest.raises(Forbidden) as payee:
        await approve(asked.id, world.omar)
    assert payee.value.code == "own_order"
    [part] = await RefundPart.filter(intent_id=asked.id)
    assert part.gateway == "manual", "typed-in details are paid by hand"


async def test_gifts_above_the_goods_and_open_disputes_need_two(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 1, 10_00), ("bulb", 1, 10_00))
    small = await request_refund(order.id, "tkt_1", units(bulb=1), by(world.omar), goodwill=0)
    assert small.needs == []
    gift = await request_refund(order.id, "tkt_2", units(lamp=1), by(world.omar), goodwill=0)
    assert gift.amount == 10_00
    other = await bought(world.lumen, ("lamp", 1, 10_00), ("bulb", 1, 10_00))
    more = await request_refund(other.id, "tkt_3", units(lamp=1), by(world.omar), goodwill=2_00)
    assert (more.amount, more.goodwill, more.needs) == (12_00, 2_00, ["goodwill_above_worth"])
    with pytest.raises(Invalid) as above:
        await request_refund(other.id, "tkt_4", units(bulb=1), by(world.omar), goodwill=9_00)
    assert above.value.code == "above_refundable"


async def test_a_refusal_stays_audited_when_it_undoes_a_larger_change(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 1, 20_00))
    with pytest.raises(Invalid):
        async with transaction():
            await request_refund(order.id, "afs_1", Request(amount=90_00), by(world.omar))
    assert [each["code"] for each in await noted("refund.refused_attempt")] == ["above_refundable"]


async def test_a_day_has_its_own_limit(world: World, clock: FrozenClock) -> None:
    await set_refund_limits(world.lumen, {"daily": {"USD": {"agent": 40_00}}})
    orders = [await bought(world.lumen, ("lamp", 1, 20_00)) for _ in range(3)]
    asked = [await request_refund(o.id, f"tkt_{n}", Request(), by(world.omar)) for n, o in enumerate(orders)]
    assert [intent.needs for intent in asked] == [[], [], ["daily_limit"]]
    assert (
        await request_refund((await bought(world.lumen, ("x", 1, 5_00))).id, "t", Request(), by(world.mei))
    ).needs == []


async def test_a_day_has_one_limit_for_all_that_leaves_at_the_same_moment(world: World, both_databases: str) -> None:
    await set_refund_limits(world.lumen, {"daily": {"USD": {"agent": 40_00}}})
    orders = [await bought(world.lumen, ("lamp", 1, 20_00)) for _ in range(8)]
    asked = await asyncio.gather(
        *(request_refund(order.id, f"tkt_{order.id}", Request(), by(world.omar)) for order in orders)
    )
    assert sum(intent.amount for intent in asked if not intent.needs) == 40_00


async def test_currencies_without_limits_and_machines_need_a_person(world: World) -> None:
    euro = await bought(world.lumen, ("lamp", 1, 1_00), currency="EUR")
    assert (await request_refund(euro.id, "tkt_1", Request(), by(world.omar))).needs == ["above_limit"]
    order = await bought(world.lumen, ("lamp", 1, 1_00), ("bulb", 1, 2_00))
    assert (await request_refund(order.id, "afs_1", units(lamp=1), BOT)).needs == ["above_limit"]
    wish = Request(reason=Reason.CANCELLED)
    cancelled = await request_refund(order.id, "afs_2", wish, BOT, cancels_unshipped=True)
    assert (cancelled.needs, cancelled.rule) == ([], "limit:bot:cancels_unshipped:USD:usual")


async def test_what_is_refused_or_withdrawn_frees_its_money(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 1, 90_00))
    intent = await request_refund(order.id, "tkt_1", Request(), by(world.omar))
    with pytest.raises(Invalid):
        await request_refund(order.id, "tkt_2", Request(), by(world.mei))
    refused = await refuse(intent.id, world.sue, "The customer has sent nothing back.")
    assert (refused.state, refused.why) == ("refused", "The customer has sent nothing back.")
    again = await request_refund(order.id, "tkt_1", Request(), by(world.omar), attempt=2)
    assert (await withdraw(again.id, by(world.omar))).state == "withdrawn"
    assert (await quote_for(order.id, Request())).most == 90_00


async def test_money_that_left_elsewhere_since_stops_an_approval(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 1, 90_00))
    intent = await request_refund(order.id, "tkt_1", Request(), by(world.omar))
    await elsewhere(order, 50_00)
    with pytest.raises(Conflict) as gone:
        await approve(intent.id, world.sue)
    assert gone.value.code == "amount_changed"


async def test_parts_of_a_price_leave_the_units_with_the_customer(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 1, 20_00), shipping=5_00)
    intent = await request_refund(order.id, "tkt_1", Request(units=(("lamp", 1),), amount=4_00), by(world.omar))
    assert intent.lines == [["lamp", 0, 4_00, 0]]
    rest = await quote_for(order.id, units(lamp=1))
    assert rest.lines[0].net == 16_00


async def test_several_tenders_get_their_share(world: World) -> None:
    await open_account(world.lumen)
    order = await bought(world.lumen, ("lamp", 1, 15_00), paid=[("gift_card", 5_00), ("card", 10_00)])
    intent = await request_refund(order.id, "tkt_1", Request(amount=6_00), by(world.omar))
    parts = await RefundPart.filter(intent_id=intent.id).order_by("id")
    assert [(p.tender, p.amount, p.gateway) for p in parts] == [
        ("gift_card", 2_00, "manual"),
        ("card", 4_00, "simulator"),
    ]


async def test_only_a_failed_refund_is_tried_again(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 1, 15_00))
    intent = await request_refund(order.id, "tkt_1", Request(), by(world.omar))
    with pytest.raises(Conflict) as under_way:
        await retry_failed(intent.id, world.omar)
    assert under_way.value.code == "not_failed"


async def test_what_was_paid_in_part_is_only_tried_again(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 1, 50_00), ("bulb", 1, 50_00), paid=[("gift", 40_00), ("card", 60_00)])
    first = await request_refund(order.id, "tkt_1", units(lamp=1), by(world.sue))
    for tender, state in (("gift", "succeeded"), ("card", "failed")):
        await RefundPart.filter(intent_id=first.id, tender=tender).update(state=state)
    await RefundIntent.filter(id=first.id).update(state="failed")
    for case in ("tkt_1", "tkt_2"):
        with pytest.raises(Invalid):  # 20.00 of the lamp is with the customer already
            await request_refund(order.id, case, units(lamp=1), by(world.sue), attempt=2 if case == "tkt_1" else 1)
    again = await retry_failed(first.id, world.sue)
    assert (again.amount, again.state) == (30_00, "created")
    rest = await quote_for(order.id, Request())
    assert ([line.id for line in rest.lines], rest.most) == (["bulb"], 50_00)


async def test_another_attempt_needs_whom_the_first_one_needed(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 1, 10_00), ("bulb", 1, 10_00))
    gift = await request_refund(order.id, "tkt_1", units(lamp=1), by(world.omar), goodwill=2_00, typed_details=True)
    assert gift.needs == ["goodwill_above_worth", "typed_details"]
    await approve(gift.id, world.sue)
    await RefundPart.filter(intent_id=gift.id).update(state="failed")
    await RefundIntent.filter(id=gift.id).update(state="failed")
    again = await retry_failed(gift.id, world.omar)
    assert (again.state, again.needs) == ("awaiting_approval", gift.needs)


async def test_another_attempt_gives_no_more_than_it_sends(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 1, 100_00), paid=[("gift", 20_00), ("card", 80_00)])
    first = await request_refund(order.id, "tkt_1", Request(amount=10_00), by(world.sue), goodwill=30_00)
    for tender, state in (("card", "succeeded"), ("gift", "failed")):
        await RefundPart.filter(intent_id=first.id, tender=tender).update(state=state)
    await RefundIntent.filter(id=first.id).update(state="failed")
    again = await retry_failed(first.id, world.sue)
    assert (again.amount, again.goodwill) == (8_00, 8_00)


async def elsewhere(order: Order, amount: int, *, state: str = "succeeded", **columns: Any) -> Refund:
    return await Refund.create(
        public_id=new_id("rfd"),
        order=order,
        source_id=new_id("re"),
        amount=amount,
        currency=order.currency,
        state=state,
        at=now(),
        **columns,
    )


async def test_refunds_made_elsewhere_count_and_our_own_do_not_twice(world: World) -> None:
    order = await bought(world.lumen, ("lamp", 10, 10_00))
    await elsewhere(order, 30_00, lines=[["lamp", 3]])
    await elsewhere(order, 50_00, state="failed")
    assert (await quote_for(order.id, Request())).most == 70_00
    intent = await request_refund(order.id, "tkt_1", units(lamp=2), by(world.omar))
    part = await RefundPart.get(intent_id=intent.id)
    await elsewhere(order, 20_00, state="pending", key=part.public_id, lines=[["lamp", 2]])
    assert (await quote_for(order.id, Request())).most == 50_00
