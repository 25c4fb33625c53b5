"""Rules."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0040_statement_differences")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Rule",
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
                        related_name="rules",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=80)),
                ("position", fields.IntField(default=0)),
                ("trigger", fields.CharField(max_length=64)),
                ("wait_minutes", fields.IntField(null=True)),
                ("open_time", fields.BooleanField(default=False, db_default=False)),
                (
                    "conditions",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "actions",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("once", fields.BooleanField(default=True)),
                ("enabled", fields.BooleanField(default=False)),
                ("errors", fields.IntField(default=0)),
                ("version", fields.IntField(default=1)),
                ("retired_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "rule",
                "app": "wismo",
                "indexes": [Index(fields=["shop_id", "enabled", "trigger"]), Index(fields=["enabled", "trigger"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RuleFiring",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "rule",
                    fields.ForeignKeyField(
                        "wismo.Rule",
                        source_field="rule_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="firings",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "ticket",
                    fields.ForeignKeyField(
                        "wismo.Ticket",
                        source_field="ticket_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="firings",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("mark", fields.CharField(max_length=120)),
                ("version", fields.IntField()),
                (
                    "explanation",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "actions",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "rule_firing",
                "app": "wismo",
                "unique_together": (("rule_id", "ticket_id", "mark"),),
                "indexes": [Index(fields=["ticket_id", "id"]), Index(fields=["rule_id", "id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
