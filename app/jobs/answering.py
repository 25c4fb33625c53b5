"""The bot's turn: a customer's message in, a decision carried out through ordinary verbs, in one transaction."""

from dataclasses import asdict, replace
from typing import Any

import structlog

from app.database import database_busy
from app.jobs.context import JobContext
from bots.buttons import buttons
from bots.corrections import review_after
from bots.decisions import CheckCode, Decision, Handover, OpenTicket, Receipt, Reply, RequestCode
from bots.dialogue import Dialogue
from bots.engine import decide
from bots.phrases import render
from bots.question import Question
from bots.rulebook import Rulebook
from conversations import proofs
from conversations.handover import hand_to_queue
from conversations.models import BOT, AnswerReceipt, Conversation, Message
from conversations.noting import add_note
from conversations.posting import post
from conversations.storing import summary_line
from core.clock import now
from core.errors import TooMany
from core.people import BOT as THE_BOT
from core.people import anyone_online
from core.shops import Shop
from core.text import reference
from core.transactions import transaction
from orders.access import Viewer, orders_in_view
from orders.models import Order
from orders.snapshots import OrderSnapshot, snapshots
from tickets.deadlines import first_reply_due
from tickets.models import Ticket
from tickets.opening import open_ticket
from tickets.queries import tickets_of
from tickets.statuses import UNFINISHED

log = structlog.get_logger(__name__)


async def answer(args: dict[str, Any], context: JobContext) -> None:
    """Answer message `number` of `conversation`, once, if the bot still has the turn.

    Whatever goes wrong becomes a handover to a person, never silence; only a busy database is asked again later.
    """
    try:
        rulebook = await context.rulebooks.current()
        async with transaction():
            if (turn := await _turn(args)) is not None:
                await turn.take(rulebook)
    except Exception as error:
        if database_busy(error) is not None:
            raise
        log.exception("bot_failed", conversation=args["conversation"], number=args["number"])
        await give_up(args, context)


async def give_up(args: dict[str, Any], context: JobContext) -> None:
    """Hand message `number` of `conversation` to a person, if it has no answer yet: for questions that end the bot."""
    async with transaction():
        if (turn := await _turn(args)) is not None:
            await turn.give_up()


async def _turn(args: dict[str, Any]) -> "_Turn | None":
    """The question, unless it has been answered or somebody else speaks now."""
    conversation = await Conversation.filter(id=args["conversation"]).select_for_update().get()
    if conversation.handler != BOT:
        return None
    if await AnswerReceipt.exists(conversation_id=conversation.id, question_number=args["number"]):
        return None
    return _Turn(conversation, await Message.get(conversation_id=conversation.id, number=args["number"]))


