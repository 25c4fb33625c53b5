"""Versions of what people at the desk have changed about the bot's rules. The rules themselves are files of the bot."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field, public_id_field
from core.people import Agent

DRAFT, LIVE = "draft", "live"


class RulebookVersion(Model):
    """Texts that stand in for rule files, by rule name; an empty text removes a rule.

    `place`: `draft` is being worked on, the bot speaks by `live`, those of the past have none.
    """

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # rbk_…
    place = code_field(null=True, unique=True)
    number = fields.IntField(null=True, unique=True)  # 1, 2, … in the order of publishing
    changes: Any = fields.JSONField(default=dict)
    revision = fields.IntField(default=1)  # counts the changes of a draft
    note = fields.CharField(max_length=300, default="")
    version = fields.CharField(max_length=64, default="")  # as receipts name it
    created_at = UtcDatetimeField()
    published_at = UtcDatetimeField(null=True)
    published_by: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="rulebooks"
    )
    published_by_id: int | None

    class Meta:
        app = "wismo"
        table = "rulebook_version"
        indexes = (Index(fields=("published_by_id",)),)
