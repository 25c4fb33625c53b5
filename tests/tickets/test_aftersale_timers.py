"""Times of cases, to the second: who has how long, what warns, and what follows when nobody acts."""

from datetime import UTC, datetime, timedelta

import pytest

from app.case_facts import case_facts
from core.business_hours import BusinessHours
from core.clock import FrozenClock
from core.people import Actor
from orders.models import Order
from orders.policies.timers import OnExpiry, Timer, TimerKind
from orders.refunds.case import Jurisdiction, Reason
from tests.people import World
from tests.tickets.sold import asks, sold
from tickets.aftersales.decisions import approve_case, ask_for_info, platform_intervenes, reject_case
from tickets.aftersales.expiring import look_at_timer, look_at_timers
from tickets.aftersales.kinds import Kind
from tickets.aftersales.models import AfterSale, AfterSaleTimer
from tickets.aftersales.opening import Wanted, open_case
from tickets.aftersales.returns import receive_goods
from tickets.aftersales.scope import Asked
from tickets.aftersales.states import State
from tickets.aftersales.timing import Allowance, Situation, allowances, stages
from tickets.models import Ticket
from tickets.queries import timeline

pytestmark = pytest.mark.anyio
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LAMP = (Asked(line="lamp", units=1),)
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def given(state: State, platform: str = "generic", law: Jurisdiction = Jurisdiction.OTHER, **more: object) -> Situation:
    hours = BusinessHours.of(OFFICE, "UTC")
    facts = {"kind": Kind.RETURN_REFUND, "since": MONDAY, "opened_at": MONDAY - DAY, "hours": hours}
    return Situation(**(facts | {"state": state, "platform": platform, "jurisdiction": law} | more))  # type: ignore[arg-type]


def only(situation: Situation) -> Allowance:
    [found] = allowances(situation)
    return found


def test_a_platform_gives_its_own_hours_around_the_clock() -> None:
    found = only(given(State.UNDER_REVIEW, "wechat_shop"))
    assert (found.due_at, found.origin, found.on_expiry) == (MONDAY + 48 * HOUR, "platform", OnExpiry.GRANT)
    back = only(given(State.RETURN_IN_TRANSIT, "wechat_shop"))
    assert (back.kind, back.side, back.due_at) == ("confirm_receipt", "seller", MONDAY + 10 * DAY)
    assert only(given(State.AWAITING_RETURN, "wechat_shop")).on_expiry is OnExpiry.CLOSE
    assert only(given(State.UNDER_REVIEW, "wechat_shop", kind=Kind.REFUND_ONLY)).kind == "decide_refund"


def test_what_the_platform_tells_for_the_case_wins() -> None:
    told = MONDAY + 5 * HOUR
    found = only(given(State.UNDER_REVIEW, "taobao", told=told))
    assert (found.due_at, found.origin, found.on_expiry) == (told, "platform", OnExpiry.GRANT)


def test_the_shops_own_days_end_with_an_open_day_and_the_laws_do_not() -> None:
    friday = MONDAY + 4 * DAY
    own = only(given(State.UNDER_REVIEW, since=friday))
    assert (own.due_at, own.origin) == (datetime(2026, 3, 10, tzinfo=UTC), "policy")  # Sunday becomes Monday
    law = only(given(State.AWAITING_RETURN, law=Jurisdiction.EU))
    assert (law.due_at, law.origin, law.on_expiry) == (MONDAY + 14 * DAY, "law", OnExpiry.WARN)
    longer = only(given(State.AWAITING_RETURN, law=Jurisdiction.EU, send_back_within=30))
    assert (longer.due_at, longer.origin) == (datetime(2026, 4, 2, tzinfo=UTC), "policy")


def test_the_law_also_says_when_the_money_is_due() -> None:
    by_kind = {each.kind: each.due_at for each in allowances(given(State.RECEIVED, law=Jurisdiction.CN))}
    assert by_kind["pay_refund"] == MONDAY + 7 * DAY
    late = allowances(given(State.RECEIVED, law=Jurisdiction.EU, opened_at=MONDAY - 20 * DAY))
    assert {each.kind: each.due_at for each in late}["pay_refund"] == MONDAY  # withheld until the goods came
    assert not [each for each in allowances(given(State.RECEIVED, kind=Kind.EXCHANGE)) if each.kind == "pay_refund"]


