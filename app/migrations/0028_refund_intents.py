"""Refund intents."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0027_audit_chain")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PaymentAccount",
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
                        related_name="payment_accounts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("gateway", fields.CharField(max_length=64)),
                ("address", fields.CharField(default="", max_length=500)),
                (
                    "credentials",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "serves",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("enabled", fields.BooleanField(default=True)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "payment_account",
                "app": "wismo",
                "unique_together": (("shop_id", "gateway"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RefundIntent",
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
                        related_name="refund_intents",
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
                        related_name="refund_intents",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("case_id", fields.CharField(max_length=64)),
                ("attempt", fields.IntField(default=1)),
                ("client_key", fields.CharField(null=True, unique=True, max_length=64)),
                ("state", fields.CharField(max_length=64)),
                ("reason", fields.CharField(max_length=64)),
                ("amount", fields.BigIntField()),
                ("goodwill", fields.BigIntField(default=0)),
                ("currency", fields.CharField(max_length=3)),
                (
                    "lines",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("shipping", fields.BigIntField(default=0)),
                ("shipping_tax", fields.BigIntField(default=0)),
                (
                    "wish",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "quote",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("note", fields.CharField(default="", max_length=500)),
                ("restock", fields.BooleanField(null=True)),
                ("requested_kind", fields.CharField(max_length=64)),
                ("requested_id", fields.BigIntField(null=True)),
                ("requested_name", fields.CharField(default="", max_length=200)),
                (
                    "needs",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("approved_by", fields.BigIntField(null=True)),
                ("decided_by", fields.CharField(default="", max_length=200)),
                ("decided_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("rule", fields.CharField(default="", max_length=120)),
                ("why", fields.CharField(default="", max_length=500)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("settled_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("version", fields.BigIntField(default=1)),
            ],
            options={
                "table": "refund_intent",
                "app": "wismo",
                "unique_together": (("case_id", "attempt"),),
                "indexes": [
                    Index(fields=["order_id"]),
                    Index(fields=["shop_id", "state", "created_at"]),
                    Index(fields=["state", "created_at"]),
                    Index(fields=["requested_id", "created_at"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RefundPart",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                (
                    "intent",
                    fields.ForeignKeyField(
                        "wismo.RefundIntent",
                        source_field="intent_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="parts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("order_id", fields.BigIntField()),
                (
                    "account",
                    fields.ForeignKeyField(
                        "wismo.PaymentAccount",
                        source_field="account_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="parts",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("gateway", fields.CharField(max_length=64)),
                ("payment", fields.CharField(max_length=120)),
                ("payment_ref", fields.CharField(default="", max_length=190)),
                ("tender", fields.CharField(default="card", max_length=64)),
                ("amount", fields.BigIntField()),
                ("paid", fields.BigIntField(null=True)),
                ("currency", fields.CharField(max_length=3)),
                ("state", fields.CharField(max_length=64)),
                ("gateway_ref", fields.CharField(default="", max_length=190)),
                ("tries", fields.IntField(default=0)),
                ("looks", fields.IntField(default=0)),
                ("doubt", fields.CharField(default="", max_length=64)),
                ("last_error", fields.CharField(default="", max_length=500)),
                ("sent_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("settled_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "refund_part",
                "app": "wismo",
                "indexes": [
                    Index(fields=["intent_id"]),
                    Index(fields=["order_id"]),
                    Index(fields=["account_id"]),
                    Index(fields=["gateway_ref"]),
                    Index(fields=["state", "created_at"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Refund",
            name="of_payment",
            field=fields.CharField(null=True, max_length=190),
        ),
    ]
