"""Complaints."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0034_what_refunds_are_computed_from")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Complaint",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                (
                    "ticket",
                    fields.OneToOneField(
                        "wismo.Ticket",
                        source_field="ticket_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="complaint",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="complaints",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "customer",
                    fields.ForeignKeyField(
                        "wismo.Customer",
                        source_field="customer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="complaints",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("step", fields.CharField(default="received", max_length=64)),
                ("origin", fields.CharField(default="words", max_length=64)),
                ("severity", fields.CharField(default="P4", max_length=64)),
                (
                    "symptoms",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("remedy_asked", fields.CharField(default="", max_length=300)),
                ("cause", fields.CharField(null=True, max_length=64)),
                ("outcome", fields.CharField(null=True, max_length=64)),
                ("remedy", fields.CharField(null=True, max_length=64)),
                ("finding", fields.TextField(default="", unique=False)),
                ("correction", fields.CharField(default="", max_length=1000)),
                ("prevention", fields.CharField(default="", max_length=1000)),
                ("dismissal", fields.CharField(null=True, max_length=64)),
                ("external_body", fields.CharField(default="", max_length=80)),
                ("external_number", fields.CharField(default="", max_length=80)),
                ("external_due_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "escalations",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("escalated_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("contacts", fields.IntField(default=1)),
                ("last_contact_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("satisfied", fields.BooleanField(null=True)),
                (
                    "decided_by",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="decided_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="complaints_decided",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("repeat", fields.BooleanField(default=False)),
                ("received_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("acknowledged_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("assessed_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("investigated_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("decided_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("informed_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("options_told_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("follow_up_due_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("followed_up_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("dismissed_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("version", fields.BigIntField(default=1)),
            ],
            options={
                "table": "complaint",
                "app": "wismo",
                "indexes": [
                    Index(fields=["shop_id", "received_at", "id"]),
                    Index(fields=["shop_id", "step", "received_at"]),
                    Index(fields=["customer_id", "received_at"]),
                    Index(fields=["decided_by_id"]),
                    Index(fields=["follow_up_due_at"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Compensation",
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
                        related_name="compensations",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "complaint",
                    fields.ForeignKeyField(
                        "wismo.Complaint",
                        source_field="complaint_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="compensations",
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
                        related_name="compensations",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "customer",
                    fields.ForeignKeyField(
                        "wismo.Customer",
                        source_field="customer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="compensations",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharField(max_length=64)),
                ("amount", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("state", fields.CharField(max_length=64)),
                ("cause", fields.CharField(max_length=64)),
                ("delay_days", fields.IntField(default=0)),
                ("net", fields.BigIntField()),
                ("matrix_row", fields.CharField(max_length=64)),
                ("proposed", fields.BigIntField()),
                ("rule", fields.CharField(max_length=64)),
                ("note", fields.CharField(default="", max_length=500)),
                ("reference", fields.CharField(default="", max_length=120)),
                (
                    "offered_by",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="offered_by_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="compensations_offered",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "decided_by",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="decided_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="compensations_decided",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("offered_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("decided_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("issued_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "compensation",
                "app": "wismo",
                "indexes": [
                    Index(fields=["shop_id", "offered_at"]),
                    Index(fields=["complaint_id"]),
                    Index(fields=["order_id", "state"]),
                    Index(fields=["customer_id", "offered_at"]),
                    Index(fields=["offered_by_id", "offered_at"]),
                    Index(fields=["decided_by_id"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ComplaintOrder",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "complaint",
                    fields.ForeignKeyField(
                        "wismo.Complaint",
                        source_field="complaint_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="orders",
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
                        related_name="complaints",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("version", fields.BigIntField()),
                (
                    "axes",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "suggestions",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
            ],
            options={
                "table": "complaint_order",
                "app": "wismo",
                "unique_together": (("complaint_id", "order_id"),),
                "indexes": [Index(fields=["order_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RecoveryTask",
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
                        related_name="recoveries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "rating",
                    fields.OneToOneField(
                        "wismo.Rating",
                        source_field="rating_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="recovery",
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
                        related_name="recoveries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "order",
                    fields.ForeignKeyField(
                        "wismo.Order",
                        source_field="order_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="recoveries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("headline", fields.CharField(default="", max_length=64)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="owner_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="recoveries",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("due_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("opened_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("done_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("result", fields.CharField(null=True, max_length=64)),
                ("note", fields.CharField(default="", max_length=1000)),
            ],
            options={
                "table": "recovery_task",
                "app": "wismo",
                "indexes": [
                    Index(fields=["shop_id", "done_at", "due_at"]),
                    Index(fields=["ticket_id"]),
                    Index(fields=["order_id"]),
                    Index(fields=["owner_id", "done_at"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
