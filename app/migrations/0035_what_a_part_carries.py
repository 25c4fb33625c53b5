"""What a part carries."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0034_what_refunds_are_computed_from")]

    initial = False

    operations = [
        ops.AddField(
            model_name="RefundPart",
            name="captured",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="RefundPart",
            name="carries",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
