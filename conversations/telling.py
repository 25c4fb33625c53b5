"""What customers were told about one order: answers of the bot, notices, and what people wrote in its conversations."""

from collections.abc import Collection
from dataclasses import dataclass

from tortoise.expressions import Q

from conversations.models import AGENT, BOT, AnswerReceipt, Message
from core.bundles import Bundle, Later

MOST_PAGE = 50
_RECEIPTS = 200  # the newest answers about an order whose words are looked up
_CONVERSATIONS = 500  # that show the order
_BUBBLES = 6  # of one answer
_HERE = "SELECT id FROM conversation WHERE order_id = {order} AND shop_id = {shop} ORDER BY id DESC LIMIT {most}"


@dataclass(frozen=True, slots=True)
class Told:
    """One message to the customer, with the reason if the bot said it."""

    message: Message  # with conversation and its customer
    receipt: AnswerReceipt | None


@dataclass(frozen=True, slots=True)
class Answers:
    """The bot's newest answers about one order, and the conversations that show it."""

    order_id: int
    shop_id: int
    receipts: list[AnswerReceipt]
    conversation_ids: list[int]


def answers_in(bundle: Bundle, order_id: int, shop_id: int) -> Later[Answers]:
    """What `told_about` looks for, as part of a bundle."""
    newest = "WHERE t.order_id = {order} ORDER BY t.id DESC LIMIT {most}"
    receipts = bundle.rows(AnswerReceipt, newest, order=order_id, most=_RECEIPTS)
    here = bundle.table("id", _HERE, order=order_id, shop=shop_id, most=_CONVERSATIONS)
    return lambda: Answers(order_id, shop_id, receipts, [row["id"] for row in here])


async def told_about(
    answers: Answers, conversation_ids: Collection[int], before: int | None, limit: int
) -> tuple[list[Told], int | None]:
    """Messages of the shop's side about an order, newest first, older than the message id `before`.

    `conversation_ids` are those whose work is about the order: what agents wrote there counts. Also returns where the
    next page begins; None when this is the last one. One query.
    """
    order_id, shop_id = answers.order_id, answers.shop_id
    by_question = {(receipt.conversation_id, receipt.question_number): receipt for receipt in answers.receipts}
    theirs = sorted({*conversation_ids, *answers.conversation_ids})
    about = Q(order_id=order_id) | Q(conversation_id__in=theirs, author_kind=AGENT)
    if by_question:
        names = [f"answer:{number}.{place}" for _, number in by_question for place in range(_BUBBLES)]
        asked = sorted({conversation_id for conversation_id, _ in by_question})
        about |= Q(conversation_id__in=asked, author_kind=BOT, client_id__in=sorted(set(names)))
    messages = Message.filter(about).exclude(author_kind="customer")
    if before is not None:
        messages = messages.filter(id__lt=before)
    limit = max(1, min(limit, MOST_PAGE))
    found = await messages.order_by("-id").limit(limit + 1).select_related("conversation__customer")
    rest = found[limit - 1].id if len(found) > limit else None
    told = [Told(message, by_question.get((message.conversation_id, _question(message)))) for message in found[:limit]]
    mine = [one for one in told if _is_about(one, order_id) and one.message.conversation.shop_id == shop_id]
    return mine, rest


def _is_about(one: Told, order_id: int) -> bool:
    return one.receipt is not None or one.message.order_id == order_id or one.message.author_kind == AGENT


def _question(message: Message) -> int:
    """The number of the question that a bubble of the bot answers; 0 for everything else."""
    kind, _, place = message.client_id.partition(":")
    number = place.partition(".")[0]
    return int(number) if message.author_kind == BOT and kind == "answer" and number.isdigit() else 0
