"""The bot's turn: a customer's message in, a decision carried out through ordinary verbs, in one transaction."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import structlog

from app.database import database_busy
from app.jobs.cancelling import cancel_at_shop
from app.jobs.casing import known_cases, open_wished, take_case_step
from app.jobs.context import JobContext
from app.jobs.passing_on import open_wish, when_somebody_answers
from app.jobs.questions import Asked, open_question
from app.shop_facts import asks_shop, shop_facts
from bots.buttons import buttons
from bots.cases import may_mention
from bots.corrections import last_named, review_after
from bots.decisions import (
    CancelOrder,
    CaseStep,
    CheckCode,
    Decision,
    Handover,
    OpenCase,
    OpenTicket,
    Receipt,
    Reply,
    RequestCode,
)
from bots.dialogue import Dialogue
from bots.engine import decide
from bots.phrases import render
from bots.question import Question
from bots.rulebook import Rulebook
from conversations import proofs
from conversations.handover import hand_to_queue
from conversations.noting import add_note
from conversations.posting import Bubble, post_together
from conversations.receipts import keep_answer
from conversations.storing import summary_line
from core.clock import now
from core.errors import TooMany
from core.people import BOT as THE_BOT
from core.transactions import transaction
from orders.access import Viewer, orders_in_view
from orders.models import Order
from orders.snapshots import OrderSnapshot, snapshots
from tickets.aftersales.states import AT_THE_SHOP
from tickets.models import Ticket
from tickets.promising import promise_arrival
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
    asked = await open_question(args["conversation"], args["number"])
    return _Turn(asked) if asked is not None else None


class _Turn:
    """One question, the conversation it stands in, and how much of the answer has been said."""

    def __init__(self, asked: Asked) -> None:
        self.conversation, self.message, self.contacts = asked
        self.language = self.conversation.language
        self.said = 0
        self.orders: dict[str, Order] = {}
        self.timezone = "UTC"  # the shop's, as soon as there are orders

    async def take(self, rulebook: Rulebook) -> None:
        """Decide and carry out."""
        dialogue = Dialogue.from_json(self.conversation.dialogue)
        question, proven = await self._question(), await self._proven(self.contacts)
        if may_mention(question.text):
            question = replace(question, cases=await known_cases(list(self.orders.values())))
        decision = decide(question, dialogue, proven, now(), rulebook)
        if asks_shop(decision):
            shop = await shop_facts(self.conversation.shop_id, question.text)
            decision = decide(question, dialogue, proven, now(), rulebook, shop)
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

    async def _proven(self, contacts: tuple[str, ...]) -> list[OrderSnapshot]:
        viewer = Viewer.customer(self.conversation.shop_id, contacts)
        rows = await orders_in_view(viewer, "bot.answer") if contacts else []
        self.orders = {order.public_id: order for order in rows}
        pictures = await snapshots(rows)
        self.timezone = pictures[0].timezone if pictures else self.timezone
        return pictures

    async def _try_code(self, action: CheckCode, decision: Decision, rulebook: Rulebook) -> Decision:
        """When the code fits, take up again what the customer wanted; when not, say so and how many tries are left."""
        language = decision.dialogue.language or self.language
        if await proofs.check_code(self.conversation.id, action.code):
            resumed = Question("", language, self.message.number)
            wish = decision.dialogue.pending or "order_status"
            orders = await self._proven(await proofs.proven_contacts(self.conversation.id))
            answer = decide(resumed, decision.dialogue.proved(), orders, now(), rulebook)
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
                await self._say([Reply(phrase="too_many_codes", text=text, quick_replies=person)])
                await self._remember(decision.dialogue, decision.receipt)
                return
        cancel = next((action for action in decision.actions if isinstance(action, CancelOrder)), None)
        case = next((action for action in decision.actions if isinstance(action, OpenCase)), None)
        if cancel is not None:
            await self._cancel(cancel, decision.replies)
        elif case is not None:
            await self._ask_for(case, decision.replies)
        else:
            await self._say(decision.replies)
        for step in decision.actions:
            if isinstance(step, CaseStep) and not await take_case_step(step, self.conversation, self.language):
                offers = buttons(("person",), self.language)
                text = render("case_cannot", self.language, {})
                await self._say([Reply(phrase="case_cannot", text=text, quick_replies=offers)])
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

    async def _cancel(self, cancel: CancelOrder, replies: Sequence[Reply]) -> None:
        """Have the order cancelled at its shop; the final answer comes by itself. Else it is a person's work."""
        order = self.orders[cancel.order_id]
        answers = await cancel_at_shop(order, await self._open(cancel.ticket), self.language, replies)
        await self._say(answers or (cancel.passed_on,))
        if not answers:
            await self._hand_over(cancel.ticket, cancel.handover)

    async def _ask_for(self, case: OpenCase, replies: Sequence[Reply]) -> None:
        """Open a case, which the policies decide at once. What they leave open is a person's work."""
        order, ticket = self.orders[case.order_id], await self._open(case.ticket)
        state = await open_wished(order, ticket, self.conversation, case, self.language)
        if state is None:
            await self._say(replies)
        if state is None or state in AT_THE_SHOP:
            await self._hand_over(case.ticket, case.handover)

    async def _hand_over(self, wish: OpenTicket, handover: Handover | None) -> None:
        """Open the ticket, tell the customer its number and an honest time, then fall silent."""
        ticket = await self._open(wish)
        if handover is None:
            return
        await self._say([await when_somebody_answers(ticket, self.language)])
        await hand_to_queue(self.conversation.id, THE_BOT, handover.reason)
        if handover.summary:
            await add_note(self.conversation.id, None, handover.summary, f"summary:{self.message.number}")

    async def _open(self, wish: OpenTicket) -> Ticket:
        return await open_wish(self.conversation.id, wish, self.orders.get(wish.order_id or ""))

    async def _say(self, replies: Sequence[Reply]) -> None:
        """Post bubbles; their client ids come from the question, so that a repeated job says nothing twice."""
        bubbles = [
            Bubble(
                text=reply.text,
                client_id=f"answer:{self.message.number}.{place}",
                order_id=self._id_of(reply.order_id),
                quick_replies=[asdict(quick) for quick in reply.quick_replies],
                form=reply.form,
            )
            for place, reply in enumerate(replies, self.said)
        ]
        if bubbles:
            await post_together(self.conversation.id, THE_BOT, bubbles, language=self.language)
            self.said += len(bubbles)

    async def _remember(self, dialogue: Dialogue, receipt: Receipt) -> None:
        """Keep the bot's memory and the reason for its answer."""
        order_id, named = self._id_of(receipt.order_id), last_named(receipt.facts)
        if order_id and named is not None and receipt.order_id is not None:
            await promise_arrival(self.conversation.shop_id, self.timezone, receipt.order_id, named)
        await keep_answer(
            self.conversation.id,
            self.message.number,
            dialogue=dialogue.to_json(),
            language=self.language,
            rule=receipt.rule,
            rulebook=receipt.rulebook,
            intent=receipt.intent,
            confidence=receipt.confidence,
            facts=receipt.facts,
            order_id=order_id,
            order_version=receipt.order_version,
            review_at=review_after(receipt.facts, now()) if order_id else None,
            as_of=receipt.as_of,
        )

    def _id_of(self, public_id: str | None) -> int | None:
        """The row of an order that the customer may see; of no other."""
        order = self.orders.get(public_id) if public_id else None
        return order.id if order else None
