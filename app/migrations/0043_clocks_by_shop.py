"""The clocks of a shop's tickets by when they are due."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0042_withdrawals")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Ticket",
            index=Index(fields=["shop_id", "clock_due_at"]),
        ),
    ]
