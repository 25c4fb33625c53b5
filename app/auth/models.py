"""Sessions of agents and tokens of visitors. Only hashes are stored."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField
from core.people import Agent, Customer


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
