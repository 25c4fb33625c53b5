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
    ),
}
_DROP = {
    "sqlite": ("DROP INDEX idx_shop_order_phone_end",),
    "postgres": ("DROP INDEX idx_shop_order_phone_end", "DROP INDEX idx_shop_order_email_begin"),
}


async def create(_apps: Any, schema_editor: Any) -> None:
    for statement in _CREATE[schema_editor.client.capabilities.dialect]:
        await schema_editor.client.execute_query(statement)


async def drop(_apps: Any, schema_editor: Any) -> None:
    for statement in _DROP[schema_editor.client.capabilities.dialect]:
        await schema_editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("wismo", "0021_retired_teams")]

    operations = [ops.RunPython(create, drop)]
