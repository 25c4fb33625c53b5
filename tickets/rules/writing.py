"""Rules of a shop: written by supervisors, tried on tickets before they are switched on, and kept with a version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core import audit
from core.clock import now
from core.errors import Forbidden, Invalid, NotFound
from core.ids import as_id, new_id
from core.people import ADMIN, SUPERVISOR, Actor, Agent, shop_ids_of
from core.shops import Shop
from core.sql import fetch
from core.text import clean
from core.transactions import transaction
from tickets.macros.models import Macro
from tickets.models import PRIORITIES, Ticket
from tickets.rules.conditions import checked, explain
from tickets.rules.facts import FACTS, TIMED, Trigger, facts_of
from tickets.rules.listening import forget_listeners
from tickets.rules.models import Rule, RuleFiring
from tickets.statuses import Status
from tickets.tagging import tag_name

NAME_LIMIT, MOST_ACTIONS, MOST_RULES = 80, 8, 100
LONGEST_WAIT = 60 * 24 * 90  # minutes
ACTIONS = ("priority", "status", "tag", "untag", "assign", "note", "reply")
_FIRED = "SELECT rule_id, COUNT(*) AS times FROM rule_firing WHERE rule_id IN ({rules}) GROUP BY rule_id"
MOST_TRIED, MOST_DAYS = 500, 90


@dataclass(frozen=True, slots=True)
class Tried:
    """What a rule would do to one ticket: why, and which of its actions would change something."""

    ticket: Ticket
    explanation: Mapping[str, Any]
    changes: tuple[Mapping[str, str], ...]


async def save_rule(agent: Agent, shop: Shop, public_id: str = "", **values: Any) -> Rule:
    """Write a rule, or change the one of this public id: `name`, `trigger`, `wait_minutes`, `open_time`, `conditions`,
    `actions`, `once`. A new one is switched off.

    Raises Invalid (bad_rule_title, bad_trigger, bad_wait, bad_questions, bad_action), Forbidden (not_your_role),
    NotFound. Audited.
    """
    kept = await checked_rule(shop, values)
    async with transaction():
        rule = await _mine(agent, shop, public_id) if public_id else None
        if rule is None:
            _require_overseer(agent)
            place = await Rule.filter(shop_id=shop.id, retired_at__isnull=True).count()
            if place >= MOST_RULES:
                raise Invalid("a shop has a hundred rules at most", code="too_many_rules")
            shared = {"shop_id": shop.id, "position": place, "created_at": now(), "updated_at": now()}
            rule = await Rule.create(public_id=new_id("rul"), **shared, **kept)
        else:
            await rule.update_from_dict({**kept, "version": rule.version + 1, "updated_at": now()}).save()
        await audit.note(
            Actor.of(agent),
            "rule.saved",
            rule.public_id,
            shop=shop.public_id,
            version=rule.version,
            trigger=rule.trigger,
        )
    return rule


async def switch_rule(agent: Agent, shop: Shop, public_id: str, *, on: bool) -> Rule:
    """Let a rule work from now on, or no longer. Raises NotFound, Forbidden (not_your_role). Audited."""
    async with transaction():
        rule = await _mine(agent, shop, public_id)
        rule.enabled, rule.errors = on, 0
        await rule.save(update_fields=["enabled", "errors"])
        await audit.note(Actor.of(agent), "rule.switched", rule.public_id, on=on, version=rule.version)
    forget_listeners()
    return rule


async def retire_rule(agent: Agent, shop: Shop, public_id: str) -> None:
    """Take a rule away; what it did stays explained. Raises NotFound, Forbidden (not_your_role). Audited."""
    async with transaction():
        rule = await _mine(agent, shop, public_id)
        rule.enabled, rule.retired_at = False, now()
        await rule.save(update_fields=["enabled", "retired_at"])
        await audit.note(Actor.of(agent), "rule.retired", rule.public_id, version=rule.version)
    forget_listeners()


async def rules_of(shop_id: int) -> list[Rule]:
    """The shop's rules in the order in which they are asked."""
    return await Rule.filter(shop_id=shop_id, retired_at__isnull=True).order_by("position", "id")


async def rule_for(agent: Agent, shop: Shop, public_id: str) -> Rule:
    """One of them, for who may change it. Raises NotFound, Forbidden (not_your_role)."""
    return await _mine(agent, shop, public_id)


async def firings_of(rule_id: int, before: int | None = None, limit: int = 50) -> list[RuleFiring]:
    """What a rule has done, newest first, older than the firing id `before`; with the tickets."""
    found = RuleFiring.filter(rule_id=rule_id)
    found = found.filter(id__lt=before) if before else found
    return await found.order_by("-id").limit(limit).select_related("ticket")


