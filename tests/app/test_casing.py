"""After the sale in the chat: a wish becomes a case, the customer hears the decision at once and each step once."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.gateways.mail import RecordingMailer
from app.jobs import HANDLERS
from app.jobs.context import JobContext
from app.mail.models import OutgoingMail
from app.reactions import connect
from app.realtime.hub import Hub
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.cases import reason_of
from bots.rulebook import own_rulebook
from conversations.models import BOT, EMAIL, QUEUE, Conversation, Message, Proof
from conversations.opening import open_conversation
from conversations.posting import post
from core import jobs
from core.clock import FrozenClock
from core.events import use_bus
from core.people import Actor, Customer
from core.promises import Promise
from core.shops import Shop
from orders.models import Order
from orders.policies.deciding import Outcome, ReturnPolicy, Row, Stage
from orders.policies.presets import PRESETS
from orders.refunds.case import Jurisdiction, Reason
from tests.people import World, make_customer, make_world
from tests.tickets.sold import sold
from tickets.aftersales.decisions import approve_case, reject_case
from tickets.aftersales.kinds import Kind
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.opening import Wanted, open_case
from tickets.aftersales.returns import Found, inspect_goods, receive_goods
from tickets.aftersales.scope import Asked
from tickets.opening import open_ticket

pytestmark = pytest.mark.anyio
_ids = count(1)
LAMP = (("lamp", 1, "59.00"),)


class Chat:
    """Ines in a chat, with the order proved, and the jobs that follow from what she says."""

    def __init__(self, world: World, talk: Conversation, customer: Customer, context: JobContext) -> None:
        self.world, self.talk, self.customer, self.context = world, talk, customer, context

    async def bought(self, **order: Any) -> Order:
        """An order of this shop and customer; what is told about it by itself has been told."""
        order = {"lines": LAMP} | order
        found = await sold(await Shop.get(id=self.talk.shop_id), **order)
        await self.news()
        return found

    async def ask(self, text: str) -> list[str]:
        await post(self.talk.id, Actor.of(self.customer), text, client_id=f"client-id-{next(_ids)}")
        return await self.news()

    async def news(self) -> list[str]:
        """What is said by itself after what has happened."""
        before = await self._last()
        while claimed := await jobs.claim(10):
            for job in claimed:
                await HANDLERS[job.kind](job.args, self.context)
                await jobs.finish(job)
        later = Message.filter(conversation_id=self.talk.id, number__gt=before).order_by("number")
        return [message.text for message in await later if message.author_kind != "customer"]

    async def _last(self) -> int:
        return int((await Conversation.get(id=self.talk.id)).last_number)


@pytest.fixture
async def world(database: object) -> World:
    use_bus(connect(Hub()))
    return await make_world()


@pytest.fixture
def context(tmp_path: Path) -> JobContext:
    return JobContext(Settings(data_dir=tmp_path), RecordingMailer(), Shelf(own_rulebook()))


@pytest.fixture
async def ines(world: World, clock: FrozenClock, context: JobContext) -> Chat:
    return await proved(world, world.lumen, world.ines, context)


async def proved(world: World, shop: Shop, customer: Customer, context: JobContext) -> Chat:
    talk = await open_conversation(shop, customer, channel="chat", language=customer.language)
    moment = talk.created_at
    more: dict[str, Any] = {
        "kind": "code",
        "contact": customer.email,
        "proved_at": moment,
        "expires_at": moment + timedelta(days=90),
    }
    await Proof.create(conversation_id=talk.id, **more)
    return Chat(world, talk, customer, context)


async def test_a_return_is_granted_in_the_chat_at_once(ines: Chat) -> None:
    await ines.bought()
    [said] = await ines.ask("I would like to return my lamp for a refund because it is too big")
    assert "(return, order #1001): 1 × Lamp" in said
    assert "Your request is approved. Please send the goods back by Mon 16 Mar." in said
    assert "You choose the carrier and pay for the parcel." in said
    assert "within 14 days, once we have the goods or proof that you sent them" in said
    assert "Based on: Directive 2011/83/EU" in said
    case = await AfterSale.get()
    assert (case.kind, case.reason, case.state, case.opened_by) == (
        "return_refund",
        "changed_mind",
        "awaiting_return",
        "bot",
    )
    assert [line.asked for line in await AfterSaleLine.all()] == [1]
    talk = await Conversation.get(id=ines.talk.id)
    assert talk.handler == BOT, "nobody has to be called"


async def test_of_several_the_customer_says_how_many(ines: Chat) -> None:
    await ines.bought(lines=(("lamp", 3, "59.00"),))
    [asked] = await ines.ask("I would like to return my lamp for a refund because it is too big")
    assert asked == "How many of it?"
    [said] = await ines.ask("two of them")
    assert "2 × Lamp" in said
    assert [line.asked for line in await AfterSaleLine.all()] == [2]


async def test_the_parcel_comes_back_by_words_and_each_step_is_told_once(ines: Chat, clock: FrozenClock) -> None:
    await ines.bought()
    await ines.ask("I would like to return my lamp for a refund because it is too big")
    [asked] = await ines.ask("I sent it back yesterday")
    assert "tracking number" in asked
    [thanks] = await ines.ask("DHL 00340434161094042557")
    assert "We’re following parcel 00340434161094042557" in thanks
    case = await AfterSale.get()
    assert case.state == "return_in_transit"
    clock.advance(timedelta(days=2))
    omar = Actor.of(ines.world.omar)
    await receive_goods(case.public_id, omar)
    [here] = await ines.news()
    assert "Your goods have arrived." in here
    clock.advance(timedelta(hours=1))
    [line] = await AfterSaleLine.all()
    await inspect_goods(case.public_id, omar, {line.id: Found(received=1, accepted=1)})
    paid = await ines.news()
    assert len(paid) == 1, paid
    assert "€59.00" in paid[0]
    assert await ines.news() == []
    [again] = await ines.ask("where is my refund?")
    assert "€59.00" in again


async def test_what_a_person_decides_is_promised(ines: Chat, clock: FrozenClock) -> None:
    await ines.bought()
    await ines.ask("The lamp arrived broken")
    said = await ines.ask("I have no photo")
    assert "A person will review it and decide by" in said[0]
    case = await AfterSale.get()
    assert (case.kind, case.reason, case.state) == ("exchange", "damaged", "under_review")
    assert (await Conversation.get(id=ines.talk.id)).handler == QUEUE
    promise = await Promise.get(kind="decision")
    assert promise.state == "open"
    await reject_case(case.public_id, Actor.of(ines.world.omar), "The photo shows another lamp.")
    [no] = await ines.news()
    assert "We’re sorry, we can’t approve this. The photo shows another lamp." in no
    assert "tell us here by" in no
    assert (await Promise.get(id=promise.id)).state == "kept"
    clock.advance(timedelta(minutes=1))
    await approve_case(case.public_id, Actor.of(ines.world.sue))
    assert "Your request is approved." in (await ines.news())[0]


async def test_a_case_is_dropped_in_the_chat(ines: Chat) -> None:
    await ines.bought()
    await ines.ask("I would like to return my lamp for a refund because it is too big")
    [said] = await ines.ask("Please cancel my return")
    assert "It’s cancelled, as you asked." in said
    assert (await AfterSale.get()).state == "cancelled"


async def test_asked_twice_about_the_same_goods_a_person_looks(ines: Chat) -> None:
    await ines.bought()
    await ines.ask("I would like to return my lamp for a refund because it is too big")
    said = await ines.ask("I'd like to exchange my lamp because it is too big")
    assert await AfterSale.all().count() == 1
    assert "Your request is approved." in said[0]  # how far it is that is open
    assert "passed on" in said[1]


async def test_in_chinese(world: World, clock: FrozenClock, context: JobContext) -> None:
    lin = await proved(world, world.chaye, world.lin, context)
    await lin.bought(country="CN", currency="CNY", email="lin@example.com", lines=(("茶杯", 1, "88.00"),))
    said = await lin.ask("我要退货，不喜欢，退款")
    assert "售后单" in said[0]
    assert "已通过" in said[0]
    assert "消费者权益保护法" in said[0]


async def test_whoever_has_not_proved_the_order_is_told_nothing(ines: Chat) -> None:
    order = await ines.bought(email="else@example.com")
    ticket = await open_ticket(ines.talk.id, "aftersales", Actor.of(ines.world.omar), subject="Return")
    wanted = Wanted(kind=Kind.RETURN_REFUND, reason=Reason.CHANGED_MIND, lines=[Asked(line="lamp", units=1)])
    await open_case(ticket.id, order.id, wanted, Actor.of(ines.world.omar))
    assert await ines.news() == []


async def test_by_mail_the_steps_are_letters(ines: Chat) -> None:
    order = await ines.bought()
    talk = await open_conversation(ines.world.lumen, ines.world.ines, channel=EMAIL, language="en")
    ticket = await open_ticket(talk.id, "aftersales", Actor.of(ines.world.omar), subject="Return")
    wanted = Wanted(kind=Kind.RETURN_REFUND, reason=Reason.CHANGED_MIND, lines=[Asked(line="lamp", units=1)])
    await open_case(ticket.id, order.id, wanted, Actor.of(ines.world.omar))
    await ines.news()
    assert await OutgoingMail.filter(conversation_id=talk.id, recipient="ines@example.com").count() == 1


COUNTRIES = {Jurisdiction.CN: "CN", Jurisdiction.EU: "DE", Jurisdiction.US: "US", Jurisdiction.OTHER: "JP"}
# What a customer says for each reason that can be said about goods that have left.
WORDS = {
    Reason.WITHDRAWAL: "I want to withdraw from the contract",
    Reason.SEVEN_DAY: "7 days without a reason",
    Reason.CHANGED_MIND: "I changed my mind",
    Reason.OTHER: "for private reasons",
    Reason.DEFECTIVE: "it stopped working",
    Reason.DAMAGED: "it arrived broken",
    Reason.WRONG_ITEM: "you sent the wrong item",
    Reason.NOT_AS_DESCRIBED: "it is not as described",
    Reason.MISSING: "parts are missing",
}
HEARD = {
    Outcome.GRANT: "Your request is approved.",
    Outcome.REFUSE: "We’re sorry, we can’t approve this.",
    Outcome.REVIEW: "A person will review it",
}


def said_rows() -> Iterator[tuple[ReturnPolicy, Row, Reason]]:
    """Every row of the presets that a customer of the chat can come to, with a reason that brings them there."""
    for policy in PRESETS:
        for row in policy.rows:
            if not row.categories and row.informed is not False and Stage.DELIVERED in (row.stages or set(Stage)):
                yield from ((policy, row, reason) for reason in sorted(row.reasons & set(WORDS)))


async def test_the_chat_tells_what_is_published(world: World, clock: FrozenClock, context: JobContext) -> None:
    """Each row of the built-in policies, reached by words: the decision heard is the one that is published."""
    for name, (policy, row, reason) in enumerate(said_rows(), 2001):
        assert reason_of(WORDS[reason]) == reason
        customer = await make_customer(world.lumen, "Ines", f"ines{name}@example.com")
        talk = await proved(world, world.lumen, customer, context)
        law = next(each for each in (Jurisdiction.US, *COUNTRIES) if each in policy.jurisdictions)
        ago = timedelta(days=60 if row.id.endswith("late") else 2)
        order = await talk.bought(country=COUNTRIES[law], ago=ago, name=str(name), email=str(customer.email))
        await talk.ask("I want to send my lamp back for a refund")
        said = await talk.ask(WORDS[reason])
        case = await AfterSale.get_or_none(order_id=order.id)
        if case is None:  # it asks for a photo first
            said = await talk.ask("I have no photo")
            case = await AfterSale.get(order_id=order.id)
        where = (policy.name, row.id, reason)
        assert (case.decision["policy"], case.decision["row"], case.reason) == where
        assert case.decision["outcome"] == row.outcome, where
        assert HEARD[row.outcome] in "\n".join(said), where
