"""Conditions of a saved view: read from what a form or a row says, and told as a part of a statement. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from conversations.models import API, CHAT, EMAIL, PHONE
from core.errors import Invalid
from orders.responsibility import Party, usual_headlines
from orders.statuses import Headline
from tickets.models import KINDS, PRIORITIES
from tickets.statuses import ACTIVE, Status
from tickets.view_parts import ANYBODYS, MINE, NOBODYS, View

ME, NOBODY = "me", "nobody"
LONGEST_VALUE, MOST_VALUES, MOST_HOURS = 64, 30, 24 * 30

_KNOWN: dict[str, frozenset[str]] = {
    "statuses": frozenset(Status),
    "kinds": frozenset(KINDS),
    "priorities": frozenset(PRIORITIES),
    "headlines": frozenset(Headline),
    "parties": frozenset(Party),
    "channels": frozenset({CHAT, EMAIL, PHONE, API}),
    "languages": frozenset({"en", "zh"}),
}
_OWED = "t.status = 'open' AND (t.first_replied_at IS NULL OR t.asked_at IS NOT NULL)"
_ORDERED = (
    "EXISTS (SELECT 1 FROM ticket_link AS vl JOIN shop_order AS vo ON vo.id = vl.order_id"
    " WHERE vl.ticket_id = t.id AND vl.confirmed AND vo.headline IN ({%s}))"
)
_TALKED = " AND EXISTS (SELECT 1 FROM conversation AS vc WHERE vc.id = t.conversation_id AND vc.%s IN ({%s}))"
_TAGGED = (
    "(SELECT DISTINCT vx.ticket_id AS id FROM tag AS vg CROSS JOIN ticket_tag AS vx WHERE vg.name IN ({tags})"
    " AND vx.tag_id = vg.id) AS few CROSS JOIN ticket AS t"
)
_TEAM = (
    " AND EXISTS (SELECT 1 FROM team AS vt WHERE vt.public_id = {team} AND (vt.id = (SELECT vc.team_id"
    " FROM conversation AS vc WHERE vc.id = t.conversation_id) OR EXISTS (SELECT 1 FROM team_member AS vm"
    " WHERE vm.team_id = vt.id AND vm.agent_id = t.assignee_id)))"
)
_ASSIGNEE = " AND t.assignee_id = (SELECT va.id FROM agent AS va WHERE va.public_id = {assignee})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """All that are given must hold; within one, any of its values. Without statuses it is open and pending."""

    statuses: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    headlines: tuple[str, ...] = ()  # of a confirmed order
    parties: tuple[str, ...] = ()  # who holds the ball, by the ticket and the order's headline
    channels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    assignee: str = ""  # me · nobody · public id of an agent; empty: whoever
    team: str = ""  # public id: its queue, or its members' work
    due_hours: int = 0  # a clock is overrun or runs out within so many hours; 0: whatever


def read_conditions(given: Mapping[str, Any]) -> Conditions:
    """Conditions from a row or a form. Raises Invalid (bad_conditions) with the `field` that cannot be read."""
    known = {each.name for each in fields(Conditions)}
    values: dict[str, Any] = {}
    for name in known & given.keys():
        value = given[name]
        if name == "due_hours":
            values[name] = _hours(value)
        elif name in ("assignee", "team"):
            values[name] = _word(name, value)
        else:
            values[name] = _words(name, value)
    return Conditions(**values)


def as_row(conditions: Conditions) -> dict[str, Any]:
    """As it is kept: only what is said."""
    return {name: value for name, value in asdict(conditions).items() if value}


def view_of(conditions: Conditions, at: datetime) -> View:
    """The conditions as a view `at` a moment (UTC)."""
    values: dict[str, Any] = {}
    extra = ""
    for name, column in (("kinds", "kind"), ("priorities", "priority")):
        if chosen := getattr(conditions, name):
            values[name] = list(chosen)
            extra += f" AND t.{column} IN ({{{name}}})"
    for name, column in (("channels", "channel"), ("languages", "language")):
        if chosen := getattr(conditions, name):
            values[name] = list(chosen)
            extra += _TALKED % (column, name)
    if conditions.headlines:
        values["headlines"] = list(conditions.headlines)
        extra += f" AND {_ORDERED % 'headlines'}"
    if conditions.team:
        values["team"] = conditions.team
        extra += _TEAM
    if conditions.due_hours:
        values["due"] = at + timedelta(hours=conditions.due_hours)
        extra += " AND t.clock_due_at < {due}"
    if conditions.parties:
        extra += _parties(conditions.parties, values)
    owner = {ME: MINE, NOBODY: NOBODYS, "": ANYBODYS}.get(conditions.assignee)
    if owner is None:
        values["assignee"] = conditions.assignee
        owner, extra = ANYBODYS, extra + _ASSIGNEE
    statuses = conditions.statuses or ACTIVE
    if not conditions.tags:
        return View(statuses, (owner,), extra, values)
    values |= {"tags": list(conditions.tags), "statuses": list(statuses)}  # what has a tag is few among all
    return View((), (owner,), extra + " AND t.id = few.id AND t.status IN ({statuses})", values, _TAGGED)


def _parties(parties: Sequence[str], values: dict[str, Any]) -> str:
    """Whoever owes an answer comes before everybody, and who was asked after everybody, as in `responsibility`."""
    ways = []
    if Party.AGENT in parties:
        ways.append(f"({_OWED})")
    headlines = sorted({headline for party in parties for headline in usual_headlines(Party(party))})
    if headlines:
        values["party_headlines"] = headlines
        ways.append(f"(NOT ({_OWED}) AND {_ORDERED % 'party_headlines'})")
    if Party.CUSTOMER in parties:
        ways.append("t.status = 'pending'")
    return f" AND ({' OR '.join(ways)})"


def _hours(value: Any) -> int:
    text = str(value or 0)
    if not (text.isascii() and text.isdigit() and len(text) <= 6) or int(text) > MOST_HOURS:
        raise Invalid("hours from 0 to 720", code="bad_conditions", field="due_hours")
    return int(text)


def _word(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_VALUE:
        raise Invalid("a word is too long", code="bad_conditions", field=name)
    return value


def _words(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > MOST_VALUES:
        raise Invalid("a list of words", code="bad_conditions", field=name)
    words = tuple(dict.fromkeys(_word(name, word) for word in value if word))
    if name in _KNOWN and not _KNOWN[name].issuperset(words):
        raise Invalid("not a known word", code="bad_conditions", field=name)
    return words
