"""Whose pictures are shown unasked."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField
from core.people import Agent
from core.shops import Shop


class PictureSender(Model):
    """Somebody whose pictures are shown unasked in one shop's mail."""

    id = fields.BigIntField(primary_key=True)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="picture_senders")
    shop_id: int
    address = fields.CharField(max_length=320)  # lower case
    agent: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="picture_senders"
    )
    agent_id: int | None
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "picture_sender"
        unique_together = (("shop_id", "address"),)
        indexes = (Index(fields=("agent_id",)),)
