"""Versions of orders with what made them; orders by their day, refunds by reference, proofs by contact."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0006_connections")]

    initial = False

    operations = [
        ops.CreateModel(
            name="OrderChange",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "wismo.Order",
                        source_field="order_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="changes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("version", fields.BigIntField()),
                ("at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("before", fields.CharField(default="", max_length=64)),
                ("after", fields.CharField(max_length=64)),
                (
                    "cause",
                    fields.ForeignKeyField(
                        "wismo.SourceEvent",
                        source_field="cause_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="changes",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
            ],
            options={
                "table": "order_change",
                "app": "wismo",
                "indexes": [Index(fields=["order_id", "version"]), Index(fields=["cause_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddIndex(
            model_name="Order",
            index=Index(fields=["shop_id", "placed_at"]),
        ),
        ops.AddIndex(
            model_name="Proof",
            index=Index(fields=["contact"]),
        ),
        ops.AddIndex(
            model_name="Refund",
            index=Index(fields=["reference"]),
        ),
    ]
