"""The full-text index over messages: what `core.text` makes of a text (words and Chinese bigrams), not the text itself.

SQLite: `message_search(body)`, rowid = message id. PostgreSQL: `message_search(message_id, body tsvector)`.
On both, a row goes with its message.
"""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

_CREATE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE message_search USING fts5(body, tokenize = 'unicode61 remove_diacritics 2')",
        "CREATE TRIGGER message_search_goes_with_message AFTER DELETE ON message"
        " BEGIN DELETE FROM message_search WHERE rowid = old.id; END",
    ),
    "postgres": (
        "CREATE TABLE message_search ("
        " message_id BIGINT PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE, body TSVECTOR NOT NULL)",
        "CREATE INDEX idx_message_search_body ON message_search USING gin (body)",
    ),
}
_DROP = {
    "sqlite": ("DROP TRIGGER message_search_goes_with_message", "DROP TABLE message_search"),
    "postgres": ("DROP TABLE message_search",),
}


async def create(_apps: Any, schema_editor: Any) -> None:
    for statement in _CREATE[schema_editor.client.capabilities.dialect]:
        await schema_editor.client.execute_query(statement)


async def drop(_apps: Any, schema_editor: Any) -> None:
    for statement in _DROP[schema_editor.client.capabilities.dialect]:
        await schema_editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("wismo", "0001_initial")]

    operations = [ops.RunPython(create, drop)]
