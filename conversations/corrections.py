"""Answers that their order has contradicted: found after the fact, listed for people, put right or let be."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from conversations.models import AnswerReceipt, Correction
from conversations.posting import post
from conversations.proofs import proven_contacts
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.people import SYSTEM, Agent, shop_ids_of
from core.sql import fetch
from core.text import clean
from core.transactions import transaction

OPEN, SENT, DISMISSED, OUTDATED = "open", "sent", "dismissed", "outdated"
RELIED_ON = timedelta(days=30)  # for how long an answer is compared with its order
TEXT_LIMIT = 2_000  # characters

_CHANGED = """
SELECT r.id AS id FROM answer_receipt AS r JOIN shop_order AS o ON o.id = r.order_id
WHERE r.as_of >= {since} AND (o.version > COALESCE(r.reviewed_version, r.order_version) OR r.review_at <= {now})
ORDER BY r.id LIMIT {most}
"""


async def receipts_to_review(most: int) -> list[AnswerReceipt]:
    """Answers of the last 30 days whose order has changed since they were compared, or which named a time that has
    passed; with order and conversation."""
    rows = await fetch(_CHANGED, since=now() - RELIED_ON, now=now(), most=most)
    found = AnswerReceipt.filter(id__in=[row["id"] for row in rows])
    return await found.order_by("id").select_related("order", "conversation")


async def is_last_word(receipt: AnswerReceipt) -> bool:
    """Whether the bot has told this conversation nothing newer about the order."""
    later = AnswerReceipt.filter(conversation_id=receipt.conversation_id, order_id=receipt.order_id, id__gt=receipt.id)
    return not await later.exists()


async def reviewed(
    receipt: AnswerReceipt, version: int, kinds: Sequence[str] = (), text: str = "", again: datetime | None = None
) -> None:
    """Remember that `receipt` was compared with `version` of its order: what it contradicts, and words for it.

    No kinds: an open proposal is outdated, because the answer is right again or was given anew. `again`: when a time
    that was named passes.
    """
    async with transaction():
        await AnswerReceipt.filter(id=receipt.id).update(reviewed_version=version, review_at=again)
        known = await Correction.filter(receipt_id=receipt.id).select_for_update().first()
        if known is None and kinds and receipt.order_id is not None:
            await Correction.create(
                public_id=new_id("cor"), receipt_id=receipt.id, conversation_id=receipt.conversation_id,
                shop_id=receipt.conversation.shop_id, order_id=receipt.order_id, kinds=list(kinds), text=text,
                created_at=now(),
            )  # fmt: skip
        elif known is not None and known.state in (OPEN, OUTDATED):
            known.kinds, known.text = (list(kinds), text) if kinds else (known.kinds, known.text)
            known.state = OPEN if kinds else OUTDATED
            await known.save(update_fields=["kinds", "text", "state"])


async def open_corrections(shop_ids: Collection[int], before: int | None, limit: int) -> list[Correction]:
    """Proposals that wait for somebody, newest first, older than the row `before`."""
    found = Correction.filter(shop_id__in=list(shop_ids), state=OPEN)
    if before is not None:
        found = found.filter(id__lt=before)
    return await found.order_by("-id").limit(limit).select_related("order", "shop", "conversation__customer", "receipt")


async def send_correction(agent: Agent, public_id: str, text: str) -> Correction:
    """Put it right in the customer's conversation, once. The words are the agent's, the sender is the desk.

    Raises NotFound, Invalid (empty_text, text_too_long), Conflict (already_settled; proof_gone when the customer would
    have to prove the order anew).
    """
    words = clean(text, limit=TEXT_LIMIT + 1)
    if not words:
        raise Invalid("write something", code="empty_text")
    if len(words) > TEXT_LIMIT:
        raise Invalid(f"{TEXT_LIMIT} characters at most", code="text_too_long", limit=TEXT_LIMIT)
    async with transaction():
        found = await _mine(agent, public_id)
        if not await _still_proved(found):
            raise Conflict("the customer has to prove the order anew", code="proof_gone")
        await _settle(found, agent, SENT, words)
        await post(
            found.conversation_id, SYSTEM, words, client_id=f"correction:{found.public_id}", order_id=found.order_id
        )
    return found


async def dismiss_correction(agent: Agent, public_id: str) -> Correction:
    """Let it be. Raises NotFound, Conflict (already_settled)."""
    async with transaction():
        found = await _mine(agent, public_id)
        await _settle(found, agent, DISMISSED, found.text)
    return found


async def _mine(agent: Agent, public_id: str) -> Correction:
    shops = await shop_ids_of(agent)
    found = await Correction.filter(public_id=public_id, shop_id__in=shops).select_for_update().first()
    if found is None:
        raise NotFound("no such correction")
    if found.state != OPEN:
        raise Conflict("somebody has seen to it", code="already_settled")
    return found


async def _still_proved(found: Correction) -> bool:
    await found.fetch_related("order")
    return not {found.order.email, found.order.phone}.isdisjoint(await proven_contacts(found.conversation_id))


async def _settle(found: Correction, agent: Agent, state: str, text: str) -> None:
    found.state, found.text, found.settled_at, found.settled_by_id = state, text, now(), agent.id
    await found.save(update_fields=["state", "text", "settled_at", "settled_by_id"])
