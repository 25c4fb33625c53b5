"""Retired_teams."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0020_inbox_by_owner")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Team",
            name="retired_at",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
