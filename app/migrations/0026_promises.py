"""Promises."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0025_shop_answers")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Promise",
            name="actor_name",
            field=fields.CharField(null=True, max_length=200),
        ),
        ops.AddField(
            model_name="Promise",
            name="escalates_at",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Promise",
            name="text",
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddIndex(
            model_name="Promise",
            index=Index(fields=["state", "shop_id", "due_at", "id"]),
        ),
        ops.AddIndex(
            model_name="Promise",
            index=Index(fields=["escalates_at"]),
        ),
    ]
