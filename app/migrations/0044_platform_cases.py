"""Platform_cases."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0043_clocks_by_shop")]

    initial = False

    operations = [
        ops.AddField(
            model_name="AfterSale",
            name="platform_word",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
        ops.AddField(
            model_name="Order",
            name="platform_cases",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
    ]
