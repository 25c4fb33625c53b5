"""Teams, what agents can take, visits to the queue, and how shops give out work."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0011_identities")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Team",
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
                        related_name="teams",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(unique=True, max_length=80)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "team", "app": "wismo", "indexes": [Index(fields=["shop_id"])], "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="QueueVisit",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="queue_visits",
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
                        related_name="queue_visits",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "team",
                    fields.ForeignKeyField(
                        "wismo.Team",
                        source_field="team_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="queue_visits",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("entered_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("left_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("reason", fields.CharField(default="", max_length=64)),
                (
                    "agent",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="agent_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="queue_visits",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("returned_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "queue_visit",
                "app": "wismo",
                "indexes": [
                    Index(fields=["shop_id", "left_at"]),
                    Index(fields=["conversation_id", "left_at"]),
                    Index(fields=["agent_id", "left_at"]),
                    Index(fields=["team_id"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TeamMember",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "team",
                    fields.ForeignKeyField(
                        "wismo.Team",
                        source_field="team_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="members",
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
                        related_name="teams",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "team_member",
                "app": "wismo",
                "unique_together": (("team_id", "agent_id"),),
                "indexes": [Index(fields=["agent_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Agent",
            name="availability",
            field=fields.CharField(default="online", db_default="online", max_length=64),
        ),
        ops.AddField(
            model_name="Agent",
            name="capacity",
            field=fields.IntField(default=8, db_default=8),
        ),
        ops.AddField(
            model_name="Agent",
            name="languages",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
        ops.AddField(
            model_name="Agent",
            name="skills",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
        ops.AddField(
            model_name="Conversation",
            name="team",
            field=fields.ForeignKeyField(
                "wismo.Team",
                source_field="team_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="conversations",
                on_delete=OnDelete.SET_NULL,
            ),
        ),
        ops.AddIndex(
            model_name="Conversation",
            index=Index(fields=["team_id"]),
        ),
        ops.AddField(
            model_name="Shop",
            name="assignment",
            field=fields.CharField(default="manual", db_default="manual", max_length=64),
        ),
        ops.AddField(
            model_name="Shop",
            name="valuable_from",
            field=fields.BigIntField(null=True),
        ),
    ]
