"""Mail_as_read."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0049_mail_sender_check")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Attachment",
            name="content_id",
            field=fields.CharField(null=True, max_length=255),
        ),
        ops.AddField(
            model_name="Attachment",
            name="refusal",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name="IncomingMail",
            name="headers",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
        ops.AddField(
            model_name="IncomingMail",
            name="html",
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name="IncomingMail",
            name="letter",
            field=fields.CharField(null=True, unique=True, max_length=64),
        ),
        ops.AddField(
            model_name="IncomingMail",
            name="text",
            field=fields.TextField(null=True, unique=False),
        ),
        ops.AddField(
            model_name="IncomingMail",
            name="tries",
            field=fields.IntField(default=0, db_default=0),
        ),
    ]
