"""Rulebooks."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0016_privacy")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RulebookVersion",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                ("place", fields.CharField(null=True, unique=True, max_length=64)),
                ("number", fields.IntField(null=True, unique=True)),
                (
                    "changes",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("revision", fields.IntField(default=1)),
                ("note", fields.CharField(default="", max_length=300)),
                ("version", fields.CharField(default="", max_length=64)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("published_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "published_by",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="published_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="rulebooks",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "rulebook_version",
                "app": "wismo",
                "indexes": [Index(fields=["published_by_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
