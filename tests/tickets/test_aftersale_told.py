"""Cases that Taobao keeps: what it tells opens and moves ours, with the platform's own clock, in whatever order."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from app.reactions import connect
from app.realtime.hub import Hub
from core.clock import FrozenClock
from core.events import current_bus, use_bus
from core.jobs import Job
from core.people import Actor
from orders.folding import fold
from orders.import_files import Draft
from orders.importing import import_order
from orders.models import Order
from orders.receiving import receive
from orders.refunds.case import Reason
from orders.sources import taobao
from tests.orders.refunding import open_account
from tests.orders.telling import recorded
from tests.people import World, make_world
from tests.tickets.sold import asks
from tickets.aftersales.decisions import approve_case
from tickets.aftersales.expiring import look_at_timers
from tickets.aftersales.kinds import Kind
from tickets.aftersales.models import AfterSale, AfterSaleTimer
from tickets.aftersales.opening import Wanted, open_case
from tickets.aftersales.platforms import reason_of
from tickets.aftersales.scope import Asked
from tickets.aftersales.told import follow_platform
from tickets.models import Ticket

pytestmark = pytest.mark.anyio
AS_TOLD = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
TRADE = recorded("taobao", "trade_fullinfo_partly_shipped")
REFUND = recorded("taobao", "refund_get_onsale")["refund_get_response"]["refund"]
NAME, TEA = "2600000000000000020", "2600000000000000019"
UNTIL = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def _bus() -> Iterator[None]:
    previous = current_bus()
    use_bus(connect(Hub()))
    yield
    use_bus(previous)


@pytest.fixture
async def world(database: object, clock: FrozenClock, _bus: None) -> World:
    """Chaye sells at Taobao; it is the hour after the sample's refund was asked for."""
    clock.jump(AS_TOLD - clock.now())
    world = await make_world()
    await world.chaye.filter(id=world.chaye.id).update(platform="taobao")
    await world.chaye.refresh_from_db()
    await open_account(world.chaye)
    return world


def refund(status: str, hour: int, **more: Any) -> dict[str, Any]:
    """The sample's refund with this status, so many hours after it was asked for."""
    stamp = f"{datetime(2026, 3, 2, 20, tzinfo=UTC) + timedelta(hours=hour):%Y-%m-%d %H:%M:%S}"
    due = {"exist_timeout": True, "remind_type": 1, "timeout": "2026-03-04 20:00:00"}
    time = due if status == "WAIT_SELLER_AGREE" else {"exist_timeout": False}
    return {"refund": {**REFUND, "status": status, "modified": stamp, "refund_remind_timeout": time, **more}}


def back(status: str, hour: int, **more: Any) -> dict[str, Any]:
    return refund(status, hour, has_good_return=True, num=1, company_name="顺丰速运", sid="SF100", **more)


async def told(world: World, *documents: dict[str, Any]) -> Order:
    """Fold what Taobao says, and do what the worker does then; jobs may run twice."""
    for document in documents:
        body = json.dumps(document, ensure_ascii=False).encode()
        key = taobao.delivery_key({}, body)
        await fold((await receive(world.chaye, "taobao", taobao.topic({}), key, {}, body)).id)
        await work_off()
    return await Order.get(shop_id=world.chaye.id)


async def work_off() -> None:
    for job in await Job.filter(kind="aftersales.told", state="ready").order_by("id"):
        for _ in range(2):
            await follow_platform(job.args["order"], job.args["case"])
        await Job.filter(id=job.id).update(state="done")


async def imported(world: World, *documents: dict[str, Any]) -> None:
    """The same by an operator's file, of which customers hear nothing."""
    for row, document in enumerate(documents):
        body = json.dumps(document, ensure_ascii=False).encode()
        draft = Draft(row=row, order="", body=body, topic=taobao.topic({}))
        await import_order(world.chaye, draft, "taobao")
        await work_off()


async def the_case() -> AfterSale:
    [case] = await AfterSale.all().prefetch_related("lines__line")
    return case


