"""Approvals."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0044_platform_cases")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Compensation",
            index=Index(fields=["shop_id", "state", "offered_at"]),
        ),
    ]
