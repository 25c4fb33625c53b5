"""The return policies that hold for a shop: the law, and what the shop has published itself, version by version."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.expressions import Q
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import UtcDatetimeField, code_field, public_id_field
from core.people import Agent
from core.shops import Shop
from orders.models import Order
from orders.policies.deciding import UNDECIDED, Cited, ReturnPolicy
from orders.policies.documents import read_rows, read_timers
from orders.policies.jurisdictions import law_of
from orders.policies.presets import EARLIER, LAW, PRESETS, USUAL
from orders.refunds.case import Jurisdiction

DRAFT, PUBLISHED, RETIRED = "draft", "published", "retired"
OWN = "shop"  # the name under which decisions cite a shop's own policy


class PolicyVersion(Model):
    """One version of a shop's own policy. What is published is never changed; the built-in ones are code, not rows.

    It is in force from `published_at` until `ended_at`: until another one was published, or it was withdrawn.
    """

    id = fields.BigIntField(primary_key=True)
    public_id = public_id_field()  # pol_…
    shop: fields.ForeignKeyNullableRelation[Shop] = fields.ForeignKeyField(
        "wismo.Shop", null=True, related_name="policies"
    )
    shop_id: int | None
    name = code_field(default=OWN)
    version = fields.IntField(null=True)  # 1, 2, … in the order of publishing; a draft has none
    state = code_field(default=DRAFT)
    place = code_field(null=True, unique=True)  # `draft:7`, `published:7`: at most one of each for shop 7
    rows: Any = fields.JSONField(default=list)
    timers: Any = fields.JSONField(default=list)
    note = fields.CharField(max_length=300, default="")
    revision = fields.IntField(default=1)  # counts the changes of a draft
    based_on = fields.IntField(null=True)  # the version that a draft began as
    created_at = UtcDatetimeField()
    created_by: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, on_delete=fields.SET_NULL, related_name="policies_drafted"
    )
    created_by_id: int | None
    published_at = UtcDatetimeField(null=True)
    published_by: fields.ForeignKeyNullableRelation[Agent] = fields.ForeignKeyField(
        "wismo.Agent", null=True, on_delete=fields.SET_NULL, related_name="policies_published"
    )
    published_by_id: int | None
    ended_at = UtcDatetimeField(null=True)

    class Meta:
        app = "wismo"
        table = "policy_version"
        unique_together = (("shop_id", "name", "version"),)
        indexes = (
            Index(fields=("shop_id", "published_at")),
            Index(fields=("created_by_id",)),
            Index(fields=("published_by_id",)),
        )


async def policies_of(shop_id: int, placed_at: datetime | None = None) -> tuple[ReturnPolicy, ...]:
    """What `orders.policies.deciding.decide` asks for a shop: the laws, then the shop's own policy as it is now.

    With `placed_at` also the one that was in force when the order was placed, because it was promised with the
    purchase: whichever is better for the customer holds. Without a policy of its own a shop has the usual terms.
    One statement.
    """
    wanted = Q(ended_at=None)
    if placed_at is not None:
        wanted |= Q(published_at__lte=placed_at, ended_at__gt=placed_at)
    found = await PolicyVersion.filter(Q(shop_id=shop_id, published_at__not_isnull=True) & wanted).order_by("id")
    now_in_force = [policy_of(version) for version in found if version.ended_at is None] or [USUAL]
    return (*LAW, *now_in_force, *(policy_of(version) for version in found if version.ended_at is not None))


def policy_of(version: PolicyVersion) -> ReturnPolicy:
    """A version as the pure functions take it; a draft counts as version 0."""
    return ReturnPolicy(
        name=version.name,
        version=version.version or 0,
        jurisdictions=frozenset(Jurisdiction),
        rows=read_rows(version.rows),
        timers=read_timers(version.timers),
    )


def cited_among(decision: Mapping[str, Any], versions: Iterable[PolicyVersion]) -> Cited | None:
    """The row that a stored decision names, from the built-in policies and these versions of its shop; None when the
    version is not among them."""
    policy, number = str(decision.get("policy", "")), int(decision.get("version") or 0)
    if not policy:
        return Cited("", 0, UNDECIDED)
    own = (policy_of(one) for one in versions if one.name == policy and one.version == number)
    kept = _named((*PRESETS, *EARLIER), policy, number) or next(own, None)
    row = next((each for each in kept.rows if each.id == decision.get("row")), None) if kept else None
    return Cited(policy, number, row) if row is not None else None


def jurisdiction_of(shop: Shop, order: Order | None) -> Jurisdiction:
    """Whose law protects the customer: that of the country the order goes to, else of the shop's country.

    Regulation (EC) 593/2008, art. 6: what the law of the consumer's home grants cannot be agreed away.
    """
    there = order.ship_to.get("country") if order is not None and order.ship_to else None
    return law_of(there or shop.country)


def _named(policies: Iterable[ReturnPolicy], name: str, version: int) -> ReturnPolicy | None:
    return next((each for each in policies if (each.name, each.version) == (name, version)), None)
