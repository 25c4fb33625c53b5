"""Mail_tries."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.fields import UtcDatetimeField


class Migration(migrations.Migration):
    dependencies = [("wismo", "0053_mail_suggestions")]

    initial = False

    operations = [
        ops.AddField(
            model_name="OutgoingMail",
            name="domain",
            field=fields.CharField(null=True, max_length=255),
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="job_key",
            field=fields.CharField(null=True, max_length=80),
        ),
        ops.AddField(
            model_name="OutgoingMail",
            name="paced_at",
            field=UtcDatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name="OutgoingMail",
            index=Index(fields=["domain", "paced_at"]),
        ),
    ]
