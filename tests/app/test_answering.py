"""The bot's turn on real rows: it answers once, proves before it tells, hands over instead of falling silent."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tortoise.exceptions import DBConnectionError

from app.gateways.mail import RecordingMailer
from app.jobs import HANDLERS, answering
from app.jobs.answering import answer, give_up
from app.jobs.context import JobContext
from app.mail.models import OutgoingMail
from app.reactions import connect
from app.realtime.hub import Hub
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from conversations.handover import hand_back, take
from conversations.models import AnswerReceipt, CodeRequest, Conversation, Message, Note
from conversations.posting import post
from conversations.proofs import TRIES
from core import jobs
from core.clock import FrozenClock
from core.events import use_bus
from core.people import SYSTEM, Actor
from core.promises import Promise
from core.shop_answers import write_answers
from core.sql import dialect
from core.text import reference
from orders.models import Order, OrderLine
from orders.stock.models import StockPosition
from tests.heard import counted
from tests.people import World, chat, make_order, make_world
from tickets.evidence import evidence_of
from tickets.models import Ticket, TicketLink
from tickets.queries import timeline

pytestmark = pytest.mark.anyio

_ids = count(1)


@pytest.fixture
def _reactions(database: object) -> None:
    use_bus(connect(Hub()))


@pytest.fixture
async def world(_reactions: None, clock: FrozenClock) -> World:
    world = await make_world()
    await make_order(world.lumen, "1001", email="ines@example.com")
    await make_order(world.lumen, "1002", email="bob@example.com")
    return world


class Talk:
    """Ines in her chat, and the jobs that follow from what she says."""

    def __init__(self, world: World, conversation: Conversation, context: JobContext) -> None:
        self.world, self.conversation, self.context = world, conversation, context

    async def ask(self, text: str) -> list[str]:
        """Say something, let the desk work, and return what it answers."""
        message = await self.say(text)
        await self.work()
        return [reply.text for reply in await self.replies(message.number)]

    async def say(self, text: str) -> Message:
        ines = Actor.of(self.world.ines)
        return await post(self.conversation.id, ines, text, client_id=f"client-id-{next(_ids)}")

    async def work(self) -> None:
        """Do all jobs that are due."""
        while claimed := await jobs.claim(10):
            for job in claimed:
                await HANDLERS[job.kind](job.args, self.context)
                await jobs.finish(job)

    async def replies(self, after: int = 0) -> list[Message]:
        later = Message.filter(conversation_id=self.conversation.id, number__gt=after).order_by("number")
        return [message for message in await later if message.author_kind != "customer"]

    async def code(self, address: str = "ines@example.com") -> str:
        """The code in the newest letter to this address."""
        letter = await OutgoingMail.filter(recipient=address).order_by("-id").first()
        assert letter is not None
        body = message_from_bytes(bytes(letter.content), policy=policy.default).get_body(("plain",))
        assert body is not None
        found = re.search(r"(?<!\d)\d{6}(?!\d)", body.get_content())
        assert found is not None
        return found[0]

    async def prove(self, number: str = "1001") -> None:
        """Show that the order is hers."""
        await self.ask(f"where is my order {number}?")
        await self.ask(await self.code())
        assert (await self.replies())[-1].order_id is not None

    async def handler(self) -> str:
        return str((await Conversation.get(id=self.conversation.id)).handler)

    def job(self, message: Message) -> dict[str, Any]:
        return {"conversation": self.conversation.id, "number": message.number}


@pytest.fixture
async def talk(world: World, tmp_path: Path) -> Talk:
    context = JobContext(Settings(data_dir=tmp_path), RecordingMailer(), Shelf(own_rulebook()))
    return Talk(world, await chat(world.lumen, world.ines), context)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def failing(error: Exception) -> Callable[..., Any]:
    def decide(*arguments: object) -> Any:
        raise error

    return decide


async def test_a_repeated_job_answers_once(talk: Talk) -> None:
    question = await talk.say("Hello!")
    for _ in range(3):
        await answer(talk.job(question), talk.context)
    await asyncio.gather(*(answer(talk.job(question), talk.context) for _ in range(4)))
    assert len(await talk.replies()) == 1
    receipt = await AnswerReceipt.get(conversation_id=talk.conversation.id)
    assert (receipt.question_number, receipt.intent) == (question.number, "greeting")
    assert receipt.rulebook == (await talk.context.rulebooks.current()).version


async def test_a_bot_that_fails_brings_a_person(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "decide", failing(ZeroDivisionError("a rule is broken")))
    [words] = await talk.ask("What about my lamp?")
    ticket = await Ticket.get(conversation_id=talk.conversation.id)
    assert (ticket.kind, ticket.subject, await talk.handler()) == ("question", "What about my lamp?", "queue")
    assert str(ticket.number) in words
    assert "ZeroDivision" not in words
    assert (await AnswerReceipt.get(conversation_id=talk.conversation.id)).intent == "failure"
    assert await talk.ask("Hello?") == [], "a person has it now"


async def test_a_busy_database_is_no_reason_to_give_up(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    question = await talk.say("Hello!")
    with monkeypatch.context() as patch:
        patch.setattr(answering, "decide", failing(DBConnectionError("refused")))
        with pytest.raises(DBConnectionError):
            await answer(talk.job(question), talk.context)
    assert (await talk.replies(), await talk.handler()) == ([], "bot")
    await answer(talk.job(question), talk.context)
    assert len(await talk.replies()) == 1


async def test_a_question_whose_job_was_given_up_goes_to_a_person_once(talk: Talk) -> None:
    poison, fine = await talk.say("poison"), await talk.say("Hello!")
    await answer(talk.job(fine), talk.context)
    await give_up(talk.job(fine), talk.context)
    assert await talk.handler() == "bot", "this one was answered"
    await give_up(talk.job(poison), talk.context)
    await give_up(talk.job(poison), talk.context)
    assert (await Ticket.all().count(), await talk.handler()) == (1, "queue")


async def test_an_agent_who_was_faster_silences_the_bot(talk: Talk, world: World) -> None:
    question = await talk.say("Where is order 1001?")
    await take(talk.conversation.id, world.omar)
    await talk.work()
    assert await talk.replies() == []
    await hand_back(talk.conversation.id, world.omar)
    await answer(talk.job(question), talk.context)
    assert len(await talk.replies()) == 1, "and lets it speak again"


async def test_a_right_code_opens_the_order(talk: Talk) -> None:
    [words] = await talk.ask("where is my order 1001?")
    assert "six-digit code" in words
    assert (await talk.replies())[-1].form == "code"
    await talk.ask(await talk.code())
    shown = (await talk.replies())[-1]
    assert shown.order_id is not None
    assert "1001" in shown.text
    receipt = await AnswerReceipt.filter(conversation_id=talk.conversation.id).order_by("-id").first()
    assert receipt is not None
    assert (receipt.order_id, receipt.facts["number"]) == (shown.order_id, "1001")


async def test_the_day_of_arrival_that_the_bot_names_is_a_promise(talk: Talk, clock: FrozenClock) -> None:
    await Order.filter(number="1001").update(
        headline="processing", confirmation="confirmed", promised_to=clock.now() + timedelta(days=3)
    )
    await talk.ask("where is my order 1001?")
    await talk.ask(await talk.code())
    await talk.ask("where is it?")
    [made] = await Promise.filter(kind="arrival")
    assert (made.subject, made.state) == ((await Order.get(number="1001")).public_id, "open")
    assert clock.now() + timedelta(days=3) <= made.due_at <= clock.now() + timedelta(days=4)


async def test_five_wrong_codes_spend_the_right_one(talk: Talk) -> None:
    await talk.ask("where is my order 1001?")
    code = await talk.code()
    said = [(await talk.ask(other_than(code)))[0] for _ in range(TRIES)]
    assert ["4 more tries" in said[0], "1 more try" in said[3], "no longer valid" in said[4]] == [True] * 3
    assert "no longer valid" in (await talk.ask(code))[0]
    assert all(message.order_id is None for message in await talk.replies())
    assert await Ticket.all().count() == 0


async def test_many_numbers_in_a_row_send_no_more_codes(talk: Talk) -> None:
    said = [(await talk.ask(f"where is my order {number}?"))[0] for number in range(1001, 1007)]
    assert all("six-digit code" in words for words in said[:5])
    assert "several codes already" in said[5]
    assert await CodeRequest.filter(conversation_id=talk.conversation.id).count() == 5


async def test_what_one_contact_proves_does_not_open_the_order_of_another(talk: Talk) -> None:
    await talk.prove("1001")
    [of_bob], [of_nobody] = await talk.ask("and where is order 1002?"), await talk.ask("and where is order 9999?")
    assert of_bob.replace("1002", "N") == of_nobody.replace("9999", "N")
    newest = await talk.replies()
    assert [message.order_id for message in newest[-2:]] == [None, None]


@pytest.mark.parametrize(
    ("words", "kind", "priority"),
    [
        (["I want to cancel my order", "Yes, please"], "cancellation", "high"),
        (["I want my money back", "I ordered it twice"], "refund", "normal"),
        (["change my delivery address", "12 Harbour Lane, 20095 Hamburg", "yes"], "question", "high"),
        (["This is outrageous, I want to make a complaint!"], "complaint", "high"),
        (["I want to talk to a person"], "question", "normal"),
    ],
)
async def test_a_wish_becomes_the_right_work_about_the_proved_order(
    talk: Talk, words: list[str], kind: str, priority: str
) -> None:
    await talk.prove("1001")
    said = [answer for message in words for answer in await talk.ask(message)]
    ticket = await Ticket.get(conversation_id=talk.conversation.id)
    assert (ticket.kind, ticket.priority, ticket.opened_by, ticket.status) == (kind, priority, "bot", "open")
    link = await TicketLink.get(ticket_id=ticket.id).select_related("order")
    assert (link.order.number, link.confirmed) == ("1001", True)
    assert (str(ticket.number) in said[-1], await talk.handler()) == (True, "queue")
    assert await Note.filter(conversation_id=talk.conversation.id).count() == 1


async def test_a_number_that_nobody_proved_is_only_a_suggestion(talk: Talk) -> None:
    await talk.ask("The lamp of order 1002 arrived broken")
    await talk.ask("I have no photo")
    ticket = await Ticket.get(conversation_id=talk.conversation.id)
    link = await TicketLink.get(ticket_id=ticket.id).select_related("order")
    assert (link.order.number, link.confirmed) == ("1002", False)
    assert all(message.order_id is None for message in await talk.replies())


async def test_a_refused_code_leaves_a_way_on(talk: Talk) -> None:
    await talk.ask("where is my order 1001?")
    wrong = other_than(await talk.code())
    offered: list[dict[str, str]] = []
    for _ in range(TRIES + 1):
        await talk.ask(wrong)
        offered = (await talk.replies())[-1].quick_replies
        assert [each["label"] for each in offered] == ["Send a new code", "Talk to a person"]
    await talk.ask(offered[0]["text"])
    await talk.ask(await talk.code())
    assert (await talk.replies())[-1].order_id is not None


async def test_an_answer_costs_few_statements_however_many_bubbles_it_has(talk: Talk) -> None:
    async def statements(text: str) -> tuple[int, int]:
        message = await talk.say(text)
        with counted() as seen:
            [job] = await jobs.claim(1)
            await HANDLERS[job.kind](job.args, talk.context)
            await jobs.finish(job)
        return len(seen), len(await talk.replies(message.number))

    # claim, rulebook, the question with all about it, four for the words, memory, receipt, the end of the job
    locks = 2 if dialect() == "postgres" else 0  # of the question and of the words
    assert await statements("hello") == (10 + locks, 1)
    await talk.prove()
    # and the orders, what is in them, the card beside the talk, and after the commit the card of the frame
    assert await statements("Where is my order?") == (17 + locks, 2)


async def test_the_shops_own_words(talk: Talk) -> None:
    await write_answers(talk.world.lumen, "policy_info", {"en": "Thirty days.", "zh": "三十天。"}, SYSTEM)
    assert await talk.ask("What is your return policy?") == ["Thirty days."]
    assert await talk.ask("你们的退货政策是什么") == ["三十天。"]


async def test_stock_is_told_for_goods_that_are_named(talk: Talk) -> None:
    lumen = talk.world.lumen
    for sku, title, available in (("KT-17", "Kettle 1.7 l", 3), ("LP-1", "Desk lamp", 0)):
        await StockPosition.create(shop=lumen, sku=sku, sku_key=reference(sku), title=title, available=available)
    assert await talk.ask("Do you have the kettle in stock?") == ["Yes, Kettle 1.7 l is in stock right now."]
    said = await talk.ask("And is LP-1 in stock?")
    assert said[0].startswith("Desk lamp is sold out right now")


async def test_what_is_wrong_with_a_line_starts_its_checklist(talk: Talk) -> None:
    order = await Order.get(number="1001")
    lamp = await OrderLine.create(order=order, source_id="7", title="Halo floor lamp", quantity=1, unit_price=14900)
    await OrderLine.create(order=order, source_id="8", title="Bulb", quantity=2, unit_price=900)
    await talk.prove()
    await talk.ask("The lamp of 1001 arrived broken")
    await talk.ask("no photo")
    ticket = await Ticket.get()
    [link] = await TicketLink.filter(ticket_id=ticket.id)
    assert (link.reason, link.line_id, link.confirmed) == ("damaged", lamp.id, True)
    assert {item.code: item.state for item in await evidence_of(ticket.id)} == {"line": "given", "photo": "missing"}
    [entry] = [entry for entry in await timeline(ticket) if entry.action == "linked"]
    assert entry.detail["part"] == "Halo floor lamp"
