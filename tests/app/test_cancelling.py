"""A customer cancels in the chat: a final answer at once, and shop, record, money, ticket and words agree."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from tortoise.context import TortoiseContext

from app.gateways.mail import RecordingMailer
from app.gateways.simulators.keys import demo_secrets
from app.jobs import HANDLERS
from app.jobs.context import JobContext
from app.reactions import connect
from app.realtime.hub import Hub
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from conversations.models import BOT, QUEUE, Conversation, Message, Proof
from conversations.posting import post
from core import jobs
from core.clock import FrozenClock
from core.errors import Unavailable
from core.events import Bus, use_bus
from core.people import SYSTEM, Actor, Customer, ShopMember
from core.shops import Shop
from orders.claims.cancellation import AT_ONCE, request_cancellation
from orders.claims.models import DONE, REFUSED, Claim
from orders.claims.settling import LATE
from orders.claims.shop_actions import Outcome, Said, Stands
from orders.models import Order
from orders.refunds.models import RefundIntent
from orders.statuses import Closure
from tests.orders.claiming import PAID, an_order
from tests.orders.deliveries import a_shop
from tests.people import chat, make_agent, make_customer
from tickets.models import Ticket, TimelineEntry
from tickets.opening import open_ticket
from tickets.statuses import Status

_ids = count(1)


@pytest.fixture(autouse=True)
def _wired(database: TortoiseContext, clock: FrozenClock) -> Iterator[None]:
    use_bus(connect(Hub()))
    yield
    use_bus(Bus())


class Chat:
    """A customer in a chat who has proved that the order is theirs, and the jobs that follow from what they say."""

    def __init__(self, conversation: Conversation, customer: Customer, context: JobContext) -> None:
        self.conversation, self.customer, self.context = conversation, customer, context

    async def ask(self, text: str) -> list[str]:
        message = await post(self.conversation.id, Actor.of(self.customer), text, client_id=f"client-id-{next(_ids)}")
        await self.work()
        return await self.said(message.number)

    async def work(self) -> None:
        while claimed := await jobs.claim(10):
            for job in claimed:
                try:
                    await HANDLERS[job.kind](job.args, self.context)
                    await jobs.finish(job)
                except Unavailable as error:
                    await jobs.fail(job, str(error))

    async def said(self, after: int = 0) -> list[str]:
        later = Message.filter(conversation_id=self.conversation.id, number__gt=after).order_by("number")
        return [message.text for message in await later if message.author_kind != "customer"]


@pytest.fixture(params=["shopify", "generic"])
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def shop(database: TortoiseContext, platform: str) -> Shop:
    shop = a_shop(platform, demo=True)
    shop.secrets = demo_secrets(shop.key) | shop.secrets
    await shop.save(force_create=True)
    return shop


async def a_chat(shop: Shop, order: Order, tmp_path: Path) -> Chat:
    customer = await make_customer(shop, "Ines", str(order.email), language=shop.language)
    conversation = await chat(shop, customer)
    moment = conversation.created_at
    await Proof.create(
        conversation_id=conversation.id,
        kind="code",
        contact=order.email,
        proved_at=moment,
        expires_at=moment + timedelta(days=7),
    )
    context = JobContext(Settings(data_dir=tmp_path), RecordingMailer(), Shelf(own_rulebook()))
    return Chat(conversation, customer, context)


WORDS = {
    "shopify": ("Please cancel my order", "Yes, please", "final answer here", "is cancelled", "goes back the way"),
    "generic": ("帮我取消订单", "确认", "几秒钟内", "已取消", "原路退回"),
}


async def test_cancelled_from_the_chat_in_seconds(shop: Shop, platform: str, tmp_path: Path) -> None:
    await Shop.filter(id=shop.id).update(refund_limits={"single": {shop.currency: {"supervisor": None}}})
    order = await an_order(shop, *PAID)
    talk = await a_chat(shop, order, tmp_path)
    wish, yes, at_once, done, money = WORDS[platform]
    await talk.ask(wish)
    said = await talk.ask(yes)
    assert len(said) == 2, said  # on it; done. No notice says the same again
    assert at_once in said[0]
    assert done in said[1]
    assert money in said[1]
    await order.refresh_from_db()
    claim, ticket, intent = await Claim.get(), await Ticket.get(), await RefundIntent.get()
    assert (order.closure, claim.state, ticket.status) == (Closure.CANCELLED, DONE, Status.RESOLVED)
    assert (intent.amount, intent.case_id, claim.refund) == (order.total, ticket.public_id, intent.public_id)
    assert ticket.kind == "cancellation"
    assert [entry.action for entry in await TimelineEntry.filter(ticket_id=ticket.id, action__startswith="claim_")] == [
        "claim_requested",
        "claim_held",
        "claim_done",
    ]
    assert (await Conversation.get(id=talk.conversation.id)).handler == BOT
    again = await talk.ask(wish)  # asked again, the answer is the order's own
    assert await Claim.all().count() == 1
    assert again


async def test_too_late_is_a_final_no_with_a_way_out(shop: Shop, platform: str, tmp_path: Path) -> None:
    """The parcel has left between the question and the yes, and nobody has told us."""
    order = await an_order(shop, *PAID)
    talk = await a_chat(shop, order, tmp_path)
    wish, yes, *_ = WORDS[platform]
    await talk.ask(wish)
    await an_order(shop, *PAID, "ship")
    said = await talk.ask(yes)
    claim = await Claim.first()
    assert claim is None or claim.state == REFUSED
    assert not any("is cancelled" in words or "已取消" in words for words in said)
    assert await RefundIntent.all().count() == 0


async def test_a_silent_shop_is_a_no_in_time_and_a_person_looks(
    shop: Shop, platform: str, tmp_path: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silence:
        async def hold(self, action: object) -> Outcome:
            return Outcome(said=Said.UNKNOWN)

        release = cancel = change_address = hold

        async def look_up(self, action: object) -> Stands:
            return Stands.UNKNOWN

    monkeypatch.setattr("app.jobs.claims.actions_of", lambda platform: Silence())
    order = await an_order(shop, *PAID)
    talk = await a_chat(shop, order, tmp_path)
    wish, yes, *_ = WORDS[platform]
    await talk.ask(wish)
    assert len(await talk.ask(yes)) == 1
    clock.advance(AT_ONCE)
    await talk.work()
    assert ("could not be stopped" in (await talk.said())[-1]) or ("没能及时拦下" in (await talk.said())[-1])
    assert (await Ticket.get()).status == Status.OPEN
    assert await RefundIntent.all().count() == 0


async def test_a_shop_that_cannot_be_told_is_a_persons_work(shop: Shop, platform: str, tmp_path: Path) -> None:
    order = await an_order(shop, *PAID)
    await Shop.filter(id=shop.id).update(demo=False)
    talk = await a_chat(shop, order, tmp_path)
    wish, yes, *_ = WORDS[platform]
    await talk.ask(wish)
    said = await talk.ask(yes)
    assert ("not cancelled yet" in said[0]) or ("还没有取消" in said[0])
    assert (await Conversation.get(id=talk.conversation.id)).handler == QUEUE


@pytest.mark.parametrize("proved", [True, False])
async def test_what_an_agent_cancels_is_told_to_nobody_but_the_buyer(
    shop: Shop, platform: str, tmp_path: Path, proved: bool
) -> None:
    order = await an_order(shop, *PAID)
    talk = await a_chat(shop, order, tmp_path)
    if not proved:
        await Proof.all().delete()
    ticket = await open_ticket(talk.conversation.id, "cancellation", SYSTEM, subject="Stop it", order_ids=[order.id])
    omar = await make_agent("Omar")
    await ShopMember.create(agent=omar, shop=shop)
    await request_cancellation(order.id, None, "customer", Actor.of(omar), case_id=ticket.public_id)
    await talk.work()
    claim = await Claim.get()
    assert claim.state == DONE, (claim.why, claim.said, claim.way)
    assert await TimelineEntry.exists(ticket_id=ticket.id, action="claim_done")
    assert [order.number in words for words in await talk.said()] == ([True] if proved else [])


async def test_a_no_of_yesterday_does_not_hide_todays_cancellation(
    shop: Shop, platform: str, tmp_path: Path, clock: FrozenClock
) -> None:
    order = await an_order(shop, *PAID)
    talk = await a_chat(shop, order, tmp_path)
    await Shop.filter(id=shop.id).update(demo=False)  # a person would have to do it, and keeps silent
    ticket = await open_ticket(talk.conversation.id, "cancellation", SYSTEM, subject="Stop it", order_ids=[order.id])
    claim = await request_cancellation(order.id, None, "customer", SYSTEM, case_id=ticket.public_id)
    assert claim.answer_by is not None
    clock.advance(claim.answer_by - clock.now())
    await talk.work()
    told = await talk.said()
    clock.advance(LATE + timedelta(hours=1))
    await an_order(shop, *PAID, "cancel")
    await talk.work()
    assert (await Claim.get()).state == REFUSED
    news = "\n".join((await talk.said())[len(told) :])
    assert "cancelled" in news or "已取消" in news


async def test_it_is_done_also_when_the_agent_who_began_it_has_left(shop: Shop, platform: str, tmp_path: Path) -> None:
    order = await an_order(shop, *PAID)
    talk = await a_chat(shop, order, tmp_path)
    await request_cancellation(order.id, None, "customer", Actor.of(await make_agent("Omar")))
    await talk.work()
    claim = await Claim.get()
    assert (claim.state, claim.refund) == (DONE, "not_found")  # a person sees to the money
