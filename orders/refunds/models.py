"""The tables of money that this desk sends back: what is to go back, its parts by tender, and through which account."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field, public_id_field
from core.shops import Shop
from orders.models import Order


class RefundIntent(Model):
    """One decision to give money back, from the wish to its end. Amounts are minor units of `currency`.

    awaiting_approval → created → pending → succeeded | failed; awaiting_approval → refused | withdrawn; whatever was
    sent → frozen, when the gateway tells another amount or currency than we asked for.
    """

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # rfi_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="refund_intents")
    shop_id: int
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "wismo.Order", on_delete=fields.RESTRICT, related_name="refund_intents"
    )
    order_id: int
    case_id = fields.CharField(max_length=64)  # the public id of what it is for
    attempt = fields.IntField(default=1)
    client_key = fields.CharField(max_length=64, null=True, unique=True)  # of the form that was sent, perhaps twice
    state = code_field()  # orders.refunds.states.IntentState
    reason = code_field()  # orders.refunds.case.Reason
    amount = fields.BigIntField()
    goodwill = fields.BigIntField(default=0)  # of it, what was given beside what is due
    currency = fields.CharField(max_length=3)
    lines: Any = fields.JSONField(default=list)  # [[line source id, units, net, tax], …]
    shipping = fields.BigIntField(default=0)
    shipping_tax = fields.BigIntField(default=0)
    wish: Any = fields.JSONField(default=dict)  # what was asked, to tell a repetition from another wish
    quote: Any = fields.JSONField(default=dict)  # the steps of the calculation, to be shown again
    note = fields.CharField(max_length=500, default="")
    restock = fields.BooleanField(null=True)  # None: nobody has said
    requested_kind = code_field()  # of core.people.Actor
    requested_id = fields.BigIntField(null=True)
    requested_name = fields.CharField(max_length=200, default="")
    needs: Any = fields.JSONField(default=list)  # why somebody else has to approve; empty: nobody has to
    approved_by = fields.BigIntField(null=True)  # an agent's id
    decided_by = fields.CharField(max_length=200, default="")  # the name of who approved, refused or withdrew
    decided_at = UtcDatetimeField(null=True)
    rule = fields.CharField(max_length=120, default="")  # which limit allowed it
    why = fields.CharField(max_length=500, default="")  # of a refusal, or of what froze it
    created_at = UtcDatetimeField()
    settled_at = UtcDatetimeField(null=True)
    version = fields.BigIntField(default=1)

    class Meta:
        app = "wismo"
        table = "refund_intent"
        unique_together = (("case_id", "attempt"),)
        indexes = (
            Index(fields=("order_id",)),
            Index(fields=("shop_id", "state", "created_at")),
            Index(fields=("state", "created_at")),
            Index(fields=("requested_id", "created_at")),
            Index(fields=("approved_by", "decided_at")),
        )


class PaymentAccount(Model):
    """Through which account of which gateway a shop's money goes back."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # pac_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="payment_accounts")
    shop_id: int
    gateway = code_field()  # app/gateways/refunds.py
    address = fields.CharField(max_length=500, default="")  # base URL; "": the gateway's own
    credentials: Any = fields.JSONField(default=dict)  # never shown, never logged
    serves: Any = fields.JSONField(default=list)  # words of Payment.gateway or tender that are this account's as well
    enabled = fields.BooleanField(default=True)
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "payment_account"
        unique_together = (("shop_id", "gateway"),)


class RefundPart(Model):
    """The part of an intent that goes back to one payment. Its public id is the key at the gateway, in every try."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # rfp_…
    intent: fields.ForeignKeyRelation[RefundIntent] = fields.ForeignKeyField(
        "wismo.RefundIntent", on_delete=fields.RESTRICT, related_name="parts"
    )
    intent_id: int
    order_id: int = fields.BigIntField()  # the intent's, so that an order's parts are one range of one index
    account: fields.ForeignKeyNullableRelation[PaymentAccount] = fields.ForeignKeyField(
        "wismo.PaymentAccount", null=True, on_delete=fields.SET_NULL, related_name="parts"
    )
    account_id: int | None  # None: paid by hand
    gateway = code_field()
    payment = fields.CharField(max_length=120)  # Payment.source_id: rows of payments come and go with what is told
    payment_ref = fields.CharField(max_length=190, default="")  # the gateway's name of the charge
    tender = code_field(default="card")
    captured = fields.BigIntField(default=0, db_default=0)  # of that payment, when the part was made
    carries = fields.BooleanField(default=False, db_default=False)  # the gateway hears of lines and shipping with it
    amount = fields.BigIntField()
    paid = fields.BigIntField(null=True)  # what the gateway says has gone back, if that is another amount
    currency = fields.CharField(max_length=3)
    state = code_field()  # orders.refunds.states.PartState
    gateway_ref = fields.CharField(max_length=190, default="")  # the gateway's name of the refund
    tries = fields.IntField(default=0)
    looks = fields.IntField(default=0)  # how often the gateway was asked what became of it, since it was last sent
    doubt = fields.CharField(
        max_length=64, default=""
    )  # the gateway's word for a failure that a query has not confirmed yet
    last_error = fields.CharField(max_length=500, default="")
    sent_at = UtcDatetimeField(null=True)  # the last time; committed before the gateway hears of it
    busy_until = UtcDatetimeField(null=True)  # a call is on its way: until then nobody makes another for this part
    created_at = UtcDatetimeField()
    settled_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "refund_part"
        indexes = (
            Index(fields=("intent_id",)),
            Index(fields=("order_id",)),
            Index(fields=("account_id",)),
            Index(fields=("gateway_ref",)),
            Index(fields=("state", "created_at")),
        )
