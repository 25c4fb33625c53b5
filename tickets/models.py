"""The tables of the work."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from conversations.models import Conversation
from core.fields import UtcDatetimeField, code_field, public_id_field
from core.people import Agent
from core.shops import Shop
from core.teams import Team
from orders.models import Order, OrderLine, Shipment

QUESTION, COMPLAINT, AFTERSALES, REFUND, CANCELLATION = "question", "complaint", "aftersales", "refund", "cancellation"
KINDS = (QUESTION, COMPLAINT, AFTERSALES, REFUND, CANCELLATION)
PRIORITIES = ("low", "normal", "high", "urgent")


class Ticket(Model):
    """One piece of work for the desk; lives in a conversation."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # tkt_…
    number = fields.BigIntField(unique=True)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="tickets")
    shop_id: int
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="tickets"
    )
    conversation_id: int
    kind = code_field()
    status = code_field(default="open")
    priority = code_field(default="normal")
    subject = fields.CharField(max_length=300)
    summary = fields.TextField(default="")
    opened_by = code_field()  # bot · customer · agent · mail · system
    assignee: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="tickets"
    )
    assignee_id: int | None
    first_reply_due_at = UtcDatetimeField(null=True)
    first_replied_at = UtcDatetimeField(null=True)
    asked_at = UtcDatetimeField(null=True)  # since when the customer waits for an agent's next answer
    clock_kind = code_field(null=True)  # the clock that is to stop first: first_reply · next_reply · resolution
    clock_stage = code_field(null=True)  # its last warning: half · most · last · breached
    clock_due_at = UtcDatetimeField(null=True)  # when it is overrun; null while it stands
    look_at = UtcDatetimeField(null=True)  # when the clocks are to be looked at again
    resolved_at = UtcDatetimeField(null=True)
    closed_at = UtcDatetimeField(null=True)
    reopened = fields.IntField(default=0)
    merged_into: fields.ForeignKeyNullableRelation["Ticket"] = fields.ForeignKeyField(
        "wismo.Ticket", null=True, related_name="merged"
    )
    merged_into_id: int | None  # its work goes on there; the status is closed meanwhile
    merges = fields.IntField(default=0, db_default=0)  # how many tickets are merged into this one
    parent: fields.ForeignKeyNullableRelation["Ticket"] = fields.ForeignKeyField(
        "wismo.Ticket", null=True, related_name="children"
    )
    parent_id: int | None  # the problem that this one is a case of
    version = fields.BigIntField(default=1)
    created_at = UtcDatetimeField()
    updated_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "ticket"
        indexes = (
            Index(fields=("shop_id", "status", "updated_at", "id")),
            Index(fields=("shop_id", "status", "assignee_id", "updated_at", "id")),
            Index(fields=("shop_id", "updated_at", "id")),
            Index(fields=("assignee_id", "status", "updated_at")),
            Index(fields=("conversation_id", "status")),
            Index(fields=("look_at",)),
            Index(fields=("shop_id", "clock_due_at")),
            Index(fields=("merged_into_id",)),
            Index(fields=("parent_id",)),
        )


class TicketLink(Model):
    """What a ticket is about: an order, one of its parcels or lines, why, and who said so."""

    id = fields.BigIntField(primary_key=True)
    ticket: fields.ForeignKeyRelation[Ticket] = fields.ForeignKeyField("wismo.Ticket", related_name="links")
    ticket_id: int
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="ticket_links")
    order_id: int
    shipment: fields.ForeignKeyNullableRelation[Shipment] = fields.ForeignKeyField(
        "wismo.Shipment", null=True, related_name="ticket_links"
    )
    shipment_id: int | None
    line: fields.ForeignKeyNullableRelation[OrderLine] = fields.ForeignKeyField(
        "wismo.OrderLine", null=True, related_name="ticket_links"
    )
    line_id: int | None
    units = fields.IntField(null=True)  # how many of the line; null: all of it, or not said
    reason = code_field(default="about")
    source = code_field()  # bot · agent · mail · customer
    confirmed = fields.BooleanField(default=True)  # False: a suggestion that an agent may accept
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "ticket_link"
        unique_together = (("ticket_id", "order_id", "shipment_id", "line_id"),)
        indexes = (Index(fields=("order_id",)), Index(fields=("shipment_id",)), Index(fields=("line_id",)))


class TimelineEntry(Model):
    """What happened to a ticket, in order. Rows are never changed."""

    id = fields.BigIntField(primary_key=True)
    ticket: fields.ForeignKeyRelation[Ticket] = fields.ForeignKeyField("wismo.Ticket", related_name="timeline")
    ticket_id: int
    at = UtcDatetimeField()
    actor_kind = code_field()
    actor_id = fields.BigIntField(null=True)
    actor_name = fields.CharField(max_length=200, default="")
    action = code_field()  # opened · assigned · unassigned · prioritised · resolved · reopened · closed · linked · …
    detail: Any = fields.JSONField(default=dict)

    class Meta:
        app = "wismo"
        table = "timeline_entry"
        indexes = (Index(fields=("ticket_id", "id")),)


class QueueVisit(Model):
    """A conversation waited for a person, and how that ended. At most one visit of a conversation has no end yet."""

    id = fields.BigIntField(primary_key=True)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="queue_visits")
    shop_id: int
    conversation: fields.ForeignKeyRelation[Conversation] = fields.ForeignKeyField(
        "wismo.Conversation", related_name="queue_visits"
    )
    conversation_id: int
    team: fields.ForeignKeyNullableRelation[Team] = fields.ForeignKeyField(
        "wismo.Team", null=True, related_name="queue_visits", on_delete=fields.SET_NULL
    )
    team_id: int | None
    entered_at = UtcDatetimeField()
    left_at = UtcDatetimeField(null=True)
    reason = code_field(default="")  # why it ended: taken · assigned · reply · handed_back · …
    agent: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="queue_visits"
    )
    agent_id: int | None  # who got it
    returned_at = UtcDatetimeField(null=True)  # they gave it back to the queue, or did not answer in time

    class Meta:
        app = "wismo"
        table = "queue_visit"
        indexes = (
            Index(fields=("shop_id", "left_at")),
            Index(fields=("conversation_id", "left_at")),
            Index(fields=("agent_id", "left_at")),
            Index(fields=("team_id",)),
        )


class EnquiryReceipt(Model):
    """An enquiry that was taken in: what is sent twice finds the ticket of the first time."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)  # SHA-256 over shop, contact and client id, hex
    ticket: fields.ForeignKeyNullableRelation[Ticket] = fields.ForeignKeyField(
        "wismo.Ticket", null=True, related_name="enquiry_receipts"
    )
    ticket_id: int | None  # null: only until the transaction that takes it in has ended
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "enquiry_receipt"
        indexes = (Index(fields=("ticket_id",)),)
