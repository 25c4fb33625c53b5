"""Ticket_work."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0030_refund_keys")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BulkRun",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                (
                    "agent",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="agent_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="bulk_runs",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("action", fields.CharField(max_length=64)),
                ("value", fields.CharField(default="", max_length=64)),
                ("total", fields.IntField()),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("finished_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bulk_run",
                "app": "wismo",
                "indexes": [Index(fields=["agent_id", "id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BulkItem",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "run",
                    fields.ForeignKeyField(
                        "wismo.BulkRun",
                        source_field="run_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="items",
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
                        related_name="bulk_items",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("outcome", fields.CharField(default="waiting", max_length=64)),
                ("why", fields.CharField(default="", max_length=64)),
                (
                    "detail",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
            ],
            options={
                "table": "bulk_item",
                "app": "wismo",
                "unique_together": (("run_id", "ticket_id"),),
                "indexes": [Index(fields=["run_id", "outcome", "id"]), Index(fields=["ticket_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EvidenceStep",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "ticket",
                    fields.ForeignKeyField(
                        "wismo.Ticket",
                        source_field="ticket_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="evidence_steps",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("need", fields.CharField(max_length=64)),
                ("step", fields.CharField(max_length=64)),
                (
                    "agent",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="agent_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="evidence_steps",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "evidence_step",
                "app": "wismo",
                "unique_together": (("ticket_id", "need", "step"),),
                "indexes": [Index(fields=["agent_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Follower",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "ticket",
                    fields.ForeignKeyField(
                        "wismo.Ticket",
                        source_field="ticket_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="followers",
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
                        related_name="following",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "follower",
                "app": "wismo",
                "unique_together": (("ticket_id", "agent_id"),),
                "indexes": [Index(fields=["agent_id", "ticket_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Mention",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "note",
                    fields.ForeignKeyField(
                        "wismo.Note",
                        source_field="note_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="mentions",
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
                        related_name="mentions",
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
                        related_name="mentions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("read_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "mention",
                "app": "wismo",
                "unique_together": (("note_id", "agent_id"),),
                "indexes": [Index(fields=["agent_id", "read_at", "id"]), Index(fields=["conversation_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SavedView",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="owner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="views",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=60)),
                ("shared", fields.BooleanField(default=False)),
                (
                    "conditions",
                    fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "saved_view",
                "app": "wismo",
                "indexes": [Index(fields=["owner_id"]), Index(fields=["shared"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Tag",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="tags",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=40)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "tag", "app": "wismo", "unique_together": (("shop_id", "name"),), "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TicketMerge",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                (
                    "source",
                    fields.ForeignKeyField(
                        "wismo.Ticket",
                        source_field="source_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="merges_out",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "target",
                    fields.ForeignKeyField(
                        "wismo.Ticket",
                        source_field="target_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="merges_in",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("before", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("merged_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("undone_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "ticket_merge",
                "app": "wismo",
                "indexes": [Index(fields=["source_id"]), Index(fields=["target_id", "undone_at"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TicketTag",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "ticket",
                    fields.ForeignKeyField(
                        "wismo.Ticket",
                        source_field="ticket_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="tagged",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "tag",
                    fields.ForeignKeyField(
                        "wismo.Tag",
                        source_field="tag_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="tagged",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "ticket_tag",
                "app": "wismo",
                "unique_together": (("ticket_id", "tag_id"),),
                "indexes": [Index(fields=["tag_id", "ticket_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Ticket",
            name="merged_into",
            field=fields.ForeignKeyField(
                "wismo.Ticket",
                source_field="merged_into_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="merged",
                on_delete=OnDelete.CASCADE,
            ),
        ),
        ops.AddField(
            model_name="Ticket",
            name="merges",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Ticket",
            name="parent",
            field=fields.ForeignKeyField(
                "wismo.Ticket",
                source_field="parent_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="children",
                on_delete=OnDelete.CASCADE,
            ),
        ),
        ops.AddIndex(
            model_name="Ticket",
            index=Index(fields=["merged_into_id"]),
        ),
        ops.AddIndex(
            model_name="Ticket",
            index=Index(fields=["parent_id"]),
        ),
        ops.AddField(
            model_name="TicketLink",
            name="units",
            field=fields.IntField(null=True),
        ),
    ]
