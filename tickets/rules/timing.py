"""Rules that wait for time to pass: every minute, page by page through the tickets that have waited long enough."""

from datetime import datetime, timedelta

from core.business_hours import BusinessHours
from core.clock import now
from core.sql import as_time, fetch
from tickets.models import Ticket
from tickets.rules.conditions import explain
from tickets.rules.facts import TIMED, Trigger, facts_of
from tickets.rules.firing import fire
from tickets.rules.models import Rule
from tickets.statuses import UNFINISHED

PAGE = 200
# Since when a rule's time runs for a ticket, and when it runs at all.
_SINCE = {
    Trigger.SINCE_OPENED: ("t.created_at", ""),
    Trigger.SINCE_CUSTOMER: ("t.asked_at", ""),
    Trigger.SINCE_AGENT: ("c.last_message_at", " AND c.last_number > c.last_customer_number"),
}
# Whom a rule has acted on since then, it has acted on for that; whom it acts on once, at any time.
_OVERDUE = (
    "SELECT t.id, {since} AS since FROM ticket AS t JOIN conversation AS c ON c.id = t.conversation_id"
    " WHERE t.shop_id = {{shop}} AND t.status IN ({{statuses}}) AND t.merged_into_id IS NULL{runs}"
    " AND {since} <= {{latest}} AND ({since} > {{after}} OR ({since} = {{after}} AND t.id > {{after_id}}))"
    " AND NOT EXISTS (SELECT 1 FROM rule_firing AS f WHERE f.rule_id = {{rule}} AND f.ticket_id = t.id"
    " AND ({{once}} OR f.at > {since}))"
    " ORDER BY {since}, t.id LIMIT {{most}}"
)
_NEVER = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
Waiting = tuple[int, datetime]  # a ticket's database id, and since when it has waited


async def run_timed_rules() -> int:
    """Fire every rule whose time has passed for some ticket. Returns how often that was."""
    fired = 0
    rules = Rule.filter(enabled=True, trigger__in=list(TIMED)).order_by("position", "id")
    for rule in await rules.select_related("shop"):
        last: Waiting = (0, _NEVER)
        while page := await _overdue(rule, last):
            for ticket_id, since in await _fitting(rule, page):
                fired += await fire(rule, ticket_id, since.isoformat())
            last = page[-1]
    return fired


async def _overdue(rule: Rule, last: Waiting) -> list[Waiting]:
    """The next page of tickets that have waited long enough for a rule, those that have waited longest first."""
    since, runs = _SINCE[Trigger(rule.trigger)]
    rows = await fetch(
        _OVERDUE.format(since=since, runs=runs),
        shop=rule.shop_id,
        statuses=[status.value for status in UNFINISHED],
        latest=now() - timedelta(minutes=rule.wait_minutes or 0),
        after=last[1],
        after_id=last[0],
        rule=rule.id,
        once=rule.once,
        most=PAGE,
    )
    return [(row["id"], moment) for row in rows if (moment := as_time(row["since"])) is not None]


async def _fitting(rule: Rule, page: list[Waiting]) -> list[Waiting]:
    """Those of a page whose open time is over and whose conditions hold; the rest costs nothing more."""
    hours, wait = BusinessHours.of(rule.shop.hours, rule.shop.timezone), timedelta(minutes=rule.wait_minutes or 0)
    due = [one for one in page if not rule.open_time or hours.between(one[1], now()) >= wait]
    facts = await facts_of(await Ticket.filter(id__in=[ticket_id for ticket_id, _ in due])) if due else {}
    return [one for one in due if one[0] in facts and explain(rule.conditions, facts[one[0]]).holds]
