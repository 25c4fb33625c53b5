"""Mail_sheets."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0061_sending_accounts")]

    initial = False

    operations = [
        ops.AddField(
            model_name="IncomingMail",
            name="sheet",
            field=fields.TextField(null=True, unique=False),
        ),
    ]
