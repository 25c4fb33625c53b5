"""The tables of a desk's own order in its work: merges, tags, followers, mentions, views, bulk changes, evidence."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from conversations.models import Conversation, Note
from core.fields import UtcDatetimeField, code_field, public_id_field
from core.people import Agent
from core.shops import Shop
from tickets.models import Ticket


class TicketMerge(Model):
    """One ticket went on in another, and how both were before: enough to part them again."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # mrg_…
    source: fields.ForeignKeyRelation[Ticket] = fields.ForeignKeyField("wismo.Ticket", related_name="merges_out")
    source_id: int
    target: fields.ForeignKeyRelation[Ticket] = fields.ForeignKeyField("wismo.Ticket", related_name="merges_in")
    target_id: int
    before: Any = fields.JSONField()  # see `tickets.merge_record`
    merged_at = UtcDatetimeField()
    undone_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "ticket_merge"
        indexes = (Index(fields=("source_id",)), Index(fields=("target_id", "undone_at")))


class Tag(Model):
    """A word that a shop's desk sorts its tickets by."""

    id = fields.BigIntField(primary_key=True)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="tags")
    shop_id: int
    name = fields.CharField(max_length=40)  # lower case, without commas
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "tag"
        unique_together = (("shop_id", "name"),)


class TicketTag(Model):
    """A ticket has a tag."""

    id = fields.BigIntField(primary_key=True)
    ticket: fields.ForeignKeyRelation[Ticket] = fields.ForeignKeyField("wismo.Ticket", related_name="tagged")
    ticket_id: int
    tag: fields.ForeignKeyRelation[Tag] = fields.ForeignKeyField("wismo.Tag", related_name="tagged")
    tag_id: int

    class Meta:
        app = "wismo"
        table = "ticket_tag"
        unique_together = (("ticket_id", "tag_id"),)
        indexes = (Index(fields=("tag_id", "ticket_id")),)


class Follower(Model):
    """An agent wants to see what becomes of a ticket that need not be theirs."""

    id = fields.BigIntField(primary_key=True)
    ticket: fields.ForeignKeyRelation[Ticket] = fields.ForeignKeyField("wismo.Ticket", related_name="followers")
    ticket_id: int
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("wismo.Agent", related_name="following")
    agent_id: int

    class Meta:
        app = "wismo"
        table = "follower"
        unique_together = (("ticket_id", "agent_id"),)
        indexes = (Index(fields=("agent_id", "ticket_id")),)


class Mention(Model):
    """A note names an agent, who has not or has read it."""

    id = fields.BigIntField(primary_key=True)
    note: fields.ForeignKeyRelation[Note] = fields.ForeignKeyField("wismo.Note", related_name="mentions")
    note_id: int
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("wismo.Agent", related_name="mentions")
    agent_id: int
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="mentions"
    )
    conversation_id: int
    read_at = UtcDatetimeField(null=True)
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "mention"
        unique_together = (("note_id", "agent_id"),)
        indexes = (Index(fields=("agent_id", "read_at", "id")), Index(fields=("conversation_id",)))


class SavedView(Model):
    """Conditions with a name: a list of its own in the inbox."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # viw_…
    owner: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("wismo.Agent", related_name="views")
    owner_id: int
    name = fields.CharField(max_length=60)
    shared = fields.BooleanField(default=False)  # everybody at the desk has it; what it shows is what they may see
    conditions: Any = fields.JSONField()  # see `tickets.conditions`
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "saved_view"
        indexes = (Index(fields=("owner_id",)), Index(fields=("shared",)))


class BulkRun(Model):
    """One change to many tickets, asked for by an agent and carried out in their name."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # blk_…
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("wismo.Agent", related_name="bulk_runs")
    agent_id: int
    action = code_field()  # assign · priority · tag · untag · resolve · close
    value = fields.CharField(max_length=64, default="")  # the agent, the priority, the tag
    total = fields.IntField()
    created_at = UtcDatetimeField()
    finished_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "bulk_run"
        indexes = (Index(fields=("agent_id", "id")),)


class BulkItem(Model):
    """One ticket of a bulk change, and what became of it."""

    id = fields.BigIntField(primary_key=True)
    run: fields.ForeignKeyRelation[BulkRun] = fields.ForeignKeyField("wismo.BulkRun", related_name="items")
    run_id: int
    ticket: fields.ForeignKeyRelation[Ticket] = fields.ForeignKeyField("wismo.Ticket", related_name="bulk_items")
    ticket_id: int
    outcome = code_field(default="waiting")  # waiting · done · refused
    why = code_field(default="")  # the error's code
    detail: Any = fields.JSONField(default=dict)

    class Meta:
        app = "wismo"
        table = "bulk_item"
        unique_together = (("run_id", "ticket_id"),)
        indexes = (Index(fields=("run_id", "outcome", "id")), Index(fields=("ticket_id",)))


class EvidenceStep(Model):
    """What a ticket needs before it may be decided was asked for, or is not needed after all."""

    id = fields.BigIntField(primary_key=True)
    ticket: fields.ForeignKeyRelation[Ticket] = fields.ForeignKeyField("wismo.Ticket", related_name="evidence_steps")
    ticket_id: int
    need = code_field()  # see `tickets.kinds`
    step = code_field()  # asked · waived
    agent: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="evidence_steps"
    )
    agent_id: int | None
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "evidence_step"
        unique_together = (("ticket_id", "need", "step"),)
        indexes = (Index(fields=("agent_id",)),)
