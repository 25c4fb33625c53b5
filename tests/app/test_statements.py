"""Money that goes back through real gateways, from the wish to the statement; and the statement against our books."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise.context import TortoiseContext

from app.gateways.mail import RecordingMailer
from app.jobs import HANDLERS
from app.jobs.context import JobContext
from app.jobs.statements import READY, compare_with_statement, plan_statements
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.jobs import Job, claim, finish
from core.people import Actor
from orders.models import Payment, Refund
from orders.refunds.case import Request
from orders.refunds.importing import settle_by_record
from orders.refunds.models import PaymentAccount, RefundPart
from orders.refunds.requesting import request_refund
from orders.refunds.statement_models import StatementDifference
from orders.refunds.statements import open_differences
from tests.fakes.gateways import Service, a_service
from tests.fakes.http import Reply
from tests.fakes.payments import CAPTURED
from tests.fakes.woocommerce_refunds import FakeWooRefunds
from tests.orders.refunding import bought
from tests.people import World, make_world

pytestmark = pytest.mark.anyio
Work = Callable[[], Awaitable[None]]


@pytest.fixture
async def world(database: TortoiseContext, clock: FrozenClock) -> World:
    return await make_world()


@pytest.fixture(params=["stripe", "alipay", "wechatpay", "shopify", "woocommerce"])
async def service(request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    found = a_service(str(request.param))
    async with found.fake.open():
        yield found


@pytest.fixture
def context(tmp_path: Path) -> JobContext:
    return JobContext(Settings(data_dir=tmp_path), RecordingMailer(), Shelf(own_rulebook()))


@pytest.fixture
def work(context: JobContext, clock: FrozenClock) -> Work:
    """Do due jobs about refunds, as the worker does, and let minutes pass until there are none."""

    async def until_done() -> None:
        for _ in range(12):
            while held := await claim(20, kinds={"refund.pay", "refund.look"}):
                for job in held:
                    await HANDLERS[job.kind](job.args, context)
                    await finish(job)
            clock.advance(timedelta(minutes=1))

    return until_done


async def asked(world: World, service: Service, amount: int = 2500, **columns: Any) -> RefundPart:
    """An order that was paid through the service, and a part of it that is to go back."""
    account = await PaymentAccount.get_or_none(gateway=service.name)
    if account is None:
        await PaymentAccount.create(
            public_id=f"pac_{service.name}",
            shop=world.lumen,
            gateway=service.name,
            address=service.fake.address,
            credentials=dict(service.credentials),
            created_at=now(),
        )
    currency = service.fake.currency
    source: dict[str, Any] = (
        {"source": service.name, "source_id": service.order} if service.name in {"shopify", "woocommerce"} else {}
    )
    paid = [("card", CAPTURED)]
    order = await bought(world.lumen, ("315", 1, CAPTURED), paid=paid, currency=currency, **source, **columns)
    await Payment.filter(order_id=order.id).update(gateway=service.name, gateway_ref=service.payment_ref)
    wish = Request(amount=amount)
    intent = await request_refund(order.id, "tkt_1", wish, Actor.of(world.ada))
    return await RefundPart.get(intent_id=intent.id)


async def state_of(part: RefundPart) -> str:
    return str((await RefundPart.get(id=part.id)).state)


async def test_a_wish_becomes_money_at_every_gateway(world: World, service: Service, work: Work) -> None:
    part = await asked(world, service)
    await work()
    assert (await state_of(part), service.fake.paid, service.fake.calls) == ("succeeded", 2500, 1)


async def test_a_lost_answer_is_looked_up_and_never_paid_twice(world: World, service: Service, work: Work) -> None:
    part = await asked(world, service)
    service.fake.spoil(Reply(200, raw=b"<html>", cut=True), paid=True)
    await work()
    assert (await state_of(part), service.fake.paid, service.fake.calls) == ("succeeded", 2500, 1)


async def test_another_amount_freezes(world: World, service: Service, work: Work) -> None:
    part, service.fake.wrong = await asked(world, service), 1
    await work()
    alipay_says_no_amount = service.name == "alipay"  # in its answer; its query and its bill do
    assert await state_of(part) == ("succeeded" if alipay_says_no_amount else "frozen")


async def test_what_the_gateway_refuses_fails_after_it_was_asked_twice(
    world: World, service: Service, work: Work
) -> None:
    service.fake.enter("elsewhere", CAPTURED, paid=True)
    part = await asked(world, service)
    await work()
    assert (await state_of(part), service.fake.paid) == ("failed", CAPTURED)


@pytest.mark.parametrize("service", ["woocommerce"], indirect=True)
async def test_a_shops_record_alone_is_not_money_where_it_is_written_first(
    world: World, service: Service, work: Work
) -> None:
    assert isinstance(service.fake, FakeWooRefunds)
    part, service.fake.plugin = await asked(world, service), "dies"
    await work()
    told = {"amount": part.amount, "currency": part.currency, "state": "succeeded", "key": part.public_id, "at": now()}
    refund = await Refund.create(order_id=part.order_id, public_id="rfd_1", source_id="801", **told)
    await settle_by_record(refund.id)
    await work()
    assert await state_of(part) == "pending"
    service.fake.backs[0].more["paid"] = True
    await settle_by_record(refund.id)
    for _ in range(6):
        await work()
    assert (await state_of(part), service.fake.calls) == ("succeeded", 1)


async def compared(service: Service, context: JobContext) -> list[StatementDifference]:
    account = await PaymentAccount.get(gateway=service.name)
    await compare_with_statement({"account": account.id}, context)
    return await open_differences()


@pytest.mark.parametrize("service", ["stripe", "alipay", "wechatpay"], indirect=True)
async def test_the_daily_comparison_finds_what_does_not_fit_and_says_it_once(
    world: World, service: Service, work: Work, context: JobContext, clock: FrozenClock
) -> None:
    part = await asked(world, service)
    await work()
    made = now()
    service.fake.booked = lambda: made  # the day of the bill
    clock.advance(READY + timedelta(hours=1))
    assert await compared(service, context) == []
    service.fake.enter("by hand", 700, paid=True).state = {"stripe": "succeeded", "wechatpay": "SUCCESS"}.get(
        service.name, "Y"
    )
    (found,) = await compared(service, context)
    assert (found.kind, found.ours, found.theirs) == ("missing_here", None, 700)
    assert [each.id for each in await compared(service, context)] == [found.id]
    assert await AuditEntry.filter(action="refund.difference").count() == 1
    part = await RefundPart.get(id=part.id)
    await Refund.create(
        order_id=part.order_id,
        public_id="rfd_1",
        source_id="77",
        amount=700,
        currency=part.currency,
        state="succeeded",
        reference=found.reference,
        at=now(),
    )
    assert await compared(service, context) == []


@pytest.mark.parametrize("service", ["wechatpay"], indirect=True)
async def test_a_statement_settles_what_nobody_could_tell(
    world: World, service: Service, context: JobContext, clock: FrozenClock
) -> None:
    part = await asked(world, service)
    await RefundPart.filter(id=part.id).update(state="pending", sent_at=now())
    made = now()
    service.fake.booked = lambda: made
    service.fake.enter(part.public_id, 2500).state = "SUCCESS"
    clock.advance(READY + timedelta(hours=1))
    assert (await compared(service, context), await state_of(part)) == ([], "succeeded")


@pytest.mark.parametrize("service", ["stripe"], indirect=True)
async def test_each_account_in_use_is_compared_once_a_day(
    world: World, service: Service, context: JobContext, clock: FrozenClock
) -> None:
    await asked(world, service)
    await PaymentAccount.create(public_id="pac_2", shop=world.chaye, gateway="alipay", enabled=False, created_at=now())
    await PaymentAccount.create(public_id="pac_3", shop=world.chaye, gateway="simulator", created_at=now())
    for _ in range(2):
        await plan_statements({}, context)
    (planned,) = await Job.filter(kind="refund.compare")
    assert planned.args == {"account": (await PaymentAccount.get(gateway="stripe")).id}
