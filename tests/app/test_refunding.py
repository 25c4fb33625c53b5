"""Money leaves as the worker does it, with every reaction on the bus; the ticket and the record hear of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from tortoise.context import TortoiseContext

from app.cli_refund_desk import _line
from app.gateways.mail import RecordingMailer
from app.jobs import HANDLERS
from app.jobs.context import JobContext
from app.reactions import connect
from app.realtime.hub import Hub
from app.rulebook_shelf import Shelf
from app.settings import Settings
from app.web.thread import entries
from bots.rulebook import own_rulebook
from core import jobs
from core.clock import FrozenClock, now
from core.events import use_bus
from core.ids import new_id
from core.people import SYSTEM, Actor
from core.transactions import record, transaction
from orders.events import RefundChanged
from orders.models import Refund
from orders.refunds.case import Reason, Request
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.payment_accounts import close_account, open_account
from orders.refunds.preview import preview, waiting_for_approval
from orders.refunds.records import Wish
from orders.refunds.requesting import request_refund
from orders.refunds.watching import stuck
from tests.orders.refunding import bought
from tests.people import World, chat, make_world
from tickets.abuse_signals import signals_for
from tickets.models import Ticket, TimelineEntry
from tickets.opening import open_ticket

pytestmark = pytest.mark.anyio


class Desk:
    """A worker that does what is due."""

    def __init__(self, world: World, clock: FrozenClock, folder: Path) -> None:
        self.world, self.clock = world, clock
        self.context = JobContext(Settings(data_dir=folder), RecordingMailer(), Shelf(own_rulebook()))

    async def work(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            while held := await jobs.claim(20):
                for job in held:
                    await HANDLERS[job.kind](job.args, self.context)
                    await jobs.finish(job)
            self.clock.advance(timedelta(seconds=30))


@pytest.fixture
async def desk(database: TortoiseContext, clock: FrozenClock, tmp_path: Path) -> Desk:
    use_bus(connect(Hub()))
    return Desk(await make_world(), clock, tmp_path)


async def a_ticket(desk: Desk) -> Ticket:
    talk = await chat(desk.world.lumen, desk.world.ines)
    return await open_ticket(talk.id, "refund", SYSTEM, subject="Broken lamp")


async def test_a_ticket_tells_what_became_of_its_money(desk: Desk) -> None:
    await open_account(desk.world.lumen, "simulator", SYSTEM)
    order = await bought(desk.world.lumen, ("lamp", 1, 20_00))
    ticket = await a_ticket(desk)
    await request_refund(order.id, ticket.public_id, Request(), Actor.of(desk.world.omar))
    await desk.work(rounds=4)
    assert (await RefundIntent.get(case_id=ticket.public_id)).state == "succeeded"
    told = await TimelineEntry.filter(ticket_id=ticket.id, action__startswith="refund_").order_by("id")
    english, chinese = (
        [line["text"] for line in entries([], told, timezone="UTC", language=spoken, guest="Ines", order_numbers={})]
        for spoken in ("en", "zh")
    )
    assert english[1:] == ["A refund of $20.00 is on its way", "A refund of $20.00 was paid"]
    assert all("US$20.00" in text for text in chinese[1:])


async def test_a_frozen_refund_makes_its_ticket_urgent(desk: Desk) -> None:
    await open_account(desk.world.lumen, "simulator", SYSTEM)
    order = await bought(desk.world.lumen, ("lamp", 1, 20_00))
    ticket = await a_ticket(desk)
    intent = await request_refund(order.id, ticket.public_id, Request(), Actor.of(desk.world.omar))
    part = await RefundPart.get(intent_id=intent.id)
    await RefundPart.filter(id=part.id).update(amount=19_00)
    await desk.work()
    await RefundPart.filter(id=part.id).update(amount=20_00)
    await desk.work(rounds=3)
    assert (await RefundIntent.get(id=intent.id)).state == "frozen"
    assert (await Ticket.get(id=ticket.id)).priority == "urgent"


@pytest.mark.parametrize(("amount", "state"), [(20_00, "succeeded"), (19_00, "pending")])
async def test_the_shops_record_settles_our_own_refund(desk: Desk, amount: int, state: str) -> None:
    """By webhook or import; another amount only has the gateway asked."""
    await open_account(desk.world.lumen, "simulator", SYSTEM, credentials={"settles_after": 86_400})
    order = await bought(desk.world.lumen, ("lamp", 1, 20_00))
    intent = await request_refund(order.id, "tkt_none", Request(), Actor.of(desk.world.omar))
    await desk.work()
    part = await RefundPart.get(intent_id=intent.id)
    refund = await Refund.create(
        public_id=new_id("rfd"),
        order=order,
        source_id="re_1",
        amount=amount,
        currency="USD",
        state="succeeded",
        key=part.public_id,
        at=now(),
    )
    async with transaction():
        record(RefundChanged(order_id=order.id, shop_id=order.shop_id, refund_id=refund.id, state="succeeded"))
    assert (await RefundIntent.get(id=intent.id)).state == state


async def test_what_a_dialog_shows_is_what_the_request_takes(desk: Desk) -> None:
    world = desk.world
    await open_account(world.lumen, "simulator", SYSTEM)
    order = await bought(world.lumen, ("lamp", 4, 20_00), paid=[("gift_card", 20_00), ("card", 60_00)])
    wish = Wish(request=Request(units=(("lamp", 2),), reason=Reason.DEFECTIVE))
    seen = await preview(order.id, "tkt_1", wish, Actor.of(world.omar))
    assert (seen.total, seen.needs, seen.attempt, seen.under_way) == (40_00, ("above_limit",), 1, None)
    assert [(way.method, way.amount, way.gateway) for way in seen.ways] == [
        ("gift_card", 10_00, "manual"),
        ("card", 30_00, "simulator"),
    ]
    assert seen.allowance.single == 30_00
    assert seen.quote.steps[0].rule == "line"
    intent = await request_refund(
        order.id,
        "tkt_1",
        wish.request,
        Actor.of(world.omar),
        attempt=seen.attempt,
        expected_total=seen.total,
        order_version=seen.order_version,
    )
    assert [each.id for each in await waiting_for_approval([world.lumen.id])] == [intent.id]
    later = await preview(order.id, "tkt_1", wish, Actor.of(world.omar))
    assert later.under_way is not None
    assert (later.under_way.id, later.attempt) == (intent.id, 2)
    assert [each.id for each in later.earlier] == [intent.id]


async def test_signs_of_abuse_are_shown_and_refuse_nothing(desk: Desk) -> None:
    world = desk.world
    mail = "often@example.com"
    for number in range(3):
        order = await bought(world.lumen, ("lamp", 1, 5_00), email=mail)
        await request_refund(order.id, f"tkt_{number}", Request(reason=Reason.LOST), Actor.of(world.omar))
    order = await bought(world.lumen, ("lamp", 1, 5_00), email=mail)
    [signal] = await signals_for(order)
    assert (signal.code, signal.figures["claims"], len(signal.evidence)) == ("not_received", 3, 3)
    seen = await preview(order.id, "tkt_9", Wish(request=Request(reason=Reason.LOST)), Actor.of(world.omar))
    assert seen.needs == ()


async def test_an_operator_sees_what_is_stuck(desk: Desk) -> None:
    world = desk.world
    order = await bought(world.lumen, ("lamp", 1, 45_00), number="1001")
    await request_refund(order.id, "tkt_1", Request(), Actor.of(world.omar))
    desk.clock.advance(timedelta(hours=3))
    [waiting] = await stuck()
    assert _line(waiting).split("\t")[1:] == [
        "order 1001",
        "45.00 USD",
        "-",
        "3 h",
        "waits for somebody to approve it",
    ]


async def test_a_closed_account_forgets_its_credentials(desk: Desk) -> None:
    account = await open_account(desk.world.lumen, "stripe", SYSTEM, credentials={"secret_key": "sk_1"})
    await close_account(account, SYSTEM)
    await account.refresh_from_db()
    assert (account.enabled, account.credentials) == (False, {})
