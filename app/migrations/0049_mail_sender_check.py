"""Mail_sender_check."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0048_aftersale_label")]

    initial = False

    operations = [
        ops.AddField(
            model_name="IncomingMail",
            name="sender_check",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
    ]