def test_money_for_what_never_left_is_due_from_the_notice_on() -> None:
    def due(law: Jurisdiction, platform: str = "generic", *, unsent: bool = True) -> list[datetime]:
        found = allowances(given(State.APPROVED, platform, law, kind=Kind.CANCEL, unsent=unsent))
        return [each.due_at for each in found]

    assert due(Jurisdiction.US) == [datetime(2026, 3, 11, tzinfo=UTC)]  # notice on a Sunday: seven working days
    assert due(Jurisdiction.EU) == [MONDAY - DAY + 14 * DAY]
    assert due(Jurisdiction.CN) == due(Jurisdiction.US, unsent=False) == due(Jurisdiction.US, "taobao") == []
    assert [each.kind for each in allowances(given(State.RECEIVED, law=Jurisdiction.US))] == ["confirm_receipt"]


def test_a_shops_own_working_days_and_hours_are_what_they_say() -> None:
    def own(**length: object) -> datetime:
        row = Timer(kind=TimerKind.DECIDE_RETURN, on_expiry=OnExpiry.WARN, source="us", **length)  # type: ignore[arg-type]
        return only(given(State.UNDER_REVIEW, own=(row,))).due_at

    assert own(working_days=5) == datetime(2026, 3, 10, tzinfo=UTC)
    assert own(lasts=36 * HOUR) == MONDAY + 36 * HOUR
    assert own(lasts=5 * DAY) == datetime(2026, 3, 10, tzinfo=UTC)  # Saturday moves to Monday


def test_nobody_is_waited_for_at_other_times() -> None:
    waiting = {State.REQUESTED, State.UNDER_REVIEW, State.NEEDS_INFO, State.AWAITING_RETURN, State.RECEIVED}
    assert {state for state in State if allowances(given(state))} == waiting | {State.REJECTED}


def test_it_warns_at_half_four_fifths_and_two_hours_before() -> None:
    assert list(stages(MONDAY, MONDAY + 48 * HOUR)) == [
        ("half", MONDAY + 24 * HOUR),
        ("most", MONDAY + timedelta(hours=38, minutes=24)),
        ("last", MONDAY + 46 * HOUR),
    ]
    assert [name for name, _ in stages(MONDAY, MONDAY + HOUR)] == ["half", "most"]


async def opened(
    world: World, reason: Reason, kind: Kind = Kind.RETURN_REFUND, *, platform: str = "generic"
) -> AfterSale:
    await world.lumen.filter(id=world.lumen.id).update(platform=platform)
    order = await sold(world.lumen, country="CN" if platform == "wechat_shop" else "DE", currency="CNY")
    ticket = await asks(world)
    return await open_case(
        ticket.id, order.id, Wanted(kind=Kind.RETURN_REFUND, reason=reason, lines=LAMP), Actor.of(world.ines)
    )


async def look(case: AfterSale) -> tuple[str, str]:
    await look_at_timers()
    assert await look_at_timers() == 0  # a second look finds nothing
    row = await AfterSale.get(id=case.id).select_related("ticket")
    assert row.ticket is not None
    return row.state, row.ticket.priority


async def events(case: AfterSale, action: str) -> list[dict[str, object]]:
    ticket = await Ticket.get(id=case.ticket_id)
    return [entry.detail for entry in await timeline(ticket) if entry.action == action]


