"""Macros."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0038_claim_refunds")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Macro",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="macros",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="owner_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="macros",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=80)),
                ("shortcut", fields.CharField(default="", max_length=30)),
                (
                    "words",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "actions",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("uses", fields.IntField(default=0)),
                ("retired_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "macro",
                "app": "wismo",
                "indexes": [Index(fields=["shop_id", "retired_at"]), Index(fields=["owner_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MacroUse",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "wismo.Conversation",
                        source_field="conversation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="macro_uses",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("client_id", fields.CharField(max_length=80)),
                (
                    "agent",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="agent_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="macro_uses",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "macro",
                    fields.ForeignKeyField(
                        "wismo.Macro",
                        source_field="macro_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="used",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("done_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "macro_use",
                "app": "wismo",
                "unique_together": (("conversation_id", "client_id"),),
                "indexes": [Index(fields=["agent_id"]), Index(fields=["macro_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