async def running() -> dict[str, datetime]:
    return {timer.kind: timer.due_at for timer in await AfterSaleTimer.filter(done_at=None)}


async def test_a_request_at_taobao_is_a_case_with_its_own_time_and_a_ticket(world: World) -> None:
    order = await told(world, TRADE, {"refund": REFUND})
    case = await the_case()
    assert (case.kind, case.state, case.reason) == ("refund_only", "under_review", "changed_mind")
    assert (case.platform_ref, case.amount, case.note, case.opened_by) == (NAME, 9371, "不想要了", "platform")
    assert [(each.line.source_id, each.asked) for each in case.lines] == [(TEA, 1)]
    assert await running() == {"decide_refund": UNTIL}
    ticket = await Ticket.get(id=case.ticket_id).select_related("conversation__customer")
    assert (ticket.kind, ticket.first_reply_due_at, order.number in ticket.subject) == ("aftersales", None, True)
    customer = ticket.conversation.customer
    assert (customer.email, customer.phone) == (None, None), "what the platform knows of them, they have not told us"


async def test_the_hint_of_the_trade_alone_is_enough_to_begin(world: World) -> None:
    await told(world, TRADE)
    case = await the_case()
    assert (case.state, case.platform_ref, case.amount) == ("under_review", NAME, None)
    assert await running() == {"decide_refund": AS_TOLD + timedelta(days=2)}  # Taobao's usual time
    await told(world, {"refund": REFUND})
    assert ((await the_case()).amount, await running()) == (9371, {"decide_refund": UNTIL})


async def test_goods_come_back_step_by_step_until_the_money_is_there(world: World) -> None:
    await told(world, TRADE, back("WAIT_SELLER_AGREE", 0))
    assert (await the_case()).kind == "return_refund"
    due = {"exist_timeout": True, "timeout": "2026-03-10 12:00:00"}
    await told(world, back("WAIT_BUYER_RETURN_GOODS", 1, refund_remind_timeout=due))
    assert (await the_case()).state == "awaiting_return"
    assert await running() == {"send_back": datetime(2026, 3, 10, 4, 0, tzinfo=UTC)}
    await told(world, back("WAIT_SELLER_CONFIRM_GOODS", 2))
    case = await the_case()
    assert (case.state, case.returned_id is not None) == ("return_in_transit", True)
    await told(world, back("SUCCESS", 3))
    case = await the_case()
    assert (case.state, case.decision["rule"], case.decision["granted"]) == ("closed", "platform", True)
    assert [each.approved for each in case.lines] == [1]
    assert (await Ticket.get(id=case.ticket_id)).status == "resolved", "nobody has anything left to do"
    assert await running() == {}


@pytest.mark.parametrize("seed", range(4))
async def test_deliveries_in_any_order_and_twice_make_the_same_case(world: World, seed: int) -> None:
    words = ["WAIT_SELLER_AGREE", "SELLER_REFUSE_BUYER", "WAIT_SELLER_AGREE", "WAIT_BUYER_RETURN_GOODS"]
    words += ["WAIT_SELLER_CONFIRM_GOODS", "SUCCESS"][: seed % 3]
    documents = [back(word, hour) for hour, word in enumerate(words)] * 2 + [TRADE]
    Random(seed).shuffle(documents)
    await told(world, *documents)
    case = await the_case()
    wanted = ("awaiting_return", "return_in_transit", "closed")[seed % 3]
    assert (case.kind, case.state, case.platform_word, case.amount) == ("return_refund", wanted, words[-1], 9371)
    assert [(each.line.source_id, each.asked, each.approved) for each in case.lines] == [(TEA, 1, 1)]
    assert (case.decision["rule"], case.decision["granted"]) == ("platform", True)


