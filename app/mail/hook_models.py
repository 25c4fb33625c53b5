"""The door for signed mails by HTTP, of each shop: how long the former secret is good, and what was refused last."""

from tortoise import fields
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field
from core.shops import Shop


class MailHook(Model):
    """One for a shop that has had a secret since there is such a row. The secrets are the shop's."""

    id = fields.BigIntField(primary_key=True)
    shop: fields.OneToOneRelation[Shop] = fields.OneToOneField("wismo.Shop", related_name="mail_hook")
    shop_id: int
    renewed_at = UtcDatetimeField(null=True)
    former_until = UtcDatetimeField(null=True)  # when the secret before the newest one ends
    refused_at = UtcDatetimeField(null=True)  # of the last delivery that was not signed rightly, to the minute
    refused_why = code_field(default="")  # signature · time

    class Meta:
        app = "wismo"
        table = "mail_hook"
