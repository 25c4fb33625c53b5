"""Who may send how much money back alone, and when a second person is needed. Defaults are data; shops set their own.

A shop's setting (`Shop.refund_limits`) has the same form: currency → role → minor units, for one refund (`single`) and
for all that one person allowed within 24 hours (`daily`); None is no limit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tortoise.functions import Sum

from core import audit
from core.clock import now
from core.errors import Invalid
from core.people import ADMIN, AGENT, ROLES, SUPERVISOR, Actor, Agent
from core.shops import Shop
from core.transactions import transaction
from orders.contacts import normal_email
from orders.models import Order
from orders.refunds.fields import check_currency
from orders.refunds.models import RefundIntent
from orders.refunds.states import IntentState

DAY = timedelta(hours=24)
KINDS = ("single", "daily")
SINGLE: Mapping[str, Mapping[str, int | None]] = {
    "CNY": {AGENT: 200_00, SUPERVISOR: 2_000_00, ADMIN: None},
    "USD": {AGENT: 30_00, SUPERVISOR: 300_00, ADMIN: None},
}
DAILY: Mapping[str, Mapping[str, int | None]] = {
    "CNY": {AGENT: 2_000_00, SUPERVISOR: 20_000_00, ADMIN: None},
    "USD": {AGENT: 300_00, SUPERVISOR: 3_000_00, ADMIN: None},
}
_ELSEWHERE: Mapping[str, int | None] = {AGENT: 0, SUPERVISOR: None, ADMIN: None}  # a currency nobody has set
_COUNTS = (IntentState.CREATED, IntentState.PENDING, IntentState.SUCCEEDED, IntentState.FROZEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a role may send back alone in one refund and in 24 hours: minor units, None for no limit.

    `source`: "shop", "usual", or "no_limit_set" for a currency of which nobody has said anything.
    """

    single: int | None
    daily: int | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one person may send back alone: minor units, None for no limit. `rule` names where that stands."""

    single: int | None
    daily_left: int | None
    rule: str

    def exceeded_by(self, amount: int) -> str:
        """ "above_limit" or "daily_limit"; "" when the person may."""
        if self.single is not None and amount > self.single:
            return "above_limit"
        return "daily_limit" if self.daily_left is not None and amount > self.daily_left else ""


async def allowance_of(actor: Actor, shop: Shop, currency: str, *, cancels: bool = False) -> Allowance:
    """What `actor` may send back alone in `currency`.

    Neither the bot, the system nor a customer may send money, but for cancelling what was not sent (`cancels`), which
    the desk's rules have granted: then a supervisor's limit holds.
    """
    agent = await Agent.get_or_none(id=actor.id, active=True) if actor.kind == "agent" else None
    if agent is None and not cancels:
        return Allowance(single=0, daily_left=0, rule=f"limit:{actor.kind}")
    role = str(agent.role) if agent else SUPERVISOR
    limits = limits_of(shop, currency, role)
    daily = limits.daily
    if agent is not None and daily is not None:
        daily = max(daily - await _allowed_lately(agent.id, currency), 0)
    who = role if agent else f"{actor.kind}:cancels_unshipped"
    return Allowance(single=limits.single, daily_left=daily, rule=f"limit:{who}:{currency}:{limits.source}")


def limits_of(shop: Shop, currency: str, role: str) -> Limits:
    """What holds for a role in a currency: what the shop has set, else what is usual."""
    own = shop.refund_limits or {}
    told = {kind: own.get(kind, {}).get(currency, {}) for kind in KINDS}
    most = {kind: told[kind].get(role, usual_limit(kind, currency, role)) for kind in KINDS}
    source = "shop" if role in told["single"] else "usual" if currency in SINGLE else "no_limit_set"
    return Limits(single=most["single"], daily=most["daily"], source=source)


def usual_limit(kind: str, currency: str, role: str) -> int | None:
    """The limit of `kind` (one of KINDS) where the shop has set none."""
    if kind == "single":
        return SINGLE.get(currency, _ELSEWHERE).get(role, 0)
    return DAILY.get(currency, {}).get(role)


def shown_currencies(shop: Shop) -> list[str]:
    """The currencies of which something is known: the shop's own first."""
    own = {currency for kind in KINDS for currency in (shop.refund_limits or {}).get(kind, {})}
    return [shop.currency, *sorted({*own, *SINGLE} - {shop.currency})]


async def is_own_order(agent_id: int | None, order: Order) -> bool:
    """Whether the order was bought with the agent's own address: they are the one who would be paid."""
    agent = await Agent.get_or_none(id=agent_id) if agent_id is not None else None
    return bool(agent and order.email and normal_email(agent.email) == normal_email(order.email))


async def set_refund_limits(shop: Shop, limits: Mapping[str, Any] | None, *, actor: Actor | None = None) -> None:
    """Give `shop` limits of its own, or none: then the usual ones hold. Audited.

    Raises Invalid: bad_limits for another form, unknown_currency; limits_contradict when a role may send less in a day
    than at once, limits_upside_down when it may send more than the role above it.
    """
    for kind, currencies in (limits or {}).items():
        roles = list(currencies.values()) if isinstance(currencies, Mapping) else [None]
        if kind not in KINDS or not all(_are_limits(each) for each in roles):
            raise Invalid("limits are single or daily → currency → role → minor units", code="bad_limits")
    kept = _tidy(limits or {})
    _check_sense(Shop(currency=shop.currency, refund_limits=kept))
    async with transaction():
        shop.refund_limits = kept or None
        await shop.save(update_fields=["refund_limits"])
        await audit.note(actor, "shop.refund_limits_set", shop.public_id, limits=shop.refund_limits)


def _are_limits(roles: Any) -> bool:
    return isinstance(roles, Mapping) and all(
        role in ROLES and (most is None or (type(most) is int and most >= 0)) for role, most in roles.items()
    )


def _tidy(limits: Mapping[str, Any]) -> dict[str, Any]:
    """Without currencies and kinds of which nothing is said."""
    kinds = {kind: {each: dict(roles) for each, roles in told.items() if roles} for kind, told in limits.items()}
    return {kind: told for kind, told in kinds.items() if told}


def _check_sense(shop: Shop) -> None:
    for currency in {each for told in (shop.refund_limits or {}).values() for each in told}:
        check_currency(currency)
        below: Limits | None = None
        for role in ROLES:
            limits = limits_of(shop, currency, role)
            about = {"currency": currency, "role": role}
            if _above(limits.single, limits.daily):
                raise Invalid("less in a day than at once", code="limits_contradict", **about)
            if below and (_above(below.single, limits.single) or _above(below.daily, limits.daily)):
                raise Invalid("less than the role below", code="limits_upside_down", **about)
            below = limits


def _above(one: int | None, other: int | None) -> bool:
    """Whether `one` is the higher limit. No limit for one refund is held by that of a day."""
    return one is not None and other is not None and one > other


async def _allowed_lately(agent_id: int, currency: str) -> int:
    rows: Sequence[dict[str, Any]] = (
        await RefundIntent.filter(
            approved_by=agent_id, currency=currency, state__in=_COUNTS, decided_at__gte=now() - DAY
        )
        .annotate(total=Sum("amount"))
        .values("total")
    )
    return int(rows[0]["total"] or 0) if rows else 0
