"""Corrections."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0021_retired_teams")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Correction",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                (
                    "receipt",
                    fields.OneToOneField(
                        "wismo.AnswerReceipt",
                        source_field="receipt_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="correction",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "wismo.Conversation",
                        source_field="conversation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="corrections",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="corrections",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "order",
                    fields.ForeignKeyField(
                        "wismo.Order",
                        source_field="order_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="corrections",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "kinds",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("text", fields.TextField(unique=False)),
                ("state", fields.CharField(default="open", max_length=64)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("settled_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "settled_by",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="settled_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="corrections",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "correction",
                "app": "wismo",
                "indexes": [
                    Index(fields=["shop_id", "state", "id"]),
                    Index(fields=["conversation_id"]),
                    Index(fields=["order_id"]),
                    Index(fields=["settled_by_id"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="AnswerReceipt",
            name="review_at",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="AnswerReceipt",
            name="reviewed_version",
            field=fields.BigIntField(null=True),
        ),
        ops.AddIndex(
            model_name="AnswerReceipt",
            index=Index(fields=["as_of"]),
        ),
        ops.AddIndex(
            model_name="AnswerReceipt",
            index=Index(fields=["review_at"]),
        ),
    ]
