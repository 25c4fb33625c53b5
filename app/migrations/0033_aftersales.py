"""Aftersales."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0032_claims")]

    initial = False

    operations = [
        ops.CreateModel(
            name="AfterSale",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                ("number", fields.BigIntField(unique=True)),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="aftersales",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "ticket",
                    fields.ForeignKeyField(
                        "wismo.Ticket",
                        source_field="ticket_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="aftersales",
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
                        related_name="aftersales",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharField(max_length=64)),
                ("state", fields.CharField(max_length=64)),
                ("reason", fields.CharField(max_length=64)),
                (
                    "wish",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "decision",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("currency", fields.CharField(max_length=3)),
                ("amount", fields.BigIntField(null=True)),
                ("granted", fields.BigIntField(null=True)),
                ("difference", fields.BigIntField(null=True)),
                ("settled_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("note", fields.CharField(default="", max_length=1000)),
                ("answer", fields.CharField(default="", max_length=1000)),
                (
                    "evidence",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("amended", fields.IntField(default=0)),
                ("problem", fields.CharField(default="", max_length=64)),
                ("platform_ref", fields.CharField(default="", max_length=120)),
                ("platform_due_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "returned",
                    fields.ForeignKeyField(
                        "wismo.Shipment",
                        source_field="returned_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="returns_of",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                (
                    "replacement",
                    fields.ForeignKeyField(
                        "wismo.Shipment",
                        source_field="replacement_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="replaces",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("opened_by", fields.CharField(max_length=64)),
                ("opened_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("since", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("decided_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("version", fields.BigIntField(default=1)),
            ],
            options={
                "table": "aftersale",
                "app": "wismo",
                "indexes": [
                    Index(fields=["ticket_id"]),
                    Index(fields=["order_id", "state"]),
                    Index(fields=["returned_id"]),
                    Index(fields=["replacement_id"]),
                    Index(fields=["shop_id", "state", "since"]),
                    Index(fields=["shop_id", "opened_at"]),
                    Index(fields=["order_id", "platform_ref"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AfterSaleLine",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "case",
                    fields.ForeignKeyField(
                        "wismo.AfterSale",
                        source_field="case_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="lines",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "line",
                    fields.ForeignKeyField(
                        "wismo.OrderLine",
                        source_field="line_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="aftersales",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("asked", fields.IntField()),
                ("approved", fields.IntField(null=True)),
                ("received", fields.IntField(null=True)),
                ("accepted", fields.IntField(null=True)),
                ("condition", fields.CharField(default="", max_length=64)),
                ("restock", fields.CharField(default="", max_length=64)),
                ("replacement", fields.CharField(default="", max_length=200)),
                ("value_loss", fields.IntField(default=0)),
                ("price_now", fields.BigIntField(null=True)),
            ],
            options={
                "table": "aftersale_line",
                "app": "wismo",
                "unique_together": (("case_id", "line_id"),),
                "indexes": [Index(fields=["line_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AfterSaleTimer",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "case",
                    fields.ForeignKeyField(
                        "wismo.AfterSale",
                        source_field="case_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="timers",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharField(max_length=64)),
                ("side", fields.CharField(max_length=64)),
                ("started_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("due_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("origin", fields.CharField(max_length=64)),
                ("source", fields.CharField(default="", max_length=200)),
                ("on_expiry", fields.CharField(max_length=64)),
                ("stage", fields.CharField(default="", max_length=64)),
                ("look_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("done_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("outcome", fields.CharField(default="", max_length=64)),
            ],
            options={
                "table": "aftersale_timer",
                "app": "wismo",
                "indexes": [Index(fields=["case_id"]), Index(fields=["look_at"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
