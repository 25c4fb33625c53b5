"""Disputes."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0004_order_search")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Dispute",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "order",
                    fields.ForeignKeyField(
                        "wismo.Order",
                        source_field="order_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="disputes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("source_id", fields.CharField(max_length=120)),
                ("state", fields.CharField(max_length=64)),
                ("inquiry", fields.BooleanField(default=False)),
                ("amount", fields.BigIntField(default=0)),
                ("currency", fields.CharField(max_length=3)),
                ("reason", fields.CharField(default="", max_length=120)),
                ("evidence_due_by", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("opened_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "dispute",
                "app": "wismo",
                "unique_together": (("order_id", "source_id"),),
                "indexes": [Index(fields=["state", "evidence_due_by"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Refund",
            name="reversal",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
