"""An answer that its order contradicts later: listed, put right once, or let be."""

from datetime import timedelta

import pytest

from app.gateways.mail import RecordingMailer
from app.jobs.context import JobContext
from app.jobs.reviewing import review_answers
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from conversations.corrections import dismiss_correction, open_corrections, send_correction
from conversations.models import AnswerReceipt, Correction, Message, Proof
from core.clock import FrozenClock, now
from core.errors import Conflict, NotFound
from orders.models import Order, Shipment
from tests.people import World, chat, make_order, make_world

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: object, clock: FrozenClock) -> World:
    return await make_world()


@pytest.fixture
async def told(world: World) -> AnswerReceipt:
    """Ines was told that her parcel comes in two days; she had proved the order."""
    order = await make_order(world.lumen, "1001", email="ines@example.com")
    await Order.filter(id=order.id).update(headline="shipped", fulfilment="shipped", payment="paid", version=3)
    due = now() + timedelta(days=2)
    await Shipment.create(
        public_id="par_1", order=order, source_id="1", carrier="DHL", tracking_number="JD01", state="in_transit",
        eta_to=due,
    )  # fmt: skip
    conversation = await chat(world.lumen, world.ines)
    await Proof.create(
        conversation=conversation,
        kind="code",
        contact="ines@example.com",
        proved_at=now(),
        expires_at=now() + timedelta(days=9),
    )
    facts = {"headline": "shipped", "parcels": {"par_1": "in_transit"}, "expected": {"par_1": due.isoformat()}}
    return await AnswerReceipt.create(
        conversation=conversation, question_number=1, rule="order_status", rulebook="r", intent="order_status",
        confidence=0.9, facts=facts, order=order, order_version=3, as_of=now(), review_at=due + timedelta(days=1),
    )  # fmt: skip


async def review() -> None:
    context = JobContext(Settings(), RecordingMailer(), Shelf(own_rulebook()))
    await review_answers({}, context)


async def delayed(receipt: AnswerReceipt, days: int) -> None:
    """The carrier names another day, and the order gets a new version."""
    await Shipment.filter(order_id=receipt.order_id).update(eta_to=now() + timedelta(days=days))
    order = await Order.get(id=receipt.order_id)
    await Order.filter(id=order.id).update(version=order.version + 1)


async def test_a_delay_is_listed_and_put_right_once(told: AnswerReceipt, world: World) -> None:
    await review()
    assert await Correction.all() == []
    await delayed(told, 6)
    await review()
    await review()
    [found] = await open_corrections([world.lumen.id], None, 10)
    assert found.kinds == ["moved"]
    assert "1001" in found.text
    await send_correction(world.omar, found.public_id, found.text + " – Omar")
    message = await Message.filter(conversation_id=told.conversation_id).order_by("-number").first()
    assert message is not None
    assert message.text.endswith("– Omar")
    assert (message.author_kind, message.order_id) == ("system", told.order_id)
    with pytest.raises(Conflict):
        await send_correction(world.omar, found.public_id, "again")
    await delayed(told, 9)
    await review()
    assert await open_corrections([world.lumen.id], None, 10) == []  # a person has it in hand


async def test_what_comes_right_by_itself_leaves_the_list(told: AnswerReceipt, world: World) -> None:
    await delayed(told, 6)
    await review()
    await delayed(told, 2)
    await review()
    assert await open_corrections([world.lumen.id], None, 10) == []
    await delayed(told, 6)
    await review()
    assert len(await open_corrections([world.lumen.id], None, 10)) == 1


async def test_a_newer_answer_is_the_one_that_counts(told: AnswerReceipt, world: World) -> None:
    await AnswerReceipt.create(
        conversation_id=told.conversation_id, question_number=3, rule="order_status", rulebook="r",
        intent="order_status", facts={}, order_id=told.order_id, order_version=3, as_of=now(),
    )  # fmt: skip
    await delayed(told, 6)
    await review()
    assert await Correction.all() == []


async def test_a_day_that_passed_in_silence(told: AnswerReceipt, world: World, clock: FrozenClock) -> None:
    await Shipment.all().update(eta_to=None)
    clock.advance(timedelta(days=2, hours=23))
    await review()
    assert await Correction.all() == []
    clock.advance(timedelta(hours=2))
    await review()
    [found] = await Correction.all()
    assert found.kinds == ["passed"]


async def test_only_people_of_the_shop_and_only_while_proved(
    told: AnswerReceipt, world: World, clock: FrozenClock
) -> None:
    await delayed(told, 6)
    await review()
    found = await Correction.get()
    with pytest.raises(NotFound):
        await dismiss_correction(world.wei, found.public_id)
    clock.advance(timedelta(days=10))
    with pytest.raises(Conflict) as refused:
        await send_correction(world.omar, found.public_id, found.text)
    assert refused.value.code == "proof_gone"
    await dismiss_correction(world.omar, found.public_id)
    assert (await Correction.get()).state == "dismissed"
