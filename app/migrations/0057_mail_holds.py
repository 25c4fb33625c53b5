"""Mail_holds."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0056_mail_identities")]

    initial = False

    operations = [
        ops.CreateModel(
            name="MailHold",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="mail_holds",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("address", fields.CharField(max_length=320)),
                ("kind", fields.CharField(max_length=64)),
                ("detail", fields.TextField(default="", unique=False)),
                ("since", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("until", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "mail_hold",
                "app": "wismo",
                "unique_together": (("shop_id", "address", "kind"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddIndex(
            model_name="OutgoingMail",
            index=Index(fields=["recipient", "created_at"]),
        ),
    ]
