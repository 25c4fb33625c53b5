"""What shops write for the bot to say."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0024_clocks")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ShopAnswer",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="answers",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("topic", fields.CharField(max_length=64)),
                ("language", fields.CharField(max_length=64)),
                ("text", fields.TextField(unique=False)),
                ("updated_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "shop_answer",
                "app": "wismo",
                "unique_together": (("shop_id", "topic", "language"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
