"""Held_forward."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0058_note_files")]

    initial = False

    operations = [
        ops.CreateModel(
            name="HeldForward",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "wismo.Conversation",
                        source_field="conversation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="held_forwards",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "agent",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="agent_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="held_forwards",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("client_id", fields.CharField(max_length=80)),
                ("text", fields.TextField(unique=False)),
                (
                    "addressing",
                    fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                ("state", fields.CharField(default="held", max_length=64)),
                ("reason", fields.CharField(null=True, max_length=64)),
                (
                    "detail",
                    fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                (
                    "note",
                    fields.ForeignKeyField(
                        "wismo.Note",
                        source_field="note_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="held_forwards",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("release_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("settled_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "held_forward",
                "app": "wismo",
                "unique_together": (("conversation_id", "client_id"),),
                "indexes": [
                    Index(fields=["conversation_id", "state", "id"]),
                    Index(fields=["agent_id"]),
                    Index(fields=["note_id"]),
                    Index(fields=["settled_at"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
