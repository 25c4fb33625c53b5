"""The tables of complaints, of what was given for them, and of what is owed to customers who were not content."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from conversations.models import Rating
from core.fields import UtcDatetimeField, code_field, public_id_field
from core.people import Agent, Customer
from core.shops import Shop
from orders.models import Order
from tickets.models import Ticket


class Complaint(Model):
    """What a ticket of the kind complaint has beyond a ticket: how far it is, why, and what is done about it."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # cmp_…
    ticket: fields.OneToOneRelation[Ticket] = fields.OneToOneField("wismo.Ticket", related_name="complaint")
    ticket_id: int
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="complaints")
    shop_id: int
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField("wismo.Customer", related_name="complaints")
    customer_id: int
    step = code_field(default="received")
    origin = code_field(default="words")  # words · rating
    severity = code_field(default="P4")
    symptoms: Any = fields.JSONField(default=list)  # codes of causes: what the customer sees
    remedy_asked = fields.CharField(max_length=300, default="")
    cause = code_field(null=True)  # the one root cause
    outcome = code_field(null=True)  # upheld · partly · rejected
    remedy = code_field(null=True)
    finding = fields.TextField(default="")  # what the investigation found, for the desk
    correction = fields.CharField(max_length=1000, default="")  # what puts it right for this customer
    prevention = fields.CharField(max_length=1000, default="")  # what keeps it from happening again
    dismissal = code_field(null=True)  # no_complaint · withdrawn · duplicate
    external_body = fields.CharField(max_length=80, default="")  # 12315, a platform, an ombudsman
    external_number = fields.CharField(max_length=80, default="")
    external_due_at = UtcDatetimeField(null=True)
    escalations: Any = fields.JSONField(default=list)  # [{"why", "at"}], each reason once
    escalated_at = UtcDatetimeField(null=True)  # the first time
    contacts = fields.IntField(default=1)  # how often the customer has come about it
    last_contact_at = UtcDatetimeField(null=True)
    satisfied = fields.BooleanField(null=True)  # what the follow-up found
    decided_by: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="complaints_decided"
    )
    decided_by_id: int | None
    repeat = fields.BooleanField(default=False)  # the customer complained within the 90 days before
    received_at = UtcDatetimeField()
    acknowledged_at = UtcDatetimeField(null=True)
    assessed_at = UtcDatetimeField(null=True)
    investigated_at = UtcDatetimeField(null=True)  # when the investigation began
    decided_at = UtcDatetimeField(null=True)
    informed_at = UtcDatetimeField(null=True)
    options_told_at = UtcDatetimeField(null=True)  # where else the customer may turn to
    follow_up_due_at = UtcDatetimeField(null=True)
    followed_up_at = UtcDatetimeField(null=True)
    dismissed_at = UtcDatetimeField(null=True)
    version = fields.BigIntField(default=1)

    class Meta:
        app = "wismo"
        table = "complaint"
        indexes = (
            Index(fields=("shop_id", "received_at", "id")),
            Index(fields=("shop_id", "step", "received_at")),
            Index(fields=("customer_id", "received_at")),
            Index(fields=("decided_by_id",)),
            Index(fields=("follow_up_due_at",)),
        )


class ComplaintOrder(Model):
    """An order that a complaint is about, as it was when the customer complained. Rows are never changed."""

    id = fields.BigIntField(primary_key=True)
    complaint: fields.ForeignKeyRelation[Complaint] = fields.ForeignKeyField("wismo.Complaint", related_name="orders")
    complaint_id: int
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="complaints")
    order_id: int
    at = UtcDatetimeField()
    version = fields.BigIntField()  # of the order
    axes: Any = fields.JSONField(default=dict)  # headline, confirmation, payment, fulfilment, returns, refund, …
    suggestions: Any = fields.JSONField(default=list)  # [{"cause", "evidence", "facts"}], the likeliest first

    class Meta:
        app = "wismo"
        table = "complaint_order"
        unique_together = (("complaint_id", "order_id"),)
        indexes = (Index(fields=("order_id",)),)


class Compensation(Model):
    """What a customer is given beyond what the order owes: money, a coupon or points. Never counted as a refund."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # cps_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="compensations")
    shop_id: int
    complaint: fields.ForeignKeyRelation[Complaint] = fields.ForeignKeyField(
        "wismo.Complaint", related_name="compensations"
    )
    complaint_id: int
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="compensations")
    order_id: int
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "wismo.Customer", related_name="compensations"
    )
    customer_id: int
    kind = code_field()  # goodwill · coupon · points
    amount = fields.BigIntField()  # minor units; of points and coupons, what they are worth
    currency = fields.CharField(max_length=3)
    state = code_field()  # awaiting_approval · approved · issued · refused · withdrawn
    cause = code_field()
    delay_days = fields.IntField(default=0)
    net = fields.BigIntField()  # what the lines cost the customer, minor units
    matrix_row = code_field()
    proposed = fields.BigIntField()  # what that row gives
    rule = code_field()  # what allowed it: matrix · limit · approval
    note = fields.CharField(max_length=500, default="")
    reference = fields.CharField(max_length=120, default="")  # of the transfer, or the coupon's code
    offered_by: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", related_name="compensations_offered"
    )
    offered_by_id: int
    decided_by: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="compensations_decided"
    )
    decided_by_id: int | None
    offered_at = UtcDatetimeField()
    decided_at = UtcDatetimeField(null=True)
    issued_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "compensation"
        indexes = (
            Index(fields=("shop_id", "offered_at")),
            Index(fields=("shop_id", "state", "offered_at")),
            Index(fields=("complaint_id",)),
            Index(fields=("order_id", "state")),
            Index(fields=("customer_id", "offered_at")),
            Index(fields=("offered_by_id", "offered_at")),
            Index(fields=("decided_by_id",)),
        )


class RecoveryTask(Model):
    """A customer was not content with the help: somebody sees to it by a time. One for each rating."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # rec_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="recoveries")
    shop_id: int
    rating: fields.OneToOneRelation[Rating] = fields.OneToOneField("wismo.Rating", related_name="recovery")
    rating_id: int
    ticket: fields.ForeignKeyRelation[Ticket] = fields.ForeignKeyField("wismo.Ticket", related_name="recoveries")
    ticket_id: int
    order: fields.ForeignKeyNullableRelation[Order] = fields.ForeignKeyField(
        "wismo.Order", null=True, related_name="recoveries"
    )
    order_id: int | None
    headline = code_field(default="")  # of the order when the customer rated
    owner: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, related_name="recoveries"
    )
    owner_id: int | None
    due_at = UtcDatetimeField()
    opened_at = UtcDatetimeField()
    done_at = UtcDatetimeField(null=True)
    result = code_field(null=True)  # won_back · not_won_back · not_reached
    note = fields.CharField(max_length=1000, default="")

    class Meta:
        app = "wismo"
        table = "recovery_task"
        indexes = (
            Index(fields=("shop_id", "done_at", "due_at")),
            Index(fields=("ticket_id",)),
            Index(fields=("order_id",)),
            Index(fields=("owner_id", "done_at")),
        )
