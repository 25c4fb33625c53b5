"""What the pages of return policies have in common: whose shop it is, and how rows, timers and versions are shown."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any

from app.i18n import full_day, gettext, when
from app.policy_text import conditions, finding_sentence, outcome, policy_name, terms, timer_sentence
from core.people import ADMIN, Agent
from core.shops import Shop
from orders.policies.checking import Finding, FindingKind
from orders.policies.deciding import Decision, Outcome, ReturnPolicy, Row
from orders.policies.diffing import SAME, compare
from orders.policies.timers import Timer
from orders.policies.versions import PUBLISHED, PolicyVersion

HERE = "/console/policies"
TONES = {Outcome.GRANT: "good", Outcome.REFUSE: "bad", Outcome.REVIEW: "warn"}
_GRAVE = frozenset({FindingKind.NEVER_REACHED, FindingKind.LAW_IS_SHORTER})


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


CHANGES = {"added": _("new"), "removed": _("gone"), "changed": _("changed"), "moved": _("moved")}
_BY_THE_DESK = _("the command line")


def shop_view(shop: Shop) -> dict[str, Any]:
    """The shop's name and the addresses of its pages."""
    url = f"{HERE}/{shop.key}"
    return {"name": shop.name, "key": shop.key, "url": url, "draft": f"{url}/draft"}


def rows_view(rows: Iterable[Row], language: str) -> list[dict[str, Any]]:
    """Rows as a table shows them."""
    return [row_view(row, language) for row in rows]


def row_view(row: Row, language: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "outcome": outcome(row.outcome, language),
        "tone": TONES[row.outcome],
        "when": conditions(row, language),
        "then": terms(row, language) if row.outcome is not Outcome.REFUSE else [],
        "source": gettext(row.source, language),
    }


def timers_view(timers: Iterable[Timer], language: str) -> list[dict[str, str]]:
    return [{"text": timer_sentence(each, language), "source": each.source} for each in timers]


def findings_view(findings: Iterable[Finding], language: str) -> list[dict[str, str]]:
    return [
        {"text": finding_sentence(each, language), "tone": "warn" if each.kind in _GRAVE else "calm"}
        for each in findings
    ]


def changes_view(before: ReturnPolicy, after: ReturnPolicy, language: str) -> list[dict[str, Any]]:
    """The rows that differ, before and after."""
    return [
        {
            "kind": each.kind,
            "label": gettext(CHANGES[each.kind], language),
            "before": row_view(each.before, language) if each.before and each.kind != "moved" else None,
            "after": row_view(each.after, language) if each.after else None,
        }
        for each in compare(before.rows, after.rows)
        if each.kind != SAME
    ]


def decision_view(decision: Decision, language: str) -> dict[str, Any]:
    """A decision with the rows that it comes from."""
    until = decision.open_until
    cited = [(decision.policy, decision.version, decision.row)] if decision.policy else []
    cited += [(each.policy, each.version, each.row) for each in decision.added]
    return {
        "outcome": outcome(decision.outcome, language),
        "tone": TONES[decision.outcome],
        "until": full_day(datetime.combine(until, time(12), UTC), "UTC", language) if until else "",
        "rows": [
            row_view(row, language) | {"policy": policy_name(name, number, language)} for name, number, row in cited
        ],
    }


def version_view(version: PolicyVersion, shop: Shop, language: str) -> dict[str, Any]:
    """A version as a list shows it. Agents come along with `fetch_for_list`."""
    begun, ended = version.published_at, version.ended_at
    return {
        "number": version.version,
        "url": f"{HERE}/{shop.key}/{version.name}/{version.version}",
        "in_force": version.state == PUBLISHED,
        "from": when(begun, shop.timezone, language) if begun else "",
        "year": full_day(begun, shop.timezone, language) if begun else "",
        "until": full_day(ended, shop.timezone, language) if ended else "",
        "by": version.published_by.name if version.published_by else gettext(_BY_THE_DESK, language),
        "note": version.note,
        "again": version.based_on if version.note == f"= {version.based_on}" else None,
    }


def may_publish(agent: Agent) -> bool:
    return bool(agent.role == ADMIN)