class _Turn:
    """One question, the conversation it stands in, and how much of the answer has been said."""

    def __init__(self, conversation: Conversation, message: Message) -> None:
        self.conversation = conversation
        self.message = message
        self.language = conversation.language
        self.said = 0
        self.orders: dict[str, Order] = {}

    async def take(self, rulebook: Rulebook) -> None:
        """Decide and carry out."""
        dialogue = Dialogue.from_json(self.conversation.dialogue)
        question = await self._question()
        decision = decide(question, dialogue, await self._proven(), now(), rulebook)
        code = next((action for action in decision.actions if isinstance(action, CheckCode)), None)
        if code is not None:
            decision = await self._try_code(code, decision, rulebook)
        await self._carry_out(decision)

    async def give_up(self) -> None:
        """Hand over after a failure, in words that blame nobody."""
        words = summary_line(self.message.text, self.message.attachments)
        wish = OpenTicket(
            kind="question", order_id=None, order_number=None, reason="bot_failed", subject=words[:80], summary=words
        )
        await self._hand_over(wish, Handover(reason="bot_failed", summary=""))
        receipt = Receipt(rule="", rulebook="", intent="failure", confidence=0, as_of=now())
        await self._remember(Dialogue.from_json(self.conversation.dialogue), receipt)

    async def _question(self) -> Question:
        files = len(self.message.attachments or ())
        tickets = await tickets_of(self.conversation.id) if files and not self.message.text else []
        open_ones = [ticket.number for ticket in tickets if ticket.status in UNFINISHED]
        ticket = open_ones[0] if open_ones else None
        order = await Order.get_or_none(id=self.message.order_id) if self.message.order_id else None
        chosen = order.public_id if order else None
        return Question(self.message.text, self.conversation.language, self.message.number, files, ticket, chosen)

    async def _proven(self) -> list[OrderSnapshot]:
        contacts = await proofs.proven_contacts(self.conversation.id)
        viewer = Viewer.customer(self.conversation.shop_id, contacts)
        rows = await orders_in_view(viewer, "bot.answer") if contacts else []
        self.orders = {order.public_id: order for order in rows}
        return await snapshots(rows)

    async def _try_code(self, action: CheckCode, decision: Decision, rulebook: Rulebook) -> Decision:
        """When the code fits, take up again what the customer wanted; when not, say so and how many tries are left."""
        language = decision.dialogue.language or self.language
        if await proofs.check_code(self.conversation.id, action.code):
            resumed = Question("", language, self.message.number)
            wish = decision.dialogue.pending or "order_status"
            answer = decide(resumed, decision.dialogue.proved(), await self._proven(), now(), rulebook)
            return replace(answer, receipt=replace(answer.receipt, rule=wish, intent=rulebook.intent_of(wish)))
        left = await proofs.tries_left(self.conversation.id)
        key = "code_wrong" if left else "code_spent"
        refusal = Reply(
            phrase=key,
            text=render(key, language, {"left": left}),
            form="code" if left else None,
            quick_replies=buttons(("resend", "person"), language),
        )
        return replace(decision, replies=(refusal,), actions=())

    async def _carry_out(self, decision: Decision) -> None:
        self.language = decision.dialogue.language or self.language
        for action in decision.actions:
            if isinstance(action, RequestCode) and not await self._request_code(action.number):
                text = render("too_many_codes", self.language, {})
                person = buttons(("person",), self.language)
                await self._say(Reply(phrase="too_many_codes", text=text, quick_replies=person), self.language)
                await self._remember(decision.dialogue, decision.receipt)
                return
        for reply in decision.replies:
            await self._say(reply, self.language)
        ticket = next((action for action in decision.actions if isinstance(action, OpenTicket)), None)
        handover = next((action for action in decision.actions if isinstance(action, Handover)), None)
        if ticket is not None:
            await self._hand_over(ticket, handover)
        await self._remember(decision.dialogue, decision.receipt)

    async def _request_code(self, number: str) -> bool:
        try:
            await proofs.request_code(self.conversation.id, number)
        except TooMany:
            return False
        return True

    async def _hand_over(self, wish: OpenTicket, handover: Handover | None) -> None:
        """Open the ticket, tell the customer its number and an honest time, then fall silent."""
        ticket = await self._open(wish)
        if handover is None:
            return
        shop = await Shop.get(id=self.conversation.shop_id)
        online = await anyone_online(shop.id)
        due = first_reply_due(shop, now(), online)
        facts = {"ticket": ticket.number, "by": due, "timezone": shop.timezone}
        key = "handover_online" if online else "handover_offline"
        await self._say(Reply(phrase=key, text=render(key, self.language, facts)), self.language)
        await hand_to_queue(self.conversation.id, THE_BOT, handover.reason)
        if handover.summary:
            await add_note(self.conversation.id, None, handover.summary, f"summary:{self.message.number}")

    async def _open(self, wish: OpenTicket) -> Ticket:
        order = self.orders.get(wish.order_id) if wish.order_id else None
        proved = order is not None
        if order is None and wish.order_number:
            named = Order.filter(shop_id=self.conversation.shop_id, number_key=reference(wish.order_number))
            order = await named.first()
        return await open_ticket(
            self.conversation.id,
            wish.kind,
            THE_BOT,
            subject=wish.subject,
            summary=wish.summary,
            priority=wish.priority,
            order_ids=[order.id] if order else (),
            reason=wish.reason,
            link_source="bot",
            link_confirmed=proved,
        )

    async def _say(self, reply: Reply, language: str) -> None:
        """Post a bubble; its client id comes from the question, so that a repeated job says nothing twice."""
        order = self.orders.get(reply.order_id) if reply.order_id else None
        await post(
            self.conversation.id,
            THE_BOT,
            reply.text,
            client_id=f"answer:{self.message.number}.{self.said}",
            language=language,
            order_id=order.id if order else None,
            quick_replies=[asdict(quick) for quick in reply.quick_replies],
            form=reply.form,
        )
        self.said += 1

    async def _remember(self, dialogue: Dialogue, receipt: Receipt) -> None:
        """Keep the bot's memory and the reason for its answer."""
        order = self.orders.get(receipt.order_id) if receipt.order_id else None
        changes = {"dialogue": dialogue.to_json(), "language": self.language}
        await Conversation.filter(id=self.conversation.id).update(**changes)
        await AnswerReceipt.create(
            conversation_id=self.conversation.id,
            question_number=self.message.number,
            rule=receipt.rule,
            rulebook=receipt.rulebook,
            intent=receipt.intent,
            confidence=receipt.confidence,
            facts=receipt.facts,
            order_id=order.id if order else None,
            order_version=receipt.order_version,
            review_at=review_after(receipt.facts, now()) if order else None,
            as_of=receipt.as_of,
        )
