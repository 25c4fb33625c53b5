"""The tables of claims: who may decide about units of an order that have not left."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field, public_id_field
from core.shops import Shop
from orders.models import Order

REQUESTED, HELD, DONE, REFUSED, RELEASED = "requested", "held", "done", "refused", "released"
LIVE = (REQUESTED, HELD)
BY_SHOP, BY_WAREHOUSE, BY_HAND = "shop", "warehouse", "hand"


class Claim(Model):
    """One decision about units of an order: requested → held (at the shop) → done | refused | released."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # clm_…: also the name under which the shop is asked, the same in every try
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="claims")
    shop_id: int
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="claims")
    order_id: int
    what = code_field()  # orders.claims.rules.What
    state = code_field(default=REQUESTED)
    why = code_field(default="")  # orders.claims.rules.Why
    way = code_field()  # who answers: shop (at once) · warehouse (a person there) · hand (a person does it at the shop)
    step = code_field(default="")  # what the shop is to do next: hold · cancel · address · release; "": nothing
    reason = fields.CharField(max_length=120, default="")  # the customer's
    case_id = fields.CharField(max_length=64, default="")  # the public id of what it is for
    units: Any = fields.JSONField(default=list)  # [[line source id, units], …]
    gone: Any = fields.JSONField(default=list)  # asked for as well, but they had left
    whole = fields.BooleanField(default=True)  # everything that the order still holds
    address: Any = fields.JSONField(default=dict)  # the new one
    actor_kind = code_field()
    actor_id = fields.BigIntField(null=True)
    actor_name = fields.CharField(max_length=200, default="")
    order_version = fields.BigIntField()  # on which it was decided
    reference = fields.CharField(max_length=190, default="")  # the shop's name of its hold
    answer_by = UtcDatetimeField(null=True)  # then there is a final answer, whoever has kept silent
    said = fields.CharField(max_length=300, default="")  # the shop's own words
    answered_by = fields.CharField(max_length=200, default="")  # the person who answered
    refund = fields.CharField(max_length=64, default="", db_default="")  # rfi_… · not_paid · why a person is needed
    contradicted_at = UtcDatetimeField(null=True)  # the order said otherwise afterwards
    held_at = UtcDatetimeField(null=True)
    settled_at = UtcDatetimeField(null=True)
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "order_claim"
        indexes = (
            Index(fields=("order_id", "id")),
            Index(fields=("shop_id", "state", "answer_by")),
            Index(fields=("case_id",)),
        )


class LineClaim(Model):
    """Units of one line that a claim is about. A line has at most one live claim: the database holds it to that."""

    id = fields.BigIntField(primary_key=True)
    claim: fields.ForeignKeyRelation[Claim] = fields.ForeignKeyField("wismo.Claim", related_name="lines")
    claim_id: int
    line = fields.CharField(max_length=120)  # its source id
    units = fields.IntField()
    cancelled = fields.IntField(default=0)  # of the line's units, those that were cancelled before
    live = fields.CharField(max_length=160, null=True, unique=True)  # order and line; null once it is settled

    class Meta:
        app = "wismo"
        table = "line_claim"
        indexes = (Index(fields=("claim_id",)),)
