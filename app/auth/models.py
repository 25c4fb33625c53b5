"""Sessions of agents and tokens of visitors. Only hashes are stored."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField
from core.people import Agent, Customer
from core.shops import Shop


class Session(Model):
    """An agent's login: revocable, listable, with idle and absolute expiry."""

    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)  # SHA-256, hex
    form_token = fields.CharField(max_length=64)
    agent: fields.ForeignKeyRelation[Agent] = fields.ForeignKeyField("wismo.Agent", related_name="sessions")
    agent_id: int
    created_at = UtcDatetimeField()
    used_at = UtcDatetimeField()
    expires_at = UtcDatetimeField()
    ip = fields.CharField(max_length=64, default="")
    user_agent = fields.CharField(max_length=300, default="")

    class Meta:
        app = "wismo"
        table = "session"
        indexes = (Index(fields=("agent_id",)), Index(fields=("expires_at",)))


class VisitorToken(Model):
    """What a shop's page keeps for a visitor, so that a reload finds the same conversation."""

    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "wismo.Customer", related_name="visitor_tokens"
    )
    customer_id: int
    created_at = UtcDatetimeField()
    used_at = UtcDatetimeField()
    expires_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "visitor_token"
        indexes = (Index(fields=("customer_id",)), Index(fields=("expires_at",)))


class CustomerIdentity(Model):
    """Which customer of this desk is which customer of the shop, as the shop's own tokens say."""

    id = fields.BigIntField(primary_key=True)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="customer_identities")
    shop_id: int
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField("wismo.Customer", related_name="identities")
    customer_id: int
    subject = fields.CharField(max_length=200)  # the customer's id in the shop
    created_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "customer_identity"
        unique_together = (("shop_id", "subject"),)
        indexes = (Index(fields=("customer_id",)),)


class IdentityUse(Model):
    """An identity token that was used: none identifies twice."""

    id = fields.BigIntField(primary_key=True)
    digest = fields.CharField(max_length=64, unique=True)  # SHA-256 over shop and `jti`, hex
    expires_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "identity_use"
        indexes = (Index(fields=("expires_at",)),)
