"""Received_marks."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0014_scan_times")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Conversation",
            name="customer_received",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Conversation",
            name="desk_received",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Conversation",
            name="epoch",
            field=fields.BigIntField(default=0, db_default=0),
        ),
    ]
