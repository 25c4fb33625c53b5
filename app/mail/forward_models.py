"""Forwards by mail, from the moment an agent presses Send: until `release_at` nothing has left, and nobody was told."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from conversations.composing_models import HELD
from conversations.models import Conversation, Note
from core.fields import UtcDatetimeField, code_field, public_id_field
from core.people import Agent

UNWRITTEN = "unwritten"  # noted, but no letter could be written


class HeldForward(Model):
    """What an agent forwards: words, to whom, and which messages. It becomes a note and a letter."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # hfw_…
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="held_forwards"
    )
    conversation_id: int
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("wismo.Agent", related_name="held_forwards")
    agent_id: int
    client_id = fields.CharField(max_length=80)  # under which it will be noted
    text = fields.TextField()
    addressing: Any = fields.JSONField()  # as `Addressing.as_data` writes it
    state = code_field(default=HELD)  # held · sent · taken_back · stopped · unwritten
    reason = code_field(null=True)  # why it was stopped: the code of an error
    detail: Any = fields.JSONField(null=True)  # and its data
    note: fields.ForeignKeyNullableRelation[Note] = fields.ForeignKeyField(
        "wismo.Note", null=True, related_name="held_forwards"
    )
    note_id: int | None  # that it has become
    created_at = UtcDatetimeField()
    release_at = UtcDatetimeField()
    settled_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "held_forward"
        unique_together = (("conversation_id", "client_id"),)
        indexes = (
            Index(fields=("conversation_id", "state", "id")),
            Index(fields=("agent_id",)),
            Index(fields=("note_id",)),
            Index(fields=("settled_at",)),
        )
