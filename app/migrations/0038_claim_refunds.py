"""Claim_refunds."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0037_what_a_part_carries")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Claim",
            name="refund",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
    ]
