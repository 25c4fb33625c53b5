"""Macro_ticket."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("wismo", "0046_refund_terms_and_units")]

    initial = False

    operations = [
        ops.AddField(
            model_name="MacroUse",
            name="ticket",
            field=fields.ForeignKeyField(
                "wismo.Ticket",
                source_field="ticket_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="macro_uses",
                on_delete=OnDelete.CASCADE,
            ),
        ),
        ops.AddIndex(
            model_name="MacroUse",
            index=Index(fields=["ticket_id"]),
        ),
    ]
