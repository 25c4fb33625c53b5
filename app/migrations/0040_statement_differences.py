"""Statement_differences."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0039_macros")]

    initial = False

    operations = [
        ops.CreateModel(
            name="StatementDifference",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "wismo.PaymentAccount",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="differences",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("kind", fields.CharField(max_length=64)),
                ("key", fields.CharField(default="", max_length=64)),
                ("reference", fields.CharField(default="", max_length=190)),
                ("ours", fields.BigIntField(null=True)),
                ("theirs", fields.BigIntField(null=True)),
                ("currency", fields.CharField(max_length=3)),
                ("at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("found_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("cleared_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "statement_difference",
                "app": "wismo",
                "unique_together": (("account_id", "kind", "key", "reference"),),
                "indexes": [Index(fields=["cleared_at", "found_at"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
