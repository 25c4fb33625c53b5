"""What a customer hears by itself when an order moves: each fact once, about the right parcel, in their language."""

import json
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.gateways.mail import RecordingMailer
from app.jobs import HANDLERS
from app.jobs.context import JobContext
from app.reactions import connect
from app.realtime.hub import Hub
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from conversations.models import Conversation, Message, Proof
from conversations.posting import post
from core import jobs
from core.clock import FrozenClock, now
from core.events import use_bus
from core.people import Actor, Agent
from core.shops import Shop
from orders.models import Order
from orders.receiving import receive
from orders.refunds.approval import retry_failed
from orders.refunds.case import Request
from orders.refunds.gateway import Answer, Outcome
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.payment_accounts import open_account
from orders.refunds.requesting import request_refund
from orders.refunds.settling import Source, settle_part
from tests.people import World, chat, make_world

pytestmark = pytest.mark.anyio

ORDER: dict[str, Any] = {
    "id": "A-1",
    "number": "1001",
    "currency": "CNY",
    "placed_at": "2026-03-01T08:00:00Z",
    "customer": {"email": "lin@example.com"},
    "payment": "paid",
    "confirmation": "confirmed",
    "lines": [{"id": "1", "title": "Tea", "quantity": 2, "unit_price": "20.00"}],
}
_ids = count(1)


class Desk:
    """A shop that tells, and Lin, who has proved that the order is hers."""

    def __init__(self, shop: Shop, talk: Conversation, clock: FrozenClock, context: JobContext) -> None:
        self.shop, self.talk, self.clock, self.context = shop, talk, clock, context

    async def told(self, *, times: int = 1, **document: Any) -> list[str]:
        """The shop sends a document so many times; what the chat says then."""
        last = await self._last()
        self.clock.advance(timedelta(minutes=1))
        body = json.dumps({"id": "A-1", "updated_at": now().isoformat(), **document}).encode()
        for _ in range(times):
            await receive(self.shop, "generic", "orders:upsert", f"msg_{next(_ids)}", {}, body)
            await self._work()
        later = Message.filter(conversation_id=self.talk.id, number__gt=last).order_by("number")
        return [message.text for message in await later]

    async def parcel(self, name: str, state: str, *, times: int = 1, **facts: Any) -> list[str]:
        """The carrier scans a parcel."""
        scan = {"at": now().isoformat(), "code": state, "state": state}
        parcel = {"id": name, "lines": [{"line": "1", "quantity": 1}], "scans": [scan], **facts}
        return await self.told(times=times, shipments=[parcel])

    async def settled(self, tender: str, state: Answer) -> list[str]:
        """The gateway says what became of the money for a payment; what the chat says then."""
        await self._work()
        last = await self._last()
        part = await RefundPart.filter(tender=tender).order_by("-id").first()
        assert part is not None
        await settle_part(part.public_id, Outcome(state=state), source=Source.QUERY)
        await self._work()
        later = Message.filter(conversation_id=self.talk.id, number__gt=last).order_by("number")
        return [message.text for message in await later]

    async def _last(self) -> int:
        return int((await Conversation.get(id=self.talk.id)).last_number)

    async def _work(self) -> None:
        while claimed := await jobs.claim(10):
            for job in claimed:
                await HANDLERS[job.kind](job.args, self.context)
                await jobs.finish(job)


@pytest.fixture
async def world(database: object) -> World:
    return await make_world()


@pytest.fixture
async def desk(world: World, clock: FrozenClock, tmp_path: Path) -> Desk:
    use_bus(connect(Hub()))
    talk = await chat(world.chaye, world.lin)
    await post(talk.id, Actor.of(world.lin), "你好", client_id="client-id-1")
    proof: dict[str, Any] = {
        "kind": "code",
        "contact": "lin@example.com",
        "proved_at": now(),
        "expires_at": now() + timedelta(days=1),
    }
    await Proof.create(conversation_id=talk.id, **proof)
    context = JobContext(Settings(data_dir=tmp_path), RecordingMailer(), Shelf(own_rulebook()))
    desk = Desk(world.chaye, talk, clock, context)
    await desk.told(**ORDER)
    return desk


async def test_each_fact_is_told_once_however_often_it_is_sent(desk: Desk) -> None:
    [shipped] = await desk.parcel("P1", "in_transit", times=3, carrier="顺丰速运", tracking_number="SF1")
    assert shipped == "订单1001已由快递揽收，正在路上（顺丰速运 SF1）。"
    [out] = await desk.parcel("P1", "out_for_delivery", times=3)
    assert out == "订单1001的包裹今天派送，请保持电话畅通。"


