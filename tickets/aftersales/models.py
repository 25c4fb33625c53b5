"""The tables of after-sales cases: what the customer wants, about which units, and who has until when to act."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field, public_id_field
from core.shops import Shop
from orders.models import Order, OrderLine, Shipment
from tickets.models import Ticket


class AfterSale(Model):
    """One wish after the sale, from its opening to its end. Amounts are minor units of `currency`."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # afs_…
    number = fields.BigIntField(unique=True)
    lines: fields.ReverseRelation["AfterSaleLine"]
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="aftersales")
    shop_id: int
    ticket: fields.ForeignKeyNullableRelation[Ticket] = fields.ForeignKeyField(
        "wismo.Ticket", null=True, related_name="aftersales"
    )
    ticket_id: int | None  # null: the platform has told of it, and nobody has written to us
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField("wismo.Order", related_name="aftersales")
    order_id: int
    kind = code_field()  # tickets.aftersales.kinds.Kind
    state = code_field()  # tickets.aftersales.states.State
    reason = code_field()  # orders.refunds.case.Reason
    wish: Any = fields.JSONField(default=dict)  # orders.policies.deciding.Wish, as it was decided on
    decision: Any = fields.JSONField(default=dict)  # {outcome, policy, version, row, source, open_until, rule, …}
    currency = fields.CharField(max_length=3)
    amount = fields.BigIntField(null=True)  # asked; null: what the goods are worth
    granted = fields.BigIntField(null=True)  # at most this much was granted
    difference = fields.BigIntField(null=True)  # of an exchange: above 0 the customer pays, below 0 it goes back
    settled_at = UtcDatetimeField(null=True)  # the difference was paid
    label_paid = fields.BigIntField(null=True)  # by the customer for the way back, if that is the seller's to pay
    note = fields.CharField(max_length=1000, default="")  # the customer's words
    answer = fields.CharField(max_length=1000, default="")  # the last thing asked, or why it was rejected
    evidence: Any = fields.JSONField(default=list)  # [{"id": "att_…", "name": …, "state": …}, …]
    amended = fields.IntField(default=0)
    problem = code_field(default="")  # why money could not go back
    platform_ref = fields.CharField(max_length=120, default="")
    platform_word = code_field(default="", db_default="")  # the platform's own word that this case has followed last
    platform_due_at = UtcDatetimeField(null=True)  # the time that the platform itself has set for the present step
    returned: fields.ForeignKeyNullableRelation[Shipment] = fields.ForeignKeyField(
        "wismo.Shipment", null=True, related_name="returns_of", on_delete=fields.SET_NULL
    )
    returned_id: int | None
    replacement: fields.ForeignKeyNullableRelation[Shipment] = fields.ForeignKeyField(
        "wismo.Shipment", null=True, related_name="replaces", on_delete=fields.SET_NULL
    )
    replacement_id: int | None
    opened_by = code_field()  # customer · agent · bot · system · platform: it has told of it first
    opened_at = UtcDatetimeField()
    since = UtcDatetimeField()  # in this state
    decided_at = UtcDatetimeField(null=True)
    closed_at = UtcDatetimeField(null=True)
    version = fields.BigIntField(default=1)

    @property
    def difference_open(self) -> bool:
        """What an exchange costs more or less has not been paid, by whichever side."""
        return bool(self.difference) and self.settled_at is None

    class Meta:
        app = "wismo"
        table = "aftersale"
        indexes = (
            Index(fields=("ticket_id",)),
            Index(fields=("order_id", "state")),
            Index(fields=("returned_id",)),
            Index(fields=("replacement_id",)),
            Index(fields=("shop_id", "state", "since")),
            Index(fields=("shop_id", "opened_at")),
            Index(fields=("order_id", "platform_ref")),
        )


class AfterSaleLine(Model):
    """Units of one line in a case."""

    id = fields.BigIntField(primary_key=True)
    case: fields.ForeignKeyRelation[AfterSale] = fields.ForeignKeyField("wismo.AfterSale", related_name="lines")
    case_id: int
    line: fields.ForeignKeyRelation[OrderLine] = fields.ForeignKeyField("wismo.OrderLine", related_name="aftersales")
    line_id: int
    asked = fields.IntField()
    approved = fields.IntField(null=True)
    received = fields.IntField(null=True)
    accepted = fields.IntField(null=True)
    condition = code_field(default="")  # tickets.aftersales.kinds.Condition
    restock = code_field(default="")  # available · quarantine · none: said once, at the inspection
    replacement = fields.CharField(max_length=200, default="")  # what is sent instead: a variant or SKU
    value_loss = fields.IntField(default=0)  # hundredths of a percent
    price_now = fields.BigIntField(null=True)  # of a unit: of what is sent instead, or of the same article today

    @property
    def granted(self) -> int:
        """The units that the case goes on with: none of a line of which nothing was granted."""
        return int(self.asked if self.approved is None else self.approved)

    class Meta:
        app = "wismo"
        table = "aftersale_line"
        unique_together = (("case_id", "line_id"),)
        indexes = (Index(fields=("line_id",)),)


class AfterSaleTimer(Model):
    """How long one side has for the present step. A row is never reused: what is over is done."""

    id = fields.BigIntField(primary_key=True)
    case: fields.ForeignKeyRelation[AfterSale] = fields.ForeignKeyField("wismo.AfterSale", related_name="timers")
    case_id: int
    kind = code_field()  # orders.policies.timers.TimerKind
    side = code_field()  # seller · customer · platform
    started_at = UtcDatetimeField()
    due_at = UtcDatetimeField()
    origin = code_field()  # platform · law · policy: who has set the time
    source = fields.CharField(max_length=200, default="")  # the document
    on_expiry = code_field()  # orders.policies.timers.OnExpiry
    stage = code_field(default="")  # the last warning: half · most · last
    look_at = UtcDatetimeField(null=True)  # when it warns or ends next; null: it is done
    done_at = UtcDatetimeField(null=True)
    outcome = code_field(default="")  # met · expired

    class Meta:
        app = "wismo"
        table = "aftersale_timer"
        indexes = (Index(fields=("case_id",)), Index(fields=("look_at",)))