async def test_what_the_buyer_gives_up_is_closed_and_nothing_remains_to_do(world: World) -> None:
    order = await told(world, TRADE, refund("WAIT_SELLER_AGREE", 0), refund("CLOSED", 5))
    case = await the_case()
    assert (case.state, order.platform_cases[NAME]["word"]) == ("closed", "CLOSED")
    assert (await Ticket.get(id=case.ticket_id)).status == "resolved"
    await told(world, refund("WAIT_SELLER_AGREE", 1))  # late
    assert (await the_case()).state == "closed"


async def test_a_refusal_that_the_buyer_does_not_take_comes_back(world: World) -> None:
    await told(world, TRADE, refund("WAIT_SELLER_AGREE", 0), refund("SELLER_REFUSE_BUYER", 1))
    assert (await the_case()).state == "rejected"
    again = {"exist_timeout": True, "timeout": "2026-03-05 20:00:00"}
    await told(world, refund("WAIT_SELLER_AGREE", 2, refund_fee="50.00", refund_remind_timeout=again))
    case = await the_case()
    assert (case.state, case.amount) == ("under_review", 5000)
    assert await running() == {"decide_refund": datetime(2026, 3, 5, 12, 0, tzinfo=UTC)}


async def test_a_case_that_the_desk_has_moved_is_the_platforms_too(world: World) -> None:
    quiet = json.loads(json.dumps(TRADE))
    for line in quiet["trade_fullinfo_get_response"]["trade"]["orders"]["order"]:
        line["refund_status"] = "NO_REFUND"
    order = await told(world, quiet)
    ticket = await asks(world, shop=world.chaye)
    wanted = Wanted(kind=Kind.REFUND_ONLY, reason=Reason.DEFECTIVE, lines=(Asked(line=TEA, units=1),))
    ours = await open_case(ticket.id, order.id, wanted, Actor.of(world.lin))
    await told(world, refund("WAIT_SELLER_AGREE", 0))
    case = await the_case()
    assert (case.id, case.platform_ref, case.ticket_id, case.reason) == (ours.id, NAME, ticket.id, "defective")
    if case.state in ("requested", "under_review"):
        await approve_case(case.public_id, Actor.of(world.wei))
    before = (await the_case()).state
    await told(world, refund("WAIT_SELLER_AGREE", 1, desc="快点"))
    assert (await the_case()).state == before, "the platform has not heard of it yet"
    await told(world, refund("SUCCESS", 2))
    assert (await the_case()).state == "closed"


async def test_when_its_time_is_over_the_platform_decides_and_we_press(world: World, clock: FrozenClock) -> None:
    await told(world, TRADE, refund("WAIT_SELLER_AGREE", 0))
    clock.advance(timedelta(days=3))
    for _ in range(4):
        await look_at_timers()
    case = await the_case()
    assert (case.state, (await Ticket.get(id=case.ticket_id)).priority) == ("under_review", "urgent")


async def test_of_what_is_imported_only_open_cases_are_work(world: World) -> None:
    await imported(world, TRADE, refund("SUCCESS", 3), refund("WAIT_SELLER_AGREE", 2, refund_id="21"))
    states = {case.platform_ref: case.state for case in await AfterSale.all()}
    assert states == {NAME: "closed", "21": "under_review"}, "the trade itself had one open"
    await imported(world, refund("CLOSED", 1, refund_id="22"), refund("CLOSED", 4, refund_id="21"))
    assert {case.platform_ref: case.state for case in await AfterSale.all()} == {NAME: "closed", "21": "closed"}


async def test_an_unknown_word_moves_nothing(world: World) -> None:
    await told(world, TRADE, refund("WAIT_SELLER_AGREE", 0), refund("WAIT_FOR_MOON", 1))
    assert (await the_case()).state == "under_review"


@pytest.mark.parametrize(
    ("words", "reason"),
    [("7天无理由退换货", "seven_day"), ("质量问题", "defective"), ("发错货", "wrong_item"), ("", "other")],
)
async def test_the_buyers_reason_is_ours(words: str, reason: str) -> None:
    assert reason_of(words) is Reason(reason)
