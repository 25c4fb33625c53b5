"""Mail_identities."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0055_picture_senders")]

    initial = False

    operations = [
        ops.CreateModel(
            name="MailIdentity",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("public_id", fields.CharField(unique=True, max_length=40)),
                (
                    "shop",
                    fields.ForeignKeyField(
                        "wismo.Shop",
                        source_field="shop_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="mail_identities",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "team",
                    fields.ForeignKeyField(
                        "wismo.Team",
                        source_field="team_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="mail_identities",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("address", fields.CharField(unique=True, max_length=254)),
                ("name_en", fields.CharField(default="", max_length=200)),
                ("name_zh", fields.CharField(default="", max_length=200)),
                ("signature_en", fields.CharField(default="", max_length=1000)),
                ("signature_zh", fields.CharField(default="", max_length=1000)),
                ("main", fields.BooleanField(default=False)),
                ("server", fields.TextField(null=True, unique=False)),
                ("server_name", fields.CharField(default="", max_length=300)),
                ("selector", fields.CharField(default="", max_length=63)),
                ("signing_key", fields.TextField(null=True, unique=False)),
                ("revision", fields.IntField(default=1)),
                ("created_at", UtcDatetimeField(auto_now=False, auto_now_add=False)),
                ("retired_at", UtcDatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "mail_identity",
                "app": "wismo",
                "indexes": [Index(fields=["shop_id"]), Index(fields=["team_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="identity",
            field=fields.ForeignKeyField(
                "wismo.MailIdentity",
                source_field="identity_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="outgoing_mails",
                on_delete=OnDelete.CASCADE,
            ),
        ),
        ops.AddIndex(
            model_name="OutgoingMail",
            index=Index(fields=["identity_id"]),
        ),
    ]
