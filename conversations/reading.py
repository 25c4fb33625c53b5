"""Who has got and who has read how far, and when customers were last there."""

from collections.abc import Sequence
from datetime import datetime

from conversations.events import ConversationRead, MessagesReceived
from core.errors import Invalid
from core.sql import fetch
from core.transactions import record, transaction

CUSTOMER, DESK = "customer", "desk"
_SIDES = (CUSTOMER, DESK)

_MARK = (
    "UPDATE conversation SET {column} = CASE WHEN {{number}} > last_number THEN last_number ELSE {{number}} END"
    " WHERE id = {{conversation}} AND {column} < last_number AND {column} < {{number}}"
    " RETURNING shop_id, {column} AS number"
)
_READ = {side: _MARK.format(column=f"{side}_read") for side in _SIDES}
_RECEIVED = {side: _MARK.format(column=f"{side}_received") for side in _SIDES}

_SEEN = "UPDATE conversation SET customer_seen_at = {at} WHERE public_id IN ({conversations})"
_AT_ONCE = 500


async def mark_read(conversation_id: int, reader: str, number: int) -> None:
    """`reader` (customer or desk) has read up to `number`; never goes back, never beyond the last message.

    The caller has reached the conversation through the person. Raises Invalid for anybody else.
    """
    _require_side(reader)
    async with transaction():
        for row in await fetch(_READ[reader], conversation=conversation_id, number=min(number, 2**62)):
            record(
                ConversationRead(
                    conversation_id=conversation_id, shop_id=row["shop_id"], reader=reader, number=row["number"]
                )
            )


async def mark_received(conversation_id: int, receiver: str, number: int) -> None:
    """Words up to `number` are on a device of `receiver` (customer or desk). Same rules as for `mark_read`."""
    _require_side(receiver)
    async with transaction():
        for row in await fetch(_RECEIVED[receiver], conversation=conversation_id, number=min(number, 2**62)):
            record(MessagesReceived(conversation_id=conversation_id, receiver=receiver, number=row["number"]))


async def note_last_seen(conversations: Sequence[str], at: datetime) -> None:
    """The customers of these conversations (public ids) were there until `at`. One statement for 500 of them; written
    when they leave, never while they are there. What does not exist is left out."""
    for start in range(0, len(conversations), _AT_ONCE):
        await fetch(_SEEN, at=at, conversations=list(conversations[start : start + _AT_ONCE]))


def _require_side(side: str) -> None:
    if side not in _SIDES:
        raise Invalid("readers are the customer and the desk", code="bad_reader")