async def test_a_seller_who_sleeps_48_hours_at_a_wechat_shop_has_granted_it(world: World, clock: FrozenClock) -> None:
    case = await opened(world, Reason.DEFECTIVE, platform="wechat_shop")
    for hours, said in ((24, "half"), (38.4, "most"), (46, "last")):
        clock.advance(MONDAY + hours * HOUR - SECOND - clock.now())
        before = len(await events(case, "case_warned"))
        await look_at_timers()
        assert len(await events(case, "case_warned")) == before
        clock.advance(SECOND)
        state, priority = await look(case)
        assert (state, (await events(case, "case_warned"))[-1]["stage"]) == ("under_review", said)
        assert priority == ("high" if said == "last" else "normal")
    clock.advance(MONDAY + 48 * HOUR - SECOND - clock.now())
    assert (await look(case))[0] == "under_review"
    clock.advance(SECOND)
    assert (await look(case))[0] == "awaiting_return"
    row = await AfterSale.get(id=case.id)
    assert row.decision["rule"] == "time"
    timers = await AfterSaleTimer.filter(case_id=case.id).order_by("id")
    assert [(timer.kind, timer.outcome) for timer in timers][-2:] == [("decide_return", "expired"), ("send_back", "")]


async def test_a_customer_who_never_sends_the_goods_back_has_no_case_any_more(world: World, clock: FrozenClock) -> None:
    case = await opened(world, Reason.SEVEN_DAY, platform="wechat_shop")
    assert case.state == "awaiting_return"
    clock.advance(7 * DAY - SECOND)
    assert (await look(case))[0] == "awaiting_return"
    assert not await events(case, "case_warned")  # it is the customer's time
    clock.advance(SECOND)
    assert (await look(case))[0] == "closed"
    row = await AfterSale.get(id=case.id)
    row.closed_at = row.since + timedelta(milliseconds=5)  # the clock goes on while it is closed
    assert (await case_facts(row, await Order.get(id=row.order_id))).step == "expired"
    assert await events(case, "case_closed") == [{"case": 1, "case_kind": "return_refund", "rule": "time"}]


async def test_a_missed_duty_of_a_shop_of_its_own_presses(world: World, clock: FrozenClock) -> None:
    case = await opened(world, Reason.DEFECTIVE)
    clock.advance(3 * DAY)
    assert await look(case) == ("under_review", "urgent")
    assert len(await events(case, "case_expired")) == 1


async def test_a_step_ends_the_time_and_an_old_look_does_nothing(world: World, clock: FrozenClock) -> None:
    case = await opened(world, Reason.DEFECTIVE, platform="wechat_shop")
    timer = await AfterSaleTimer.get(case_id=case.id, done_at=None)
    await ask_for_info(case.public_id, Actor.of(world.omar), "A photo, please")
    clock.advance(49 * HOUR)
    await look_at_timer(timer.id)
    assert (await look(case))[0] == "needs_info"
    clock.advance(7 * DAY)
    assert (await look(case))[0] == "closed"


async def test_nobody_appeals_and_it_is_over(world: World, clock: FrozenClock) -> None:
    case = await opened(world, Reason.DEFECTIVE, platform="wechat_shop")
    await reject_case(case.public_id, Actor.of(world.omar), "That is wear")
    clock.advance(7 * DAY)
    assert (await look(case))[0] == "closed"


async def test_the_platforms_own_deadline_presses(world: World, clock: FrozenClock) -> None:
    case = await opened(world, Reason.DEFECTIVE, platform="wechat_shop")
    await platform_intervenes(case.public_id, Actor.of(world.omar), "W-1", clock.now() + 10 * HOUR)
    timer = await AfterSaleTimer.get(case_id=case.id, done_at=None)
    assert (timer.kind, timer.origin, timer.due_at) == ("answer_platform", "platform", clock.now() + 10 * HOUR)
    clock.advance(10 * HOUR)
    assert await look(case) == ("platform_review", "urgent")


async def test_goods_that_nobody_inspects_are_refunded_as_the_platform_says(world: World, clock: FrozenClock) -> None:
    case = await opened(world, Reason.DEFECTIVE, platform="wechat_shop")
    omar = Actor.of(world.omar)
    await approve_case(case.public_id, omar)
    await receive_goods(case.public_id, omar)
    clock.advance(10 * DAY)
    state, priority = await look(case)
    row = await AfterSale.get(id=case.id)
    assert (state, row.problem, priority) == ("refund_pending", "refund_awaiting_approval", "high")
