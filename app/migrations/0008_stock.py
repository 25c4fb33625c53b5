"""Stock: items, levels, positions and shortages; the open lines of a SKU are one range of one index."""

import functools
from json import dumps, loads
from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField

_FILL = (
    "UPDATE order_line SET shop_id = (SELECT o.shop_id FROM shop_order AS o WHERE o.id = order_line.order_id)",
    "UPDATE order_line SET open_units = quantity - quantity_cancelled - quantity_shipped"
    " WHERE requires_shipping AND quantity > quantity_cancelled + quantity_shipped"
    " AND EXISTS (SELECT 1 FROM shop_order AS o WHERE o.id = order_line.order_id AND o.closure = 'open'"
    " AND o.refund <> 'full' AND o.fulfilment NOT IN ('shipped', 'delivered', 'not_required'))",
)


async def fill(_apps: Any, schema_editor: Any) -> None:
    for statement in _FILL:
        await schema_editor.client.execute_query(statement)


async def leave(_apps: Any, _schema_editor: Any) -> None:
    """The columns go as they came."""


class Migration(migrations.Migration):
    dependencies = [("wismo", "0007_order_history")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Shortage",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="shortages",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("sku", fields.CharField(max_length=120)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "wismo.Order",
                        source_field="order_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="shortages",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "line",
                    fields.OneToOneField(
                        "wismo.OrderLine",
                        source_field="line_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="shortage",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("units", fields.IntField()),
                ("backorderable", fields.BooleanField(default=False)),
                ("gone", fields.BooleanField(default=False)),
                ("restock_eta", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("since", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "stock_shortage",
                "app": "wismo",
                "indexes": [Index(fields=["shop_id", "sku"]), Index(fields=["order_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StockItem",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="stock_items",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("source", fields.CharField(max_length=64)),
                ("ref", fields.CharField(max_length=120)),
                ("parent", fields.CharField(default="", max_length=120)),
                ("sku", fields.CharField(default="", max_length=120)),
                ("gone", fields.BooleanField(default=False)),
                (
                    "facts",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("updated_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "stock_item",
                "app": "wismo",
                "unique_together": (("shop_id", "source", "ref"),),
                "indexes": [Index(fields=["shop_id", "sku"]), Index(fields=["shop_id", "source", "parent"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StockLevel",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "item",
                    fields.ForeignKeyField(
                        "wismo.StockItem",
                        source_field="item_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="levels",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("location", fields.CharField(default="", max_length=120)),
                ("quantity", fields.IntField()),
                ("counts", fields.CharField(max_length=64)),
                ("source_updated_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "stock_level",
                "app": "wismo",
                "unique_together": (("item_id", "location"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StockPosition",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="stock_positions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("sku", fields.CharField(max_length=120)),
                ("sku_key", fields.CharField(default="", max_length=120)),
                ("title", fields.CharField(default="", max_length=500)),
                ("on_hand", fields.IntField(null=True)),
                ("available", fields.IntField(null=True)),
                ("backorderable", fields.BooleanField(default=False)),
                ("gone", fields.BooleanField(default=False)),
                ("restock_eta", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("demand", fields.IntField(default=0)),
                ("short", fields.IntField(default=0)),
                ("orders_short", fields.IntField(default=0)),
                ("first_short_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("as_of", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("computed_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "stock_position",
                "app": "wismo",
                "unique_together": (("shop_id", "sku"),),
                "indexes": [Index(fields=["shop_id", "first_short_at", "id"]), Index(fields=["shop_id", "sku_key"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="OrderLine",
            name="open_units",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="OrderLine",
            name="shop_id",
            field=fields.BigIntField(null=True),
        ),
        ops.AddIndex(
            model_name="OrderLine",
            index=Index(fields=["shop_id", "sku", "open_units"]),
        ),
        ops.RunPython(fill, leave),
    ]
