"""Clocks."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0023_order_ends")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Shop",
            name="targets",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
        ops.AddField(
            model_name="Ticket",
            name="asked_at",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Ticket",
            name="clock_due_at",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Ticket",
            name="clock_kind",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name="Ticket",
            name="clock_stage",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name="Ticket",
            name="look_at",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name="Ticket",
            index=Index(fields=["look_at"]),
        ),
    ]
