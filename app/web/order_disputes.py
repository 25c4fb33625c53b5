"""Money that a customer has asked the bank for: what the desk must know before it ships, refunds or answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.i18n import gettext, when
from app.web.labels import DISPUTES
from app.web.times import iso, stamp
from core.money import Money, format_money
from orders.models import Dispute
from orders.statuses import OPEN_DISPUTES, DisputeState


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


def dispute_hints(disputes: Sequence[Dispute], timezone: str, language: str) -> list[dict[str, str]]:
    """What the desk must know before it ships, refunds or answers; customers are never told of it."""
    found = []
    for row in disputes:
        text, values = _words(row), {"amount": format_money(Money(row.amount, row.currency), language)}
        if row.evidence_due_by is not None and row.state == DisputeState.NEEDS_RESPONSE:
            values["time"] = when(row.evidence_due_by, timezone, language)
            text = _("The bank wants evidence about %(amount)s by %(time)s. Until then, don’t ship and don’t refund.")
        if text:
            title = _("Money taken back by the bank") if row.state == DisputeState.LOST else _("Disputed at the bank")
            found.append({"title": gettext(title, language), "text": gettext(text, language) % values, "url": ""})
    return found


def dispute_rows(disputes: Sequence[Dispute], timezone: str, language: str, now: datetime) -> list[dict[str, Any]]:
    """Chargebacks and inquiries in words, with when they were opened or, at the end, closed."""
    return [_dispute(row, timezone, language, now) for row in disputes]


def _words(row: Dispute) -> str:
    if row.state == DisputeState.LOST:
        return _("%(amount)s went back to the customer. A refund would pay it a second time.")
    if row.state in OPEN_DISPUTES:
        return _("The bank is deciding about %(amount)s. Until then, don’t ship and don’t refund.")
    return ""


def _dispute(row: Dispute, timezone: str, language: str, now: datetime) -> dict[str, Any]:
    state, tone, icon = DISPUTES.get(row.state, (row.state, "", "alert"))
    moment = row.closed_at or row.opened_at
    return {
        "kind": gettext(_("Bank inquiry") if row.inquiry else _("Chargeback"), language),
        "reason": row.reason,
        "reference": row.source_id,
        "amount": format_money(Money(row.amount, row.currency), language),
        "state": gettext(state, language),
        "tone": tone,
        "icon": icon,
        "at": stamp(moment, timezone, language, now) if moment else "",
        "iso": iso(moment) if moment else "",
    }
