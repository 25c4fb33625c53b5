"""The money of an order, payment by payment, and hints that something was paid or ordered twice."""

from collections.abc import Sequence
from typing import Any

from app.i18n import gettext, when
from app.web.labels import PAYMENT_TONES, PAYMENTS, REFUND_STATES, TENDERS, word
from core.money import Money, format_money
from orders.duplicates import Capture, surplus
from orders.models import Order, Payment, Refund


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


def money_rows(
    payments: Sequence[Payment], refunds: Sequence[Refund], timezone: str, language: str
) -> dict[str, list[dict[str, Any]]]:
    """Payments and refunds in words."""
    return {
        "payments": [_payment(row, timezone, language) for row in payments],
        "refunds": [_refund(row, timezone, language) for row in refunds],
    }


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


def _refund(row: Refund, timezone: str, language: str) -> dict[str, Any]:
    state, tone, icon = REFUND_STATES.get(row.state, (row.state, "", "return"))
    return {
        "tender": word(TENDERS, row.tender, language),
        "gateway": "",
        "reference": row.reference,
        "amount": format_money(Money(row.amount, row.currency), language),
        "state": gettext(state, language),
        "tone": tone,
        "icon": icon,
        "at": when(row.at, timezone, language),
    }
