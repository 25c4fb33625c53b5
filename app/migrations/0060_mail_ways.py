"""Mail_ways."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0059_held_forward")]

    initial = False

    operations = [
        ops.CreateModel(
            name="MailHook",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "shop",
                    fields.OneToOneField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="mail_hook",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("renewed_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("former_until", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("refused_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("refused_why", fields.CharField(default="", max_length=64)),
            ],
            options={"table": "mail_hook", "app": "wismo", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.AddField(
            model_name="IncomingMail",
            name="mailbox",
            field=fields.ForeignKeyField(
                "wismo.Mailbox",
                source_field="mailbox_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="incoming_mails",
                on_delete=OnDelete.SET_NULL,
            ),
        ),
        ops.AddField(
            model_name="IncomingMail",
            name="way",
            field=fields.CharField(default="", db_default="", max_length=64),
        ),
        ops.AddIndex(
            model_name="IncomingMail",
            index=Index(fields=["mailbox_id"]),
        ),
        ops.AddIndex(
            model_name="IncomingMail",
            index=Index(fields=["way", "shop_id", "id"]),
        ),
        ops.AddField(
            model_name="Mailbox",
            name="checkers",
            field=fields.CharField(null=True, max_length=500),
        ),
    ]
