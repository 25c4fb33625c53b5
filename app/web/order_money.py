"""The money of an order, payment by payment, and hints that something was paid or ordered twice."""

from collections.abc import Sequence
from typing import Any

from app.i18n import gettext, when
from app.web.labels import DISPUTES, PAYMENT_TONES, PAYMENTS, REFUND_STATES, TENDERS, word
from core.money import Money, format_money
from orders.duplicates import Capture, surplus
from orders.models import Dispute, Order, Payment, Refund
from orders.statuses import OPEN_DISPUTES, DisputeState


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


def money_rows(
    payments: Sequence[Payment], refunds: Sequence[Refund], disputes: Sequence[Dispute], timezone: str, language: str
) -> dict[str, list[dict[str, Any]]]:
    """Payments, refunds and disputes in words."""
    return {
        "payments": [_payment(row, timezone, language) for row in payments],
        "refunds": [_refund(row, timezone, language) for row in refunds],
        "disputes": [_dispute(row, timezone, language) for row in disputes],
    }


def dispute_hints(disputes: Sequence[Dispute], timezone: str, language: str) -> list[dict[str, str]]:
    """What the desk must know before it ships, refunds or answers; customers are never told of it."""
    found = []
    for row in disputes:
        text, values = _dispute_words(row), {"amount": format_money(Money(row.amount, row.currency), language)}
        if row.evidence_due_by is not None and row.state == DisputeState.NEEDS_RESPONSE:
            values["time"] = when(row.evidence_due_by, timezone, language)
            text = _("The bank wants evidence about %(amount)s by %(time)s. Do not ship and do not refund meanwhile.")
        if text:
            title = _("Money taken back by the bank") if row.state == DisputeState.LOST else _("Disputed at the bank")
            found.append({"title": gettext(title, language), "text": gettext(text, language) % values, "url": ""})
    return found


def hints(order: Order, payments: Sequence[Payment], twins: Sequence[Order], language: str) -> list[dict[str, str]]:
    """What a person should look at: nothing is refunded or cancelled by itself."""
    found = []
    captures = [
        Capture(payment=row.source_id, amount=row.captured, at=row.at or order.placed_at)
        for row in payments
        if row.currency == order.currency
    ]
    too_much = surplus(order.total, captures)
    if too_much is not None:
        later = ", ".join(capture.payment for capture in too_much.captures)
        text = _("%(amount)s more than the total was captured.")
        if later:
            text = _("%(amount)s more than the total was captured. The later payment is %(payment)s: refund that one.")
        values = {"amount": format_money(Money(too_much.amount, order.currency), language), "payment": later}
        found.append(
            {"title": gettext(_("Paid twice?"), language), "text": gettext(text, language) % values, "url": ""}
        )
    for twin in twins:
        text = gettext(_("Order %(number)s has the same goods and was placed within ten minutes."), language)
        found.append(
            {
                "title": gettext(_("Ordered twice?"), language),
                "text": text % {"number": twin.number},
                "url": f"/console/orders/{twin.public_id}",
            }
        )
    return found


def _payment(row: Payment, timezone: str, language: str) -> dict[str, Any]:
    amount = row.captured or row.authorised
    return {
        "tender": word(TENDERS, row.tender, language),
        "gateway": row.gateway,
        "reference": row.gateway_ref,
        "amount": format_money(Money(amount, row.currency), language) if amount else "",
        "state": word(PAYMENTS, row.state, language),
        "tone": PAYMENT_TONES.get(row.state, ""),
        "icon": "card",
        "at": when(row.at, timezone, language) if row.at else "",
    }


def _dispute_words(row: Dispute) -> str:
    if row.state == DisputeState.LOST:
        return _("%(amount)s went back to the customer. A refund would pay it a second time.")
    if row.state in OPEN_DISPUTES:
        return _("The bank decides about %(amount)s. Do not ship and do not refund meanwhile.")
    return ""


def _dispute(row: Dispute, timezone: str, language: str) -> dict[str, Any]:
    state, tone, icon = DISPUTES.get(row.state, (row.state, "", "alert"))
    moment = row.closed_at or row.opened_at
    return {
        "tender": gettext(_("Bank inquiry") if row.inquiry else _("Chargeback"), language),
        "gateway": row.reason,
        "reference": row.source_id,
        "amount": format_money(Money(row.amount, row.currency), language),
        "state": gettext(state, language),
        "tone": tone,
        "icon": icon,
        "at": when(moment, timezone, language) if moment else "",
    }


def _refund(row: Refund, timezone: str, language: str) -> dict[str, Any]:
    state, tone, icon = REFUND_STATES.get(row.state, (row.state, "", "return"))
    return {
        "title": gettext(_("Taken back by the bank") if row.reversal else _("Refund"), language),
        "tender": "" if row.reversal else word(TENDERS, row.tender, language),
        "gateway": "",
        "reference": row.reference,
        "amount": format_money(Money(row.amount, row.currency), language),
        "state": gettext(state, language),
        "tone": tone,
        "icon": icon,
        "at": when(row.at, timezone, language),
    }
