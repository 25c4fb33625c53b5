"""Payments are found by the reference of their gateway."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0002_message_search")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Payment",
            index=Index(fields=["gateway_ref"]),
        ),
    ]
