"""Withdrawals."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0041_rules")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Withdrawal",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                ("key", fields.CharField(unique=True, max_length=64)),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="withdrawals",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                ("email", fields.CharField(max_length=254)),
                ("order_number", fields.CharField(max_length=120)),
                ("items", fields.CharField(default="", max_length=1000)),
                ("statement", fields.TextField(unique=False)),
                ("language", fields.CharField(max_length=64)),
                ("received_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "ticket",
                    fields.ForeignKeyField(
                        "wismo.Ticket",
                        source_field="ticket_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="withdrawals",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "withdrawal",
                "app": "wismo",
                "indexes": [Index(fields=["shop_id", "received_at"]), Index(fields=["ticket_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
