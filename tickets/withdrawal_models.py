"""Withdrawals from contracts as they were declared: what is to be kept, acknowledged and proved by law."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field, public_id_field
from core.shops import Shop
from tickets.models import Ticket


class Withdrawal(Model):
    """One declaration, never changed once it is there. What becomes of it is its ticket's and that ticket's cases."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # wdr_…
    key = fields.CharField(max_length=64, unique=True)  # SHA-256 over shop, address and client id, hex
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="withdrawals")
    shop_id: int
    name = fields.CharField(max_length=200)
    email = fields.CharField(max_length=254)  # lower case: where the acknowledgement goes
    order_number = fields.CharField(max_length=120)  # as it was typed
    items = fields.CharField(max_length=1000, default="")  # as it was typed; empty: the whole order
    statement = fields.TextField()  # the words that were sent
    language = code_field()
    received_at = UtcDatetimeField()
    ticket: fields.ForeignKeyNullableRelation[Ticket] = fields.ForeignKeyField(
        "wismo.Ticket", null=True, related_name="withdrawals"
    )
    ticket_id: int | None  # null: only until the job has opened it

    class Meta:
        app = "wismo"
        table = "withdrawal"
        indexes = (Index(fields=("shop_id", "received_at")), Index(fields=("ticket_id",)))
