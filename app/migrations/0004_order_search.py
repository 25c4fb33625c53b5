"""The full-text index over orders (customers' names, titles, SKUs, as `core.text` splits them), filled for all orders.

SQLite: `order_search(body)`, rowid = order id. PostgreSQL: `order_search(order_id, body tsvector)`.
On both, a row goes with its order.
"""

import json
from collections import defaultdict
from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

from orders.search_index import text_of

BATCH = 500
_CREATE = {
    "sqlite": (
        "CREATE VIRTUAL TABLE order_search USING fts5(body, tokenize = 'unicode61 remove_diacritics 2')",
        "CREATE TRIGGER order_search_goes_with_order AFTER DELETE ON shop_order"
        " BEGIN DELETE FROM order_search WHERE rowid = old.id; END",
    ),
    "postgres": (
        "CREATE TABLE order_search ("
        " order_id BIGINT PRIMARY KEY REFERENCES shop_order (id) ON DELETE CASCADE, body TSVECTOR NOT NULL)",
        "CREATE INDEX idx_order_search_body ON order_search USING gin (body)",
    ),
}
_DROP = {
    "sqlite": ("DROP TRIGGER order_search_goes_with_order", "DROP TABLE order_search"),
    "postgres": ("DROP TABLE order_search",),
}
_ADD = {
    "sqlite": "INSERT INTO order_search (rowid, body) VALUES (?, ?)",
    "postgres": "INSERT INTO order_search (order_id, body) VALUES ($1, to_tsvector('simple', $2))",
}
_ORDERS = "SELECT id, customer_name, ship_to FROM shop_order WHERE id > {0} ORDER BY id LIMIT {1}"
_LINES = (
    "SELECT order_id, sku, title, variant FROM order_line WHERE order_id >= {0} AND order_id <= {1}"
    " ORDER BY order_id, position, id"
)


async def create(_apps: Any, schema_editor: Any) -> None:
    client, dialect = schema_editor.client, schema_editor.client.capabilities.dialect
    for statement in _CREATE[dialect]:
        await client.execute_query(statement)
    places = ("?", "?") if dialect == "sqlite" else ("$1", "$2")
    last = 0
    while rows := await client.execute_query_dict(_ORDERS.format(*places), [last, BATCH]):
        first, last = rows[0]["id"], rows[-1]["id"]
        goods: dict[int, list[str]] = defaultdict(list)
        skus: dict[int, list[str]] = defaultdict(list)
        for line in await client.execute_query_dict(_LINES.format(*places), [first, last]):
            goods[line["order_id"]] += [line["title"], line["variant"]]
            skus[line["order_id"]].append(line["sku"])
        for row in rows:
            ship_to = row["ship_to"] if isinstance(row["ship_to"], dict) else json.loads(row["ship_to"] or "{}")
            names = [row["customer_name"], ship_to.get("name") or ""]
            text = text_of(names, goods[row["id"]], skus[row["id"]])
            await client.execute_query(_ADD[dialect], [row["id"], text])


async def drop(_apps: Any, schema_editor: Any) -> None:
    for statement in _DROP[schema_editor.client.capabilities.dialect]:
        await schema_editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("wismo", "0003_payment_references")]

    operations = [ops.RunPython(create, drop)]
