"""The index that the migrations make for messages."""

from datetime import UTC, datetime

import pytest
from tortoise.context import TortoiseContext

from conversations.models import Conversation, Message
from core.people import Customer
from core.shops import Shop

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("both_databases")


async def test_an_entry_goes_with_its_message(database: TortoiseContext, database_kind: str) -> None:
    shop = await Shop.create(public_id="shp_1", key="lumen", name="Lumen", mail_address="", page_url="", created_at=AT)
    customer = await Customer.create(public_id="cus_1", shop=shop, created_at=AT)
    talk = await Conversation.create(public_id="cnv_1", shop=shop, customer=customer, created_at=AT)
    for number in (1, 2):
        message = await Message.create(
            conversation=talk, number=number, client_id=str(number), author_kind="customer", text="lamp", created_at=AT
        )
        if database_kind == "pg":
            statement = "INSERT INTO message_search (message_id, body) VALUES ($1, to_tsvector('simple', $2))"
        else:
            statement = "INSERT INTO message_search (rowid, body) VALUES (?, ?)"
        await database.db().execute_query(statement, [message.id, "lamp"])

    assert await entries(database) == 2
    await Message.filter(number=1).delete()
    assert await entries(database) == 1
    await Conversation.filter(id=talk.id).delete()
    assert await entries(database) == 0


async def entries(database: TortoiseContext) -> int:
    rows = await database.db().execute_query_dict("SELECT COUNT(*) AS n FROM message_search")
    return int(rows[0]["n"])
