"""Aftersale_label."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0047_macro_ticket")]

    initial = False

    operations = [
        ops.AddField(
            model_name="AfterSale",
            name="label_paid",
            field=fields.BigIntField(null=True),
        ),
    ]
