"""Orders by how phone numbers end and, on PostgreSQL, by how e-mail addresses begin, for the search of the desk.

Tortoise does not know such indexes, so they are no part of the models.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

_CREATE = {
    "sqlite": ("CREATE INDEX idx_shop_order_phone_end ON shop_order (shop_id, substr(phone, -4))",),
    "postgres": (
        'CREATE INDEX idx_shop_order_phone_end ON shop_order (shop_id, ("right"(phone, 4)))',
        "CREATE INDEX idx_shop_order_email_begin ON shop_order (shop_id, email text_pattern_ops)",
        # kB of new rows that each search looks through before they are sorted in; 4 MB of them take 20 ms
        "ALTER INDEX idx_order_search_body SET (gin_pending_list_limit = 256)",
        "ALTER INDEX idx_message_search_body SET (gin_pending_list_limit = 256)",
    ),
}
_DROP = {
    "sqlite": ("DROP INDEX idx_shop_order_phone_end",),
    "postgres": (
        "DROP INDEX idx_shop_order_phone_end",
        "DROP INDEX idx_shop_order_email_begin",
        "ALTER INDEX idx_order_search_body RESET (gin_pending_list_limit)",
        "ALTER INDEX idx_message_search_body RESET (gin_pending_list_limit)",
    ),
}


async def create(_apps: Any, schema_editor: Any) -> None:
    for statement in _CREATE[schema_editor.client.capabilities.dialect]:
        await schema_editor.client.execute_query(statement)


async def drop(_apps: Any, schema_editor: Any) -> None:
    for statement in _DROP[schema_editor.client.capabilities.dialect]:
        await schema_editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("wismo", "0022_corrections")]

    operations = [ops.RunPython(create, drop)]
