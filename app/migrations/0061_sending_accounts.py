"""Sending_accounts."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0060_mail_ways")]

    initial = False

    operations = [
        ops.AddField(
            model_name="MailIdentity",
            name="mailbox",
            field=fields.ForeignKeyField(
                "wismo.Mailbox",
                source_field="mailbox_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="identities",
                on_delete=OnDelete.SET_NULL,
            ),
        ),
        ops.AddIndex(
            model_name="MailIdentity",
            index=Index(fields=["mailbox_id"]),
        ),
        ops.AddField(
            model_name="Mailbox",
            name="smtp_host",
            field=fields.CharField(default="", db_default="", max_length=253),
        ),
        ops.AddField(
            model_name="Mailbox",
            name="smtp_port",
            field=fields.IntField(default=465, db_default=465),
        ),
        ops.AddField(
            model_name="Mailbox",
            name="smtp_security",
            field=fields.CharField(default="tls", db_default="tls", max_length=64),
        ),
    ]