async def test_the_money_of_a_case_is_told_by_the_case(desk: Desk) -> None:
    order = await Order.get(number="1001")
    shared: dict[str, Any] = {"amount": 2000, "currency": "CNY", "created_at": now(), "state": "pending"}
    intent = await RefundIntent.create(
        public_id="rfi_1",
        shop=desk.shop,
        order=order,
        case_id="afs_1",
        reason="damaged",
        requested_kind="agent",
        **shared,
    )
    await RefundPart.create(
        public_id="rfp1", intent=intent, order_id=order.id, payment="1", gateway="manual", gateway_ref="R1", **shared
    )

    def refund(name: str) -> dict[str, Any]:
        return {"currency": "CNY", "refunds": [{"id": name, "amount": "20.00", "state": "pending", "method": "wechat"}]}

    assert await desk.told(**refund("R1")) == []
    assert len(await desk.told(**refund("R2"))) == 1


PAID: dict[str, Any] = {
    "currency": "CNY",
    "totals": {"total": "40.00"},
    "payments": [
        {"id": "p1", "captured": "10.00", "method": "gift_card"},
        {"id": "p2", "captured": "30.00", "method": "card"},
    ],
}


async def both_go_back(desk: Desk, admin: Agent) -> None:
    """40.00 go back to two payments, and the gateway has yet to say what became of them."""
    await desk.told(**PAID)
    account: dict[str, Any] = {"credentials": {"settles_after": 86_400}, "serves": ["gift_card"]}
    await open_account(desk.shop, "simulator", None, **account)
    order = await Order.get(number="1001")
    await request_refund(order.id, "tkt_1", Request(), Actor.of(admin))


async def test_a_refund_to_two_payments_is_told_once_when_all_of_it_has_arrived(desk: Desk, world: World) -> None:
    await both_go_back(desk, world.ada)
    assert await desk.settled("card", Answer.SUCCEEDED) == []
    assert await desk.settled("gift_card", Answer.SUCCEEDED) == ["订单1001的退款¥40.00已退回您的礼品卡和您的银行卡。"]


@pytest.mark.parametrize("failed_first", [True, False])
async def test_what_arrives_beside_a_part_that_failed_is_told_by_itself(
    desk: Desk, world: World, *, failed_first: bool
) -> None:
    await both_go_back(desk, world.ada)
    ends = [("card", Answer.FAILED), ("gift_card", Answer.SUCCEEDED)]
    first, second = ends if failed_first else reversed(ends)
    assert await desk.settled(*first) == []
    assert await desk.settled(*second) == ["订单1001的退款¥10.00已退回您的礼品卡。"]
    again = await retry_failed((await RefundIntent.get(case_id="tkt_1")).id, world.ada)
    assert again.amount == 30_00
    assert await desk.settled("card", Answer.SUCCEEDED) == ["订单1001的退款¥30.00已退回您的银行卡。"]


async def test_a_question_that_waits_is_taken_up_again(desk: Desk) -> None:
    order = await Order.get(number="1001")
    waiting: dict[str, Any] = {"awaiting": "detail", "asking": "address", "pending": "change_address"}
    waiting |= {"details": {"change_address.order": order.public_id}}
    await Conversation.filter(id=desk.talk.id).update(dialogue=waiting)
    [shipped] = await desk.parcel("P1", "in_transit")
    assert shipped.endswith("上面还有一个问题等您回复：修改收货地址。如果情况有变化，请告诉我。")
    await Conversation.filter(id=desk.talk.id).update(dialogue=waiting | {"details": {"change_address.order": "ord_2"}})
    [out] = await desk.parcel("P1", "out_for_delivery")
    assert out == "订单1001的包裹今天派送，请保持电话畅通。"


async def test_each_of_two_parcels_is_told_by_its_own_facts(desk: Desk) -> None:
    await desk.parcel("P1", "in_transit")
    await desk.parcel("P2", "in_transit")
    [first] = await desk.parcel("P1", "delivered")
    desk.clock.advance(timedelta(hours=5))
    [second] = await desk.parcel("P2", "delivered")
    assert "包裹1/2已于3月2日（周一）09:0" in first
    assert "包裹2/2已于3月2日（周一）14:0" in second


async def test_a_parcel_on_its_way_back_is_not_announced_as_shipped(desk: Desk) -> None:
    await desk.parcel("P1", "delivered")
    assert await desk.parcel("R1", "in_transit", direction="return") == []
    assert await desk.parcel("R1", "delivered", direction="return") == []


async def test_each_refund_is_told_with_its_own_sum(desk: Desk) -> None:
    def refund(name: str, amount: str) -> dict[str, Any]:
        return {"currency": "CNY", "refunds": [{"id": name, "amount": amount, "state": "pending", "method": "wechat"}]}

    [first] = await desk.told(times=2, **refund("R1", "5.00"))
    [second] = await desk.told(times=2, **refund("R0", "3.00"))
    assert "¥5.00" in first
    assert "¥3.00" in second


async def test_a_hold_says_what_is_needed_each_time_it_begins(desk: Desk) -> None:
    [words] = await desk.told(times=2, holds=["address"])
    assert words == "订单1001暂缓处理：收货地址不完整，请在这里发一下完整地址。"
    assert await desk.told(holds=[]) == []
    assert await desk.told(holds=["address"]) == [words]
