"""Who has read how far."""

from conversations.events import ConversationRead
from core.errors import Invalid
from core.sql import fetch
from core.transactions import record, transaction

CUSTOMER, DESK = "customer", "desk"

_MARK = (
    "UPDATE conversation SET {read} = CASE WHEN {{number}} > last_number THEN last_number ELSE {{number}} END"
    " WHERE id = {{conversation}} AND {read} < last_number AND {read} < {{number}}"
    " RETURNING shop_id, {read} AS number"
)
_MARKS = {CUSTOMER: _MARK.format(read="customer_read"), DESK: _MARK.format(read="desk_read")}


async def mark_read(conversation_id: int, reader: str, number: int) -> None:
    """`reader` (customer or desk) has read up to `number`; never goes back, never beyond the last message.

    The caller has reached the conversation through the person. Raises Invalid for anybody else.
    """
    if reader not in _MARKS:
        raise Invalid("readers are the customer and the desk", code="bad_reader")
    async with transaction():
        rows = await fetch(_MARKS[reader], conversation=conversation_id, number=min(number, 2**62))
        if rows:
            record(
                ConversationRead(
                    conversation_id=conversation_id, shop_id=rows[0]["shop_id"], reader=reader, number=rows[0]["number"]
                )
            )
