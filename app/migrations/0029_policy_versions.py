"""Policy versions."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0028_refund_intents")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="policies",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(default="shop", max_length=64)),
                ("version", fields.IntField(null=True)),
                ("state", fields.CharField(default="draft", max_length=64)),
                ("place", fields.CharField(null=True, unique=True, max_length=64)),
                (
                    "rows",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "timers",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("note", fields.CharField(default="", max_length=300)),
                ("revision", fields.IntField(default=1)),
                ("based_on", fields.IntField(null=True)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "created_by",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="created_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="policies_drafted",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("published_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "published_by",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="published_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="policies_published",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("ended_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "policy_version",
                "app": "wismo",
                "unique_together": (("shop_id", "name", "version"),),
                "indexes": [
                    Index(fields=["shop_id", "published_at"]),
                    Index(fields=["created_by_id"]),
                    Index(fields=["published_by_id"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
