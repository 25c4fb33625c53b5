"""Mail_suggestions."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0052_mail_addressing")]

    initial = False

    operations = [
        ops.CreateModel(
            name="MailSuggestion",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                ("kind", fields.CharField(max_length=64)),
                ("why", fields.CharField(default="", max_length=64)),
                (
                    "mail",
                    fields.ForeignKeyField(
                        "wismo.IncomingMail",
                        source_field="mail_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="suggestions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "wismo.Conversation",
                        source_field="conversation_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="mail_suggestions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "target",
                    fields.ForeignKeyField(
                        "wismo.Conversation",
                        source_field="target_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="mail_suggestions_for",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("address", fields.CharField(default="", max_length=320)),
                ("name", fields.CharField(default="", max_length=200)),
                (
                    "forwarder",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="forwarder_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="forwarded_mails",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("state", fields.CharField(default="open", max_length=64)),
                (
                    "settled_by",
                    fields.ForeignKeyField(
                        "wismo.Agent",
                        source_field="settled_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="mail_suggestions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("settled_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "mail_suggestion",
                "app": "wismo",
                "indexes": [
                    Index(fields=["mail_id"]),
                    Index(fields=["conversation_id", "state"]),
                    Index(fields=["target_id", "state"]),
                    Index(fields=["forwarder_id"]),
                    Index(fields=["settled_by_id"]),
                ],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
