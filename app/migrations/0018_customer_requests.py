"""Customer_requests."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0017_rulebooks")]

    initial = False

    operations = [
        ops.CreateModel(
            name="EnquiryReceipt",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("key", fields.CharField(unique=True, max_length=64)),
                (
                    "ticket",
                    fields.ForeignKeyField(
                        "wismo.Ticket",
                        source_field="ticket_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="enquiry_receipts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "enquiry_receipt",
                "app": "wismo",
                "indexes": [Index(fields=["ticket_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="CodeRequest",
            name="address",
            field=fields.CharField(null=True, max_length=254),
        ),
    ]
