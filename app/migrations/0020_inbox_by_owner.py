"""Inbox by owner: what is mine and what is nobody's, in order, however much others have."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0019_customer_seen")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Ticket",
            index=Index(fields=["shop_id", "status", "assignee_id", "updated_at", "id"]),
        ),
    ]
