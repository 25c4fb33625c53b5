"""The tables of what agents write: words that are still being written, and replies that can still be taken back."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from conversations.models import CHAT, Conversation
from core.fields import UtcDatetimeField, code_field, public_id_field
from core.people import Agent

REPLY, NOTE, FORWARD = "reply", "note", "forward"  # what is written
HELD, SENT, TAKEN_BACK, STOPPED = "held", "sent", "taken_back", "stopped"


class HeldMessage(Model):
    """A reply that its agent has sent and that is not said yet: until `release_at` it can be taken back."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # hld_…
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="held_messages"
    )
    conversation_id: int
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("wismo.Agent", related_name="held_messages")
    agent_id: int
    client_id = fields.CharField(max_length=80)  # under which it will be said
    text = fields.TextField()
    channel = code_field(default=CHAT)
    attachments: Any = fields.JSONField(default=list)  # public ids
    seen = fields.BigIntField(default=0)  # the last message that the agent had read
    orders: Any = fields.JSONField(default=dict)  # how the agent saw orders, as `orders.sights` writes it
    addressing: Any = fields.JSONField(null=True)  # to whom it goes by mail; none: as usual
    state = code_field(default=HELD)  # held · sent · taken_back · stopped
    reason = code_field(null=True)  # why it was stopped: the code of an error
    detail: Any = fields.JSONField(null=True)  # and its data
    number = fields.BigIntField(null=True)  # of the message that it has become
    created_at = UtcDatetimeField()
    release_at = UtcDatetimeField()
    settled_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "held_message"
        unique_together = (("conversation_id", "client_id"),)
        indexes = (
            Index(fields=("conversation_id", "state", "id")),
            Index(fields=("agent_id", "state")),
            Index(fields=("settled_at",)),
        )


class WrittenDraft(Model):
    """What one agent is writing in one conversation. Nobody else ever sees it."""

    id = fields.BigIntField(primary_key=True)
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("wismo.Agent", related_name="drafts")
    agent_id: int
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="drafts"
    )
    conversation_id: int
    mode = code_field(default=REPLY)  # reply · note · forward
    text = fields.TextField()
    client_id = fields.CharField(max_length=80)  # under which it will be said: what was said is no draft any more
    attachments: Any = fields.JSONField(default=list)  # public ids
    seen = fields.BigIntField(default=0)  # the last message on the screen when it was begun
    orders: Any = fields.JSONField(default=dict)  # how orders were seen then
    addressing: Any = fields.JSONField(null=True)  # to whom it goes by mail; none: as usual
    version = fields.BigIntField(default=1)
    updated_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "written_draft"
        unique_together = (("agent_id", "conversation_id", "mode"),)
        indexes = (Index(fields=("conversation_id",)), Index(fields=("updated_at",)))
