"""The tables of macros and of what they were used for."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from conversations.models import Conversation
from core.fields import UtcDatetimeField, public_id_field
from core.people import Agent
from core.shops import Shop
from tickets.models import Ticket


class Macro(Model):
    """An answer that is written often, with blanks, and what is done with the ticket when it is sent."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # mac_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="macros")
    shop_id: int
    owner: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="macros"
    )
    owner_id: int | None  # whose own it is; null: the whole desk's
    name = fields.CharField(max_length=80)
    shortcut = fields.CharField(max_length=30, default="")  # what is typed after the slash
    words: Any = fields.JSONField(default=dict)  # {"en": "…", "zh": "…"}; see conversations/blanks.py
    actions: Any = fields.JSONField(default=dict)  # {"status": "pending", "tag": "…"}
    uses = fields.IntField(default=0)
    retired_at = UtcDatetimeField(null=True)
    created_at = UtcDatetimeField()
    updated_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "macro"
        indexes = (Index(fields=("shop_id", "retired_at")), Index(fields=("owner_id",)))


class MacroUse(Model):
    """An answer was sent with the words of a macro. It may be held still, and taken back."""

    id = fields.BigIntField(primary_key=True)
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="macro_uses"
    )
    conversation_id: int
    client_id = fields.CharField(max_length=80)  # of the answer
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("wismo.Agent", related_name="macro_uses")
    agent_id: int
    macro: fields.ForeignKeyRelation[Macro] = fields.ForeignKeyField("wismo.Macro", related_name="used")
    macro_id: int
    ticket: fields.ForeignKeyNullableRelation[Ticket] = fields.ForeignKeyField(
        "wismo.Ticket", null=True, related_name="macro_uses"
    )
    ticket_id: int | None  # on whose page it was written; null: the conversation had none yet
    done_at = UtcDatetimeField(null=True)  # when the answer was said

    class Meta:
        app = "wismo"
        table = "macro_use"
        unique_together = (("conversation_id", "client_id"),)
        indexes = (Index(fields=("agent_id",)), Index(fields=("macro_id",)), Index(fields=("ticket_id",)))
