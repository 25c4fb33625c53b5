"""What the bot keeps of an answer: its memory of the dialogue, and the receipt that says why it said what it said."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.sql import Columns, Program, carry_out, query

_MEMORIES = Columns("id bigint, dialogue jsonb, language text")
_REMEMBER = (
    "UPDATE conversation SET dialogue = m.dialogue, language = m.language FROM {memory} AS m"
    " WHERE conversation.id = m.id"
)
_RECEIPTS = Columns(
    "conversation_id bigint, question_number bigint, rule text, rulebook text, intent text, confidence float8,"
    " facts jsonb, order_id bigint, order_version bigint, review_at timestamptz, as_of timestamptz"
)
_NAMES = ", ".join(_RECEIPTS.names)
_KEEP = f"INSERT INTO answer_receipt ({_NAMES}) SELECT {_NAMES} FROM {{receipt}} AS r"  # noqa: S608 (constants)


async def keep_answer(
    conversation_id: int,
    question_number: int,
    *,
    dialogue: Mapping[str, Any],
    language: str,
    rule: str,
    rulebook: str,
    intent: str,
    confidence: float,
    facts: Mapping[str, Any],
    order_id: int | None,
    order_version: int | None,
    review_at: datetime | None,
    as_of: datetime,
) -> None:
    """Keep what the bot knows after its answer to a question, and why it gave it: part of the running change.

    `review_at`: when a time that the answer names will have passed. Raises IntegrityError for a second answer.
    """
    reasons = (rule, rulebook, intent, confidence, facts, order_id, order_version, review_at, as_of)
    await carry_out(
        _kept((conversation_id, dialogue, language), (conversation_id, question_number, *reasons)),
    )


def _kept(memory: tuple[Any, ...], receipt: tuple[Any, ...]) -> Program[None]:
    yield query(_REMEMBER, memory=_MEMORIES.of([memory]))
    yield query(_KEEP, receipt=_RECEIPTS.of([receipt]))
