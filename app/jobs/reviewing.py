"""Comparing what the bot has said with what has become of the orders it spoke of."""

from datetime import timedelta
from typing import Any

from app.jobs.context import JobContext
from app.jobs.housekeeping import forget_run, plan_next
from bots.corrections import contradictions, correction, review_after, worth_a_word
from conversations.corrections import is_last_word, receipts_to_review, reviewed
from conversations.models import AnswerReceipt
from core.clock import now
from orders.snapshots import snapshot

AT_ONCE = 200
KEEP_RUNS = timedelta(hours=1)


async def review_answers(args: dict[str, Any], context: JobContext) -> None:
    """Propose a correction for each answer that its order contradicts; what was put right by itself is forgotten."""
    await plan_next("answers.review", now())
    await forget_run("answers.review", now() - KEEP_RUNS)
    for receipt in await receipts_to_review(AT_ONCE):
        await _review(receipt)


async def _review(receipt: AnswerReceipt) -> None:
    assert receipt.order is not None
    version = receipt.order.version
    if not await is_last_word(receipt):
        await reviewed(receipt, version)
        return
    picture, moment = await snapshot(receipt.order), now()
    found = worth_a_word(contradictions(receipt.facts, picture, moment), moment)
    language = receipt.conversation.language
    text = correction(found, picture, language, moment) if found else ""
    await reviewed(receipt, version, [each.kind for each in found], text, review_after(receipt.facts, moment))
