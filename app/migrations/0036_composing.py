"""Composing."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0035_complaints")]

    initial = False

    operations = [
        ops.CreateModel(
            name="HeldMessage",
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
                        related_name="held_messages",
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
                        related_name="held_messages",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("client_id", fields.CharField(max_length=80)),
                ("text", fields.TextField(unique=False)),
                ("channel", fields.CharField(default="chat", max_length=64)),
                (
                    "attachments",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("seen", fields.BigIntField(default=0)),
                (
                    "orders",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("state", fields.CharField(default="held", max_length=64)),
                ("reason", fields.CharField(null=True, max_length=64)),
                (
                    "detail",
                    fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                ("number", fields.BigIntField(null=True)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("release_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("settled_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "held_message",
                "app": "wismo",
                "unique_together": (("conversation_id", "client_id"),),
                "indexes": [
                    Index(fields=["conversation_id", "state", "id"]),
                    Index(fields=["agent_id", "state"]),
                    Index(fields=["settled_at"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WrittenDraft",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "agent",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="agent_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="drafts",
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
                        related_name="drafts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("mode", fields.CharField(default="reply", max_length=64)),
                ("text", fields.TextField(unique=False)),
                ("client_id", fields.CharField(max_length=80)),
                (
                    "attachments",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("seen", fields.BigIntField(default=0)),
                (
                    "orders",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("version", fields.BigIntField(default=1)),
                ("updated_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "written_draft",
                "app": "wismo",
                "unique_together": (("agent_id", "conversation_id", "mode"),),
                "indexes": [Index(fields=["conversation_id"]), Index(fields=["updated_at"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Agent",
            name="single_keys",
            field=fields.BooleanField(default=True, db_default=True),
        ),
        ops.AddField(
            model_name="Agent",
            name="undo_seconds",
            field=fields.IntField(default=10, db_default=10),
        ),
    ]