async def times_fired(rule_ids: Sequence[int]) -> dict[int, int]:
    """How often each of these rules has done something, by its database id; those that never did are left out."""
    rows = await fetch(_FIRED, rules=list(rule_ids) or [0])
    return {row["rule_id"]: row["times"] for row in rows}


async def try_rule(shop: Shop, values: Mapping[str, Any], days: int) -> list[Tried]:
    """Which tickets of the last `days` (newest 500) fit the conditions as they are now, and what would change on them.

    Nothing is done. What has happened is not replayed: the trigger says when a rule is asked, the conditions of whom.
    Raises Invalid as `save_rule` does.
    """
    kept = await checked_rule(shop, values)
    since = now() - timedelta(days=max(1, min(days, MOST_DAYS)))
    recent = Ticket.filter(shop_id=shop.id, created_at__gte=since, merged_into_id=None)
    tickets = await recent.order_by("-id").limit(MOST_TRIED).select_related("assignee")
    facts = await facts_of(tickets)
    tried = []
    for ticket in tickets:
        why = explain(kept["conditions"], facts[ticket.id])
        if why.holds:
            tags = facts[ticket.id]["ticket.tags"]
            known = tags if isinstance(tags, frozenset) else frozenset()
            changes = tuple(act for act in kept["actions"] if would_change(act, ticket, known))
            tried.append(Tried(ticket, why.data, changes))
    return tried


def would_change(act: Mapping[str, str], ticket: Ticket, tags: frozenset[str]) -> bool:
    """Whether an action would leave the ticket other than it is. Words always do."""
    value = act["value"]
    match act["do"]:
        case "priority":
            return str(ticket.priority) != value
        case "status":
            return str(ticket.status) != value
        case "tag":
            return value not in tags
        case "untag":
            return value in tags
        case "assign":
            return (ticket.assignee.public_id if ticket.assignee else "nobody") != value
        case _:
            return True


async def checked_rule(shop: Shop, values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a rule as they are kept; see `save_rule` for the errors."""
    name = " ".join(clean(str(values.get("name", "")), limit=NAME_LIMIT + 1).split())
    if not 0 < len(name) <= NAME_LIMIT:
        raise Invalid("a rule has a name of 1 to 80 characters", code="bad_rule_title")
    trigger, wait = values.get("trigger"), values.get("wait_minutes")
    if trigger not in [each.value for each in Trigger]:
        raise Invalid("no such trigger", code="bad_trigger")
    if trigger in TIMED and not (isinstance(wait, int) and 0 < wait <= LONGEST_WAIT):
        raise Invalid("1 minute to 90 days", code="bad_wait")
    return {
        "name": name,
        "trigger": trigger,
        "wait_minutes": wait if trigger in TIMED else None,
        "open_time": bool(values.get("open_time")) and trigger in TIMED,
        "conditions": checked(values.get("conditions"), FACTS),
        "actions": await _actions(shop, values.get("actions", [])),
        "once": bool(values.get("once", True)),
    }


async def _actions(shop: Shop, actions: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    if not 0 < len(actions) <= MOST_ACTIONS:
        raise Invalid("a rule does something, and eight things at most", code="bad_action")
    return [{"do": act["do"], "value": await _value(shop, act.get("do", ""), act.get("value", ""))} for act in actions]


async def _value(shop: Shop, do: str, value: str) -> str:
    match do:
        case "priority" if value in PRIORITIES:
            return value
        case "status" if value in (Status.OPEN, Status.PENDING, Status.RESOLVED):
            return value
        case "tag" | "untag":
            return tag_name(value)
        case "assign" if value == "nobody" or await _works_for(shop, value):
            return value
        case "note" if 0 < len(words := clean(value, limit=1001)) <= 1000:
            return words
        case "reply" if await Macro.exists(
            public_id=as_id(value), shop_id=shop.id, owner_id=None, retired_at__isnull=True
        ):
            return value
    raise Invalid("a rule cannot do that", code="bad_action", do=do)


async def _works_for(shop: Shop, public_id: str) -> bool:
    agent = await Agent.get_or_none(public_id=as_id(public_id), active=True)
    return agent is not None and shop.id in await shop_ids_of(agent)


async def _mine(agent: Agent, shop: Shop, public_id: str) -> Rule:
    rule = await Rule.filter(public_id=as_id(public_id), shop_id=shop.id, retired_at__isnull=True).first()
    if rule is None or shop.id not in await shop_ids_of(agent):
        raise NotFound("no such rule")
    _require_overseer(agent)
    return rule


def _require_overseer(agent: Agent) -> None:
    if agent.role not in (SUPERVISOR, ADMIN):
        raise Forbidden("rules are for supervisors", code="not_your_role")
