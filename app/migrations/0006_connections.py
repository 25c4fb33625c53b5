"""Shops whose orders are fetched, and how each comparison with them went."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0005_disputes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Connection",
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
                        related_name="connections",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("platform", fields.CharField(max_length=64)),
                ("address", fields.CharField(max_length=500)),
                (
                    "credentials",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("enabled", fields.BooleanField(default=True)),
                ("polled_until", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("full_since", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("full_until", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_success_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_full_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_error", fields.CharField(null=True, max_length=500)),
                ("last_error_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("failures", fields.IntField(default=0)),
                ("not_before", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("lease", fields.CharField(null=True, max_length=32)),
                ("lease_until", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "shop_connection",
                "app": "wismo",
                "unique_together": (("shop_id", "platform"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ReconciliationRun",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "connection",
                    fields.ForeignKeyField(
                        "wismo.Connection",
                        source_field="connection_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="runs",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharField(max_length=64)),
                ("since", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("until", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("started_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("finished_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("fetched", fields.IntField(default=0)),
                ("missing", fields.IntField(default=0)),
                ("drifted", fields.IntField(default=0)),
                ("repaired", fields.IntField(default=0)),
                ("vanished", fields.IntField(default=0)),
                ("failed", fields.IntField(default=0)),
                (
                    "findings",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("error", fields.CharField(null=True, max_length=500)),
            ],
            options={
                "table": "reconciliation_run",
                "app": "wismo",
                "indexes": [Index(fields=["connection_id", "id"]), Index(fields=["started_at"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Order",
            name="compared_at",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
