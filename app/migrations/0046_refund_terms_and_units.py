"""Refund_terms_and_units."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0045_approvals")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Payment",
            name="charged_in",
            field=fields.CharField(null=True, max_length=3),
        ),
        ops.AddField(
            model_name="Payment",
            name="units",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Shop",
            name="refund_terms",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
    ]
