"""The times of scans as they were written, and whose offset they were given."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0013_ratings")]

    initial = False

    operations = [
        ops.AddField(
            model_name="TrackingEvent",
            name="at_offset",
            field=fields.CharField(default="", db_default="", max_length=16),
        ),
        ops.AddField(
            model_name="TrackingEvent",
            name="at_raw",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
    ]
