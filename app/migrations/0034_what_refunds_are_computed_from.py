"""What refunds are computed from."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0033_aftersales")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Order",
            name="shipping_net",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Order",
            name="shipping_tax",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="Order",
            name="tax_included",
            field=fields.BooleanField(null=True),
        ),
        ops.AddField(
            model_name="OrderLine",
            name="allocated",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="OrderLine",
            name="net",
            field=fields.BigIntField(null=True),
        ),
        ops.AddIndex(
            model_name="RefundIntent",
            index=Index(fields=["approved_by", "decided_at"]),
        ),
        ops.AddField(
            model_name="Shop",
            name="refund_limits",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
    ]
