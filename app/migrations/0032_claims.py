"""Claims."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0031_ticket_work")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Claim",
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
                        related_name="claims",
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
                        related_name="claims",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("what", fields.CharField(max_length=64)),
                ("state", fields.CharField(default="requested", max_length=64)),
                ("why", fields.CharField(default="", max_length=64)),
                ("way", fields.CharField(max_length=64)),
                ("step", fields.CharField(default="", max_length=64)),
                ("reason", fields.CharField(default="", max_length=120)),
                ("case_id", fields.CharField(default="", max_length=64)),
                (
                    "units",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "gone",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("whole", fields.BooleanField(default=True)),
                (
                    "address",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("actor_kind", fields.CharField(max_length=64)),
                ("actor_id", fields.BigIntField(null=True)),
                ("actor_name", fields.CharField(default="", max_length=200)),
                ("order_version", fields.BigIntField()),
                ("reference", fields.CharField(default="", max_length=190)),
                ("answer_by", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("said", fields.CharField(default="", max_length=300)),
                ("answered_by", fields.CharField(default="", max_length=200)),
                ("contradicted_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("held_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("settled_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "order_claim",
                "app": "wismo",
                "indexes": [
                    Index(fields=["order_id", "id"]),
                    Index(fields=["shop_id", "state", "answer_by"]),
                    Index(fields=["case_id"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LineClaim",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "claim",
                    fields.ForeignKeyField(
                        "wismo.Claim",
                        source_field="claim_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="lines",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("line", fields.CharField(max_length=120)),
                ("units", fields.IntField()),
                ("cancelled", fields.IntField(default=0)),
                ("live", fields.CharField(null=True, unique=True, max_length=160)),
            ],
            options={"table": "line_claim", "app": "wismo", "indexes": [Index(fields=["claim_id"])], "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Connection",
            name="acts",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
