"""Our own key on refunds that come back in what gateways and platforms tell."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0029_policy_versions")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Refund",
            name="key",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
        ops.AddIndex(
            model_name="Refund",
            index=Index(fields=["key"]),
        ),
    ]
