"""Compensation: the same for the same case, within caps, never approved by whoever offers it; and winning back."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reactions import connect
from app.realtime.hub import Hub
from conversations.posting import post
from conversations.rating import rate
from core.audit import AuditEntry
from core.clock import FrozenClock, now
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.events import use_bus
from core.people import BOT, Actor
from orders.models import Order, OrderLine, Refund
from tests.people import World, chat, make_order, make_world
from tickets.complaints.causes import CAUSES
from tickets.complaints.goodwill import approve, issue, offer, refuse, withdraw
from tickets.complaints.goodwill_matrix import CAPS, MATRIX, order_cap, propose
from tickets.complaints.handling import assess, decide
from tickets.complaints.models import Compensation, Complaint, RecoveryTask
from tickets.complaints.recovery import finish_recovery, recoveries
from tickets.models import Ticket
from tickets.opening import open_ticket
from tickets.queries import timeline

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: object) -> World:
    use_bus(connect(Hub()))
    return await make_world()


async def an_order(world: World, price: int, number: str, *, days_late: int = 8) -> Order:
    order = await make_order(world.lumen, number)
    promised = now() - timedelta(days=days_late)
    await Order.filter(id=order.id).update(promised_to=promised, total=price)
    await OrderLine.create(
        order=order, source_id="1", title="Lamp", quantity=2, unit_price=price // 2 + 50, discount=100
    )
    return order


async def decided(
    world: World, cause: str = "CAR.LATE", price: int = 100_00, number: str = "#1"
) -> tuple[Ticket, Order]:
    order = await an_order(world, price, number)
    talk = await chat(world.lumen, world.ines)
    ticket = await open_ticket(talk.id, "complaint", BOT, subject=f"Late {number}", order_ids=[order.id])
    await assess(ticket.id, world.sue, severity="P3", symptoms=["CAR.LATE"])
    await decide(
        ticket.id, world.sue, outcome="upheld", cause=cause, remedy="compensation", correction="Something for the wait"
    )
    return ticket, order


async def test_the_matrix_gives_the_same_for_the_same_case(world: World, clock: FrozenClock) -> None:
    given = []
    for number in ("#1", "#2"):
        ticket, order = await decided(world, number=number)
        made = await offer(ticket.id, world.omar, order.id, kind="coupon")
        given.append(made.public_id)
        assert (made.amount, made.matrix_row, made.delay_days, made.net) == (10_00, "late.7", 8, 100_00)
        assert (made.state, made.rule) == ("approved", "matrix")
        await Ticket.filter(id=ticket.id).update(status="closed")
    issued = await issue(world.omar, given[0], "THANKS-10")
    assert (await issue(world.omar, given[0], "THANKS-10")).issued_at == issued.issued_at
    assert not await Refund.exists()
    with pytest.raises(Conflict):
        await withdraw(world.omar, given[0])
    assert (await withdraw(world.omar, given[1])).state == "withdrawn"


async def test_more_than_one_may_give_needs_somebody_else(world: World, clock: FrozenClock) -> None:
    ticket, order = await decided(world, price=400_00)
    with pytest.raises(Invalid) as unexplained:
        await offer(ticket.id, world.sue, order.id, kind="goodwill", amount=60_00)
    assert unexplained.value.code == "note_missing"
    made = await offer(ticket.id, world.omar, order.id, kind="goodwill", amount=60_00, note="Third time")
    assert (made.state, made.rule) == ("awaiting_approval", "approval")
    with pytest.raises(Conflict):
        await issue(world.omar, made.public_id, "SEPA 1")
    with pytest.raises(Forbidden):
        await approve(world.mei, made.public_id)
    with pytest.raises(NotFound):
        await approve(world.wei, made.public_id)
    assert (await approve(world.sue, made.public_id)).decided_by_id == world.sue.id
    with pytest.raises(Conflict):
        await approve(world.ada, made.public_id)
    with pytest.raises(Invalid):
        await issue(world.omar, made.public_id, " ")
    assert (await issue(world.omar, made.public_id, "SEPA 1")).state == "issued"
    assert "compensation_issued" in [entry.action for entry in await timeline(ticket)]


async def test_nobody_approves_their_own_and_the_attempt_is_kept(world: World, clock: FrozenClock) -> None:
    ticket, order = await decided(world, price=4_000_00)
    await Order.filter(id=order.id).update(currency="XAF")  # a currency nobody has set a limit for
    made = await offer(ticket.id, world.sue, order.id, kind="goodwill")
    assert made.state == "awaiting_approval"
    with pytest.raises(Forbidden) as refused:
        await approve(world.sue, made.public_id)
    assert refused.value.code == "self_approval"
    kept = await AuditEntry.get(action="compensation.approval_refused")
    assert (kept.subject, kept.detail["why"]) == (made.public_id, "self_approval")
    with pytest.raises(Invalid):
        await refuse(world.ada, made.public_id, " ")
    assert (await refuse(world.ada, made.public_id, "Too much")).state == "refused"


async def test_whoever_bought_it_gives_themselves_nothing_alone(world: World, clock: FrozenClock) -> None:
    ticket, order = await decided(world)
    await Order.filter(id=order.id).update(email=world.omar.email)
    made = await offer(ticket.id, world.omar, order.id, kind="coupon")
    assert (made.state, made.rule) == ("awaiting_approval", "approval")
    await Order.filter(id=order.id).update(email=world.sue.email)
    with pytest.raises(Forbidden) as refused:
        await approve(world.sue, made.public_id)
    assert refused.value.code == "own_order"
    assert (await approve(world.ada, made.public_id)).state == "approved"


async def test_caps_hold_for_an_order_a_customer_and_a_day(world: World, clock: FrozenClock) -> None:
    ticket, order = await decided(world, price=100_00)
    await offer(ticket.id, world.omar, order.id, kind="coupon", amount=15_00, note="Loyal")
    with pytest.raises(Conflict) as twice:
        await offer(ticket.id, world.omar, order.id, kind="coupon")
    assert twice.value.code == "already_offered"
    with pytest.raises(Conflict) as above:
        await offer(ticket.id, world.omar, order.id, kind="points", amount=5_01, note="Loyal")
    assert above.value.data == {"cap": "order", "left": 5_00}
    await Ticket.filter(id=ticket.id).update(status="closed")
    await Compensation.all().update(amount=140_00)
    other, second = await decided(world, price=1_000_00, number="#2")
    with pytest.raises(Conflict) as above:
        await offer(other.id, world.omar, second.id, kind="coupon")
    assert above.value.data == {"cap": "customer", "left": 10_00}
    await Compensation.all().update(amount=295_00, customer_id=world.lin.id)
    with pytest.raises(Conflict) as above:
        await offer(other.id, world.omar, second.id, kind="coupon")
    assert above.value.data == {"cap": "agent", "left": 5_00}
    clock.advance(timedelta(days=2))
    assert (await offer(other.id, world.omar, second.id, kind="coupon")).state == "awaiting_approval"


async def test_only_for_our_fault_and_only_once_decided(world: World, clock: FrozenClock) -> None:
    ticket, order = await decided(world, cause="CUS.MISUSE")
    with pytest.raises(Conflict) as refused:
        await offer(ticket.id, world.omar, order.id, kind="goodwill")
    assert refused.value.code == "not_our_fault"
    other = await an_order(world, 50_00, "#9")
    with pytest.raises(NotFound):
        await offer(ticket.id, world.omar, other.id, kind="goodwill")
    await Complaint.filter(ticket_id=ticket.id).update(step="investigating", cause="CAR.LATE")
    with pytest.raises(Conflict) as refused:
        await offer(ticket.id, world.omar, order.id, kind="goodwill")
    assert refused.value.code == "not_decided"
    with pytest.raises(Invalid):
        await offer(ticket.id, world.omar, order.id, kind="gold")


@given(
    st.sampled_from(sorted(CAUSES)), st.integers(0, 400), st.integers(0, 10**9), st.sampled_from(["USD", "CNY", "KWD"])
)
def test_the_matrix_never_gives_more_than_the_cap_and_more_for_more_delay(
    cause: str, days: int, net: int, currency: str
) -> None:
    proposal, later = propose(cause, days, net, currency), propose(cause, days + 1, net, currency)
    assert (proposal is None) == (cause not in {one for row in MATRIX for one in row.causes})
    if proposal is not None and later is not None:
        assert 0 <= proposal.amount <= later.amount
        assert proposal.amount <= order_cap(net, currency) + 1 or currency not in CAPS


def test_no_cause_stands_in_two_rows_of_the_same_day_and_customers_pay_for_themselves() -> None:
    seen = [(cause, row.from_days) for row in MATRIX for cause in row.causes]
    assert len(seen) == len(set(seen))
    assert {cause for cause, _ in seen} <= CAUSES.keys()
    assert not {cause for cause, _ in seen} & {code for code, cause in CAUSES.items() if cause.stage == "customer"}


async def test_every_bad_rating_has_somebody_who_sees_to_it(world: World, clock: FrozenClock) -> None:
    talk = await chat(world.lumen, world.ines)
    order = await an_order(world, 10_00, "#7")
    await talk.filter(id=talk.id).update(order_id=order.id)
    await post(talk.id, Actor.of(world.ines), "Who is the provider?", client_id="client-id-1")
    await post(talk.id, Actor.of(world.omar), "No idea.", client_id="client-id-2")
    await rate(talk.id, Actor.of(world.ines), 2)
    await rate(talk.id, Actor.of(world.ines), 1, "Useless")
    task = await RecoveryTask.get()
    assert (task.owner_id, task.order_id, task.headline) == (world.sue.id, order.id, "awaiting_confirmation")
    assert task.due_at == now() + timedelta(hours=8)
    complaint = await Complaint.get(ticket_id=task.ticket_id)
    assert complaint.origin == "rating"
    assert [one.id for one in await recoveries([world.lumen.id])] == [task.id]
    with pytest.raises(NotFound):
        await finish_recovery(world.wei, task.public_id, "won_back")
    with pytest.raises(Invalid):
        await finish_recovery(world.sue, task.public_id, "great")
    assert (await finish_recovery(world.sue, task.public_id, "won_back", "Called")).result == "won_back"
    with pytest.raises(Conflict):
        await finish_recovery(world.sue, task.public_id, "won_back")
    assert not await recoveries([world.lumen.id])


async def test_a_bad_rating_after_an_answer_is_told_to_the_supervisors(world: World, clock: FrozenClock) -> None:
    talk = await chat(world.lumen, world.ines)
    await post(talk.id, Actor.of(world.ines), "My lamp arrived broken", client_id="client-id-1")
    ticket = await open_ticket(talk.id, "complaint", BOT, subject="Broken")
    await post(talk.id, Actor.of(world.omar), "Sorry.", client_id="client-id-2")
    await rate(talk.id, Actor.of(world.ines), 1)
    complaint = await Complaint.get(ticket_id=ticket.id)
    assert [known["why"] for known in complaint.escalations] == ["bad_rating"]
    assert await RecoveryTask.filter(ticket_id=ticket.id).count() == 1
