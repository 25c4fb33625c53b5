"""What becomes of money that leaves: lost answers, failures, callbacks, other amounts, workers that end anywhere."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from tortoise.context import TortoiseContext

from app.gateways.refund_simulator import SimulatedRefunds
from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.errors import Conflict, Forbidden, Invalid
from core.events import Bus, use_bus
from core.ids import new_id
from core.jobs import Job
from core.people import Actor
from orders.events import RefundIntentChanged
from orders.models import Order, Refund
from orders.refunds.approval import approve, retry_failed
from orders.refunds.by_hand import paid_by_hand, settle_frozen
from orders.refunds.case import Request
from orders.refunds.gateway import Answer, Instruction, Outcome
from orders.refunds.models import RefundIntent, RefundPart
from orders.refunds.requesting import quote_for, request_refund
from orders.refunds.sending import begin_try, errand_of
from orders.refunds.settling import Source, settle_part
from orders.refunds.watching import plan_lost, stuck
from orders.snapshots import snapshot
from tests.heard import Heard, listen_to
from tests.orders.refunding import bought, open_account, work
from tests.people import World, make_world

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: TortoiseContext, clock: FrozenClock) -> World:
    return await make_world()


@pytest.fixture
def heard() -> Heard:
    use_bus(Bus())
    return listen_to(RefundIntentChanged)


def faults(*plan: str) -> Callable[[Instruction, int], str]:
    """What goes wrong with the first calls."""
    return lambda _, number: plan[number - 1] if number <= len(plan) else ""


async def asked(world: World, amount: int = 20_00, case: str = "tkt_1", **account: object) -> tuple[Order, RefundPart]:
    await open_account(world.lumen, **account)  # type: ignore[arg-type]
    order = await bought(world.lumen, ("lamp", 1, amount))
    intent = await request_refund(order.id, case, Request(), Actor.of(world.ada))
    return order, await RefundPart.get(intent_id=intent.id)


async def states(part: RefundPart) -> tuple[str, str]:
    fresh = await RefundPart.get(id=part.id).select_related("intent")
    return fresh.state, fresh.intent.state


async def test_money_leaves_once_and_arrives(world: World, clock: FrozenClock, heard: Heard) -> None:
    _, part = await asked(world)
    gateway = SimulatedRefunds()
    await work(gateway, clock)
    assert await states(part) == ("succeeded", "succeeded")
    assert gateway.paid(part.payment_ref) == 20_00
    assert [event.state for event in heard.of(RefundIntentChanged)] == ["created", "pending", "succeeded"]
    [entry] = await AuditEntry.filter(action="refund.succeeded")
    assert entry.detail == {"amount": 20_00, "currency": "USD"}


@pytest.mark.parametrize(
    "plan",
    [("cut",), ("lost",), ("broken", "broken", "cut"), ("lost", "cut", "lost", "broken", "lost", "cut", "broken")],
    ids=",".join,
)
async def test_answers_that_get_lost_never_pay_twice(world: World, clock: FrozenClock, plan: Sequence[str]) -> None:
    _, part = await asked(world)
    gateway = SimulatedRefunds(faults(*plan))
    await work(gateway, clock)
    assert await states(part) == ("succeeded", "succeeded")
    assert list(gateway.ledger) == [part.public_id]
    assert gateway.paid(part.payment_ref) == 20_00


async def test_customers_hear_of_money_that_has_left_once(world: World, clock: FrozenClock) -> None:
    """Before the shop's record tells of it, and not twice when it does. What needs approval is nobody's news."""
    order, part = await asked(world, settles_after=60)
    assert (await snapshot(order)).refunds == ()
    gateway = SimulatedRefunds()
    await work(gateway, clock, rounds=1)
    assert [(each.state, each.amount.amount) for each in (await snapshot(order)).refunds] == [("pending", 20_00)]
    await work(gateway, clock, rounds=10)
    assert [each.state for each in (await snapshot(order)).refunds] == ["succeeded"]
    await Refund.create(
        public_id=new_id("rfd"),
        order=order,
        source_id="re_1",
        amount=20_00,
        currency="USD",
        state="succeeded",
        key=part.public_id,
        at=now(),
    )
    assert [each.refund_id[:4] for each in (await snapshot(order)).refunds] == ["rfd_"]


async def test_accepted_is_not_paid(world: World, clock: FrozenClock) -> None:
    _, part = await asked(world, settles_after=3600)
    await work(SimulatedRefunds(), clock, rounds=10)
    assert await states(part) == ("pending", "pending")


async def test_a_word_of_failure_is_asked_again_before_money_is_free(world: World, clock: FrozenClock) -> None:
    order, part = await asked(world)
    await begin_try(part.public_id)
    await settle_part(part.public_id, Outcome(state=Answer.FAILED, code="expired_card"), source=Source.ANSWER)
    assert await states(part) == ("sent", "pending")
    assert await Job.filter(kind="refund.look").count() == 1
    with pytest.raises(Invalid):
        await request_refund(order.id, "tkt_2", Request(), Actor.of(world.sue))
    await settle_part(part.public_id, Outcome(state=Answer.ABSENT), source=Source.QUERY)
    assert await states(part) == ("failed", "failed")
    again = await retry_failed(part.intent_id, world.sue)
    assert (again.attempt, again.amount, again.state) == (2, 20_00, "created")
    assert (await retry_failed(part.intent_id, world.ada)).id == again.id


async def test_a_failure_that_was_none_is_found_out(world: World, clock: FrozenClock) -> None:
    _, part = await asked(world)
    await begin_try(part.public_id)
    await settle_part(part.public_id, Outcome(state=Answer.FAILED), source=Source.ANSWER)
    await settle_part(part.public_id, Outcome(state=Answer.SUCCEEDED, amount=20_00), source=Source.QUERY)
    assert await states(part) == ("succeeded", "succeeded")


async def test_a_try_that_nobody_answered_is_asked_about_twice_before_it_has_failed(world: World) -> None:
    _, part = await asked(world)
    for outcome in (Answer.UNKNOWN, Answer.FAILED):
        await begin_try(part.public_id)
        await settle_part(part.public_id, Outcome(state=outcome), source=Source.ANSWER)
    await settle_part(part.public_id, Outcome(state=Answer.ABSENT), source=Source.QUERY)
    assert await states(part) == ("sent", "pending")
    await settle_part(part.public_id, Outcome(state=Answer.ABSENT), source=Source.QUERY)
    assert await states(part) == ("failed", "failed")


async def test_the_second_word_on_the_same_changes_nothing(world: World, heard: Heard) -> None:
    _, part = await asked(world)
    done = Outcome(state=Answer.SUCCEEDED, reference="re_1", amount=20_00, currency="USD")
    await begin_try(part.public_id)
    for _ in range(3):
        await settle_part(part.public_id, done)
    await settle_part(part.public_id, Outcome(state=Answer.ACCEPTED, reference="re_2"))
    fresh = await RefundPart.get(id=part.id)
    assert (fresh.state, fresh.gateway_ref) == ("succeeded", "re_1")
    assert [event.state for event in heard.of(RefundIntentChanged)][-1:] == ["succeeded"]
    assert await AuditEntry.filter(action="refund.succeeded").count() == 1


@pytest.mark.parametrize("told", [{"amount": 19_99}, {"amount": 20_00, "currency": "EUR"}])
async def test_another_amount_freezes_until_a_person_decides(
    world: World, heard: Heard, told: dict[str, object]
) -> None:
    order, part = await asked(world)
    await begin_try(part.public_id)
    await settle_part(part.public_id, Outcome(state=Answer.SUCCEEDED, **told))  # type: ignore[arg-type]
    assert await states(part) == ("frozen", "frozen")
    assert heard.of(RefundIntentChanged)[-1].state == "frozen"
    [entry] = await AuditEntry.filter(action="refund.frozen")
    assert entry.detail["why"] == "amount_mismatch"
    await settle_part(part.public_id, Outcome(state=Answer.SUCCEEDED, amount=20_00))
    assert await states(part) == ("frozen", "frozen")
    with pytest.raises(Forbidden):
        await settle_frozen(part.intent_id, world.omar, {part.public_id: 19_99}, "seen")
    with pytest.raises(Invalid):  # so much was never paid
        await settle_frozen(part.intent_id, world.sue, {part.public_id: 10**30}, "seen")
    settled = await settle_frozen(part.intent_id, world.sue, {part.public_id: 19_99}, "Seen in the gateway's list")
    assert settled.state == "succeeded"
    assert (await quote_for(order.id, Request())).remaining_payments == 1


async def test_a_late_failure_frees_the_money_after_a_query(world: World) -> None:
    order, part = await asked(world)
    await begin_try(part.public_id)
    await settle_part(part.public_id, Outcome(state=Answer.SUCCEEDED), source=Source.ANSWER)
    await settle_part(part.public_id, Outcome(state=Answer.FAILED, code="account_closed"))
    assert await states(part) == ("succeeded", "succeeded")
    await settle_part(part.public_id, Outcome(state=Answer.FAILED, code="account_closed"), source=Source.QUERY)
    assert await states(part) == ("failed", "failed")
    assert (await quote_for(order.id, Request())).most == 20_00


async def test_money_that_leaves_after_a_failure_and_a_new_attempt_is_a_case_for_people(world: World) -> None:
    _, part = await asked(world)
    await begin_try(part.public_id)
    await settle_part(part.public_id, Outcome(state=Answer.FAILED), source=Source.QUERY)
    await retry_failed(part.intent_id, world.sue)
    await settle_part(part.public_id, Outcome(state=Answer.SUCCEEDED, amount=20_00))
    assert await states(part) == ("succeeded", "frozen")
    assert (await RefundIntent.get(id=part.intent_id)).why == "paid_after_failure"


async def test_a_try_waits_while_another_call_may_be_on_its_way(world: World, clock: FrozenClock) -> None:
    """A worker that is slow or gone: its job is taken by another one, which must not ask beside it."""
    _, part = await asked(world)
    assert await begin_try(part.public_id) is not None
    clock.advance(timedelta(seconds=61))
    assert await begin_try(part.public_id) is None
    clock.advance(timedelta(seconds=60))
    assert await begin_try(part.public_id) is not None


async def test_two_refunds_of_an_order_keep_the_gateways_distance(world: World, clock: FrozenClock) -> None:
    await open_account(world.lumen)
    order = await bought(world.lumen, ("lamp", 2, 10_00))
    keys = []
    for number in range(2):
        intent = await request_refund(order.id, f"tkt_{number}", Request(amount=10_00), Actor.of(world.omar))
        keys.append((await RefundPart.get(intent_id=intent.id)).public_id)
    minute = timedelta(minutes=1)
    assert await begin_try(keys[0], minute) is not None
    clock.advance(timedelta(seconds=20))
    assert await begin_try(keys[1], minute) is None
    planned = await Job.filter(kind="refund.pay", run_at__gt=now()).get()
    assert (planned.args, planned.run_at - now()) == ({"part": keys[1]}, timedelta(seconds=40))
    clock.advance(timedelta(seconds=40))
    assert await begin_try(keys[1], minute) is not None


async def test_a_worker_may_end_between_any_two_steps(world: World, clock: FrozenClock) -> None:
    """Every prefix of the steps, then everything again from the rows."""
    gateway, outcome = SimulatedRefunds(), Outcome(state=Answer.UNKNOWN)
    for steps in range(4):
        order = await bought(world.lumen, ("lamp", 1, 5_00))
        if not steps:
            await open_account(world.lumen)
        intent = await request_refund(order.id, f"tkt_{steps}", Request(), Actor.of(world.omar))
        part = await RefundPart.get(intent_id=intent.id)
        await Job.all().delete()  # whatever was planned is lost with the worker
        if steps >= 1:
            await begin_try(part.public_id)
        if steps >= 2:
            outcome = await gateway.refund((await errand_of(part.public_id)).instruction)
        if steps >= 3:
            await settle_part(part.public_id, outcome, source=Source.ANSWER)
            await Job.all().delete()
        clock.advance(timedelta(minutes=6))
        assert await plan_lost() == 1
        assert await plan_lost() == 0
        await work(gateway, clock, rounds=20)
        assert await states(part) == ("succeeded", "succeeded"), steps
        assert gateway.paid(part.payment_ref) == 5_00


async def test_what_is_paid_by_hand_waits_for_a_person_with_a_reference(world: World, clock: FrozenClock) -> None:
    order = await bought(world.lumen, ("lamp", 1, 50_00), paid=[("bank_transfer", 50_00)])
    intent = await request_refund(order.id, "tkt_1", Request(), Actor.of(world.omar))
    part = await RefundPart.get(intent_id=intent.id)
    with pytest.raises(Conflict):
        await paid_by_hand(part.public_id, world.sue, "TR-1")
    await approve(intent.id, world.sue)
    with pytest.raises(Invalid):
        await paid_by_hand(part.public_id, world.omar, "  ")
    paid = await paid_by_hand(part.public_id, world.omar, "TR-1")
    assert (paid.state, paid.gateway_ref) == ("succeeded", "TR-1")
    assert (await paid_by_hand(part.public_id, world.omar, "TR-1")).state == "succeeded"
    assert (await RefundIntent.get(id=intent.id)).state == "succeeded"


async def test_what_waits_too_long_is_named_with_its_reason(world: World, clock: FrozenClock) -> None:
    await open_account(world.lumen)
    big = await bought(world.lumen, ("lamp", 1, 500_00))
    await request_refund(big.id, "tkt_1", Request(), Actor.of(world.omar))
    sent = await bought(world.lumen, ("lamp", 1, 5_00))
    await request_refund(sent.id, "tkt_2", Request(), Actor.of(world.omar))
    await work(SimulatedRefunds(lambda *_: "lost"), clock, rounds=2)
    assert await stuck() == []
    clock.advance(timedelta(hours=2))
    assert [(each.why, each.intent.case_id) for each in await stuck()] == [
        ("approval", "tkt_1"),
        ("no_answer", "tkt_2"),
    ]
