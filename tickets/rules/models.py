"""The tables of rules that work on tickets by themselves, and of what they have done."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field, public_id_field
from core.shops import Shop
from tickets.models import Ticket


class Rule(Model):
    """When something happens and its conditions hold, its actions are done."""

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # rul_…
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="rules")
    shop_id: int
    name = fields.CharField(max_length=80)
    position = fields.IntField(default=0)  # rules of a shop are asked in this order
    trigger = code_field()  # tickets.rules.facts.Trigger
    wait_minutes = fields.IntField(null=True)  # of rules for time that has passed
    open_time = fields.BooleanField(default=False, db_default=False)  # only the shop's business hours count
    conditions: Any = fields.JSONField(default=dict)  # see tickets/rules/conditions.py
    actions: Any = fields.JSONField(default=list)  # [{"do": "priority", "value": "high"}, …]
    once = fields.BooleanField(default=True)  # at most once for each ticket
    enabled = fields.BooleanField(default=False)
    errors = fields.IntField(default=0)  # in a row
    version = fields.IntField(default=1)
    retired_at = UtcDatetimeField(null=True)
    created_at = UtcDatetimeField()
    updated_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "rule"
        indexes = (Index(fields=("shop_id", "enabled", "trigger")), Index(fields=("enabled", "trigger")))


class RuleFiring(Model):
    """A rule did something to a ticket, and why. Rows are never changed."""

    id = fields.BigIntField(primary_key=True)
    rule: fields.ForeignKeyRelation[Rule] = fields.ForeignKeyField("wismo.Rule", related_name="firings")
    rule_id: int
    ticket: fields.ForeignKeyRelation[Ticket] = fields.ForeignKeyField("wismo.Ticket", related_name="firings")
    ticket_id: int
    mark = fields.CharField(max_length=120)  # what it fired for: "once", or the occasion
    version = fields.IntField()  # of the rule
    explanation: Any = fields.JSONField(default=dict)  # the conditions with what was found
    actions: Any = fields.JSONField(default=list)  # what was done: [{"do", "value", "refused": code or ""}, …]
    at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "rule_firing"
        unique_together = (("rule_id", "ticket_id", "mark"),)
        indexes = (Index(fields=("ticket_id", "id")), Index(fields=("rule_id", "id")))
