"""What a part carries."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0036_composing")]

    initial = False

    operations = [
        ops.AddField(
            model_name="RefundPart",
            name="busy_until",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
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
