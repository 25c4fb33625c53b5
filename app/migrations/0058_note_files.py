"""Note_files."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0057_mail_holds")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Attachment",
            name="note",
            field=fields.ForeignKeyField(
                "wismo.Note",
                source_field="note_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="files",
                on_delete=OnDelete.CASCADE,
            ),
        ),
        ops.AddIndex(
            model_name="Attachment",
            index=Index(fields=["note_id"]),
        ),
        ops.AddField(
            model_name="Note",
            name="attachments",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
    ]
