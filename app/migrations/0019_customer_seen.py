"""Customer_seen."""

from tortoise import migrations
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0018_customer_requests")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Conversation",
            name="customer_seen_at",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
