"""Jobs_by_kind."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0008_stock")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Job",
            index=Index(fields=["kind", "state", "run_at"]),
        ),
    ]
