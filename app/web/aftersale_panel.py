"""The after-sales cases of a ticket beside its thread: where each stands, who decided why, what may be done now."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from app.i18n import day, gettext, when
from app.policy_text import conditions, policy_name, terms
from app.web.aftersale_words import (
    CONDITIONS,
    EXPIRIES,
    KINDS,
    NO_POLICY,
    ORIGINS,
    PROBLEMS,
    REASONS,
    RULES,
    STATES,
    TIMERS,
)
from app.web.labels import word
from app.web.times import due, iso
from conversations.models import Attachment
from core.bundles import Bundle, Later
from core.clock import now
from core.money import Money, format_money
from core.people import Agent
from core.shops import Shop
from orders.models import Shipment
from orders.policies.deciding import Outcome
from orders.policies.versions import PolicyVersion, cited_among
from orders.refunds.models import RefundIntent
from tickets.aftersales.actions import actions_of
from tickets.aftersales.kinds import Condition
from tickets.aftersales.models import AfterSale, AfterSaleLine, AfterSaleTimer
from tickets.aftersales.money import bears_label
from tickets.aftersales.states import OVER, State, path
from tickets.models import Ticket


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


MOST, MOST_FILES, MOST_POLICIES = 10, 20, 20  # cases of a ticket, files to choose from, versions that they may cite

_OF = (
    "(SELECT a.id FROM aftersale AS a WHERE a.ticket_id = {ticket}"
    " OR a.ticket_id IN (SELECT k.id FROM ticket AS k WHERE k.merged_into_id = {ticket})"
    " ORDER BY a.id DESC LIMIT {most})"
)
_LINES = (
    "SELECT l.id, o.title, o.variant FROM aftersale_line AS l JOIN order_line AS o ON o.id = l.line_id"  # noqa: S608
    f" WHERE l.case_id IN {_OF}"
)
_ORDERS = (
    "SELECT a.id, o.number, o.public_id AS name FROM aftersale AS a"  # noqa: S608
    f" JOIN shop_order AS o ON o.id = a.order_id WHERE a.id IN {_OF}"
)
_PARCELS = (
    "WHERE t.id IN (SELECT a.returned_id FROM aftersale AS a WHERE a.id IN {of})"
    " OR t.id IN (SELECT a.replacement_id FROM aftersale AS a WHERE a.id IN {of})"
).replace("{of}", _OF)
_REFUNDS = f"WHERE t.case_id IN (SELECT a.public_id FROM aftersale AS a WHERE a.id IN {_OF}) ORDER BY t.attempt"  # noqa: S608

# The steps that stand on the way of a case that goes well, for one that has left it.
_BESIDE = {
    State.UNDER_REVIEW: State.REQUESTED,
    State.NEEDS_INFO: State.REQUESTED,
    State.REJECTED: State.APPROVED,
    State.PLATFORM_REVIEW: State.APPROVED,
    State.REFUND_FAILED: State.REFUND_PENDING,
}
_POLICIES = "WHERE t.shop_id = {shop} AND t.version IS NOT NULL ORDER BY t.version DESC LIMIT {most}"
_FILES = (
    "WHERE t.conversation_id = {conversation} AND t.message_id IS NOT NULL AND t.state = 'ready'"
    " ORDER BY t.id DESC LIMIT {most}"
)
_BAD = frozenset({State.REJECTED, State.REFUND_FAILED, State.CANCELLED})


def aftersales_in(bundle: Bundle, ticket: Ticket, shop: Shop, agent: Agent) -> Later[dict[str, Any] | None]:
    """The cases of a ticket and of those that were merged into it, the newest first."""
    of = {"ticket": ticket.id, "most": MOST}
    cases = bundle.rows(AfterSale, f"WHERE t.id IN {_OF} ORDER BY t.id DESC", **of)
    lines = bundle.rows(AfterSaleLine, f"WHERE t.case_id IN {_OF} ORDER BY t.id", **of)
    titles, orders = bundle.table("id title variant", _LINES, **of), bundle.table("id number name", _ORDERS, **of)
    timers = bundle.rows(AfterSaleTimer, f"WHERE t.case_id IN {_OF} AND t.done_at IS NULL ORDER BY t.due_at", **of)
    parcels = bundle.rows(Shipment, _PARCELS, **of)
    refunds = bundle.rows(RefundIntent, _REFUNDS, **of)
    versions = bundle.rows(PolicyVersion, _POLICIES, shop=shop.id, most=MOST_POLICIES)
    files = bundle.rows(Attachment, _FILES, conversation=ticket.conversation_id, most=MOST_FILES)

    def shown() -> dict[str, Any] | None:
        if not cases:
            return None
        names = {row["id"]: " · ".join(part for part in (row["title"], row["variant"]) if part) for row in titles}
        sold = {row["id"]: row for row in orders}
        tracked = {parcel.id: parcel for parcel in parcels}
        paid = {refund.case_id: refund for refund in refunds}
        base = f"/console/tickets/{ticket.number}/cases"
        return {
            "files": [{"id": file.public_id, "name": file.name} for file in files],
            "cases": [
                _case(case, base, agent, shop, versions)
                | {
                    "order": sold[case.id]["number"] if case.id in sold else "",
                    "signals": f"/console/orders/{sold[case.id]['name']}/signals" if case.id in sold else "",
                    "lines": [_line(line, names, case, agent.language) for line in lines if line.case_id == case.id],
                    "timers": [_timer(one, shop.timezone, agent.language) for one in timers if one.case_id == case.id],
                    "parcels": _parcels(case, tracked, agent.language),
                    "refund": _refund(paid.get(case.public_id), agent.language),
                }
                for case in cases
            ],
        }

    return shown


def decided(
    decision: Mapping[str, Any], versions: Iterable[PolicyVersion], language: str, shop: str = ""
) -> dict[str, str]:
    """A decision in words: what allowed it, the policy, its row as it was then, and the last day of the right; with the
    key of the `shop` also where the row can be read."""
    until, cited = decision.get("open_until"), cited_among(decision, versions)
    about = [*conditions(cited.row, language)] if cited else []
    if cited and cited.row.outcome is not Outcome.REFUSE:
        about += terms(cited.row, language)
    if until:
        last = datetime.fromisoformat(f"{until}T12:00:00+00:00")
        about.append(gettext(_("right until %(day)s"), language) % {"day": day(last, "UTC", language)})
    name = (
        policy_name(cited.policy, cited.version, language) if cited and cited.policy else gettext(NO_POLICY, language)
    )
    source = gettext(cited.row.source, language) if cited and cited.policy else ""
    rule = word(RULES, str(decision.get("rule", "")), language)
    page = f"/console/policies/{shop}/{cited.policy}/{cited.version}" if shop and cited and cited.policy else ""
    url = f"{page}#{quote(cited.row.id)}" if page and cited else ""
    return {"rule": rule, "policy": name, "source": source, "terms": " · ".join(about), "url": url}


def _case(case: AfterSale, base: str, agent: Agent, shop: Shop, versions: Iterable[PolicyVersion]) -> dict[str, Any]:
    language, zone = agent.language, shop.timezone
    label, tone, icon = STATES.get(case.state, (case.state, "", "clock"))
    difference = case.difference or 0
    return {
        "id": case.public_id,
        "number": case.number,
        "url": f"{base}/{case.public_id}",
        "version": case.version,
        "kind": word(KINDS, case.kind, language),
        "reason": word(REASONS, case.reason, language),
        "state": gettext(label, language),
        "tone": tone,
        "icon": icon,
        "over": case.state in OVER,
        "steps": _steps(case, language),
        "decision": decided(case.decision, versions, language, shop.key) if case.decided_at else None,
        "asked": _money(case.amount, case.currency, language),
        "granted": _money(case.granted, case.currency, language) if case.granted != case.amount else "",
        "difference": _money(abs(difference), case.currency, language) if difference else "",
        "customer_pays": difference > 0,
        "settled": when(case.settled_at, zone, language) if case.settled_at else "",
        "bears_label": bears_label(case),
        "label_paid": _money(case.label_paid, case.currency, language),
        "problem": word(PROBLEMS, case.problem, language),
        "note": case.note,
        "answer": case.answer,
        "platform": case.platform_ref,
        "photos": [_photo(photo) for photo in case.evidence],
        "actions": actions_of(case, agent.role),
        "conditions": [(one.value, gettext(CONDITIONS[one], language)) for one in Condition],
    }


def _steps(case: AfterSale, language: str) -> list[dict[str, str]]:
    """The way of the case: what is behind it, where it stands, what is ahead; a case that left the way says where."""
    steps, state = list(path(case.kind)), State(case.state)
    place = _BESIDE.get(state, state)
    if state is State.CANCELLED:
        return [{"label": gettext(STATES[state][0], language), "state": "problem"}]
    here = steps.index(place) if place in steps else 0
    shown = []
    for number, step in enumerate(steps):
        if number == here and state is not State.CLOSED:
            mark = "problem" if state in _BAD else "now"
            shown.append({"label": gettext(STATES[state][0], language), "state": mark})
        else:
            behind = number < here or state is State.CLOSED
            shown.append({"label": gettext(STATES[step][0], language), "state": "done" if behind else ""})
    return shown


def _line(line: AfterSaleLine, names: Mapping[int, str], case: AfterSale, language: str) -> dict[str, Any]:
    most = line.granted
    seen = ""
    if line.received is not None:
        text = gettext(_("%(received)s came, %(accepted)s accepted"), language)
        seen = text % {"received": line.received, "accepted": line.accepted or 0}
    return {
        "id": line.id,
        "title": names.get(line.id, ""),
        "units": most,
        "seen": seen,
        "condition": word(CONDITIONS, line.condition, language) if line.condition else "",
        "instead": line.replacement,
        "price": _money(line.price_now, case.currency, language),
    }


def _timer(timer: AfterSaleTimer, zone: str, language: str) -> dict[str, str]:
    left, tone = due(timer.due_at, now(), language)
    return {
        "what": word(TIMERS, timer.kind, language),
        "left": left,
        "tone": tone if timer.side == "seller" else "",
        "iso": iso(timer.due_at),
        "at": when(timer.due_at, zone, language),
        "then": word(EXPIRIES, timer.on_expiry, language),
        "origin": word(ORIGINS, timer.origin, language),
        "source": timer.source,
    }


def _parcels(case: AfterSale, tracked: Mapping[int, Shipment], language: str) -> list[dict[str, str]]:
    named = [("Return parcel", case.returned_id), ("Replacement parcel", case.replacement_id)]
    return [
        {"title": gettext(title, language), "carrier": row.carrier, "number": row.tracking_number}
        for title, parcel_id in named
        if (row := tracked.get(parcel_id or 0)) is not None
    ]


def _refund(refund: RefundIntent | None, language: str) -> dict[str, str] | None:
    if refund is None:
        return None
    return {"amount": _money(refund.amount, refund.currency, language), "state": refund.state}


def _photo(photo: Mapping[str, Any]) -> dict[str, Any]:
    url = f"/files/{photo['id']}/{quote(str(photo['name']), safe='')}"
    return {"name": photo["name"], "url": url, "picture": str(photo.get("type", "")).startswith("image/")}


def _money(amount: int | None, currency: str, language: str) -> str:
    return "" if amount is None else format_money(Money(amount, currency), language)
