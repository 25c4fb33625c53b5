"""Mailboxes."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0050_mail_as_read")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Mailbox",
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
                        related_name="mailboxes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("address", fields.CharField(max_length=254)),
                ("host", fields.CharField(max_length=253)),
                ("port", fields.IntField()),
                ("security", fields.CharField(default="tls", max_length=64)),
                ("user", fields.CharField(max_length=320)),
                ("auth", fields.CharField(default="password", max_length=64)),
                ("credentials", fields.TextField(unique=False)),
                ("folder", fields.CharField(default="INBOX", max_length=500)),
                ("after", fields.CharField(default="leave", max_length=64)),
                ("enabled", fields.BooleanField(default=True)),
                ("revision", fields.IntField(default=1)),
                ("begin_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("uidvalidity", fields.BigIntField(null=True)),
                ("last_uid", fields.BigIntField(default=0)),
                ("scan_since", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("scan_below", fields.BigIntField(null=True)),
                (
                    "aside",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("last_mail_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_success_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("failures", fields.IntField(default=0)),
                ("failing_since", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_error", fields.CharField(null=True, max_length=64)),
                ("last_error_detail", fields.CharField(null=True, max_length=300)),
                ("not_before", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("lease", fields.CharField(null=True, max_length=32)),
                ("lease_until", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "mailbox",
                "app": "wismo",
                "unique_together": (("host", "user", "folder"),),
                "indexes": [Index(fields=["shop_id"]), Index(fields=["address"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
