"""What did not fit between our refunds and a gateway's statement, until it does."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field, public_id_field
from orders.refunds.models import PaymentAccount


class StatementDifference(Model):
    """One difference. Amounts are minor units of `currency`; None: not there."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # sdf_…
    account: fields.ForeignKeyRelation[PaymentAccount] = fields.ForeignKeyField(
        "wismo.PaymentAccount", related_name="differences"
    )
    account_id: int
    kind = code_field()  # orders.refunds.reconciling.DifferenceKind
    key = fields.CharField(max_length=64, default="")  # of our part; "": made elsewhere
    reference = fields.CharField(max_length=190, default="")
    ours = fields.BigIntField(null=True)
    theirs = fields.BigIntField(null=True)
    currency = fields.CharField(max_length=3)
    at = UtcDatetimeField()  # when the money moved
    found_at = UtcDatetimeField()
    cleared_at = UtcDatetimeField(null=True)  # a later comparison did not find it any more

    class Meta:
        app = "wismo"
        table = "statement_difference"
        unique_together = (("account_id", "kind", "key", "reference"),)
        indexes = (Index(fields=("cleared_at", "found_at")),)
