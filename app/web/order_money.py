"""The money of an order: what it costs, what came in, what went back, and whether that adds up."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.i18n import gettext
from app.web.labels import PAYMENT_TONES, PAYMENTS, REFUND_STATES, TENDERS, word
from app.web.times import iso, stamp
from core.money import Money, format_money
from orders.duplicates import Capture, Surplus, surplus
from orders.models import Order, Payment, Refund


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


def money(
    order: Order,
    payments: Sequence[Payment],
    refunds: Sequence[Refund],
    titles: Mapping[str, str],
    clock: tuple[str, datetime],
    language: str,
) -> dict[str, Any]:
    """Costs, payments and refunds with their sums; `titles` are those of the lines, `clock` is the zone and now."""
    shown = [row for row in payments if row.authorised or row.captured or row.gateway_ref or len(payments) == 1]
    late = {capture.payment for capture in too_much.captures} if (too_much := _surplus(order, payments)) else set()
    return {
        "costs": _costs(order, language),
        "payments": [_payment(row, row.source_id in late, clock, language) for row in shown],
        "refunds": [_refund(row, titles, clock, language) for row in refunds],
        "balance": _balance(order, payments, refunds, language),
    }


def hints(order: Order, payments: Sequence[Payment], twins: Sequence[Order], language: str) -> list[dict[str, str]]:
    """What a person should look at: nothing is refunded or cancelled by itself."""
    found = []
    too_much = _surplus(order, payments)
    if too_much is not None:
        names = {row.source_id: row.gateway_ref or row.source_id for row in payments}
        later = ", ".join(names[capture.payment] for capture in too_much.captures)
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


def _surplus(order: Order, payments: Sequence[Payment]) -> Surplus | None:
    captures = [
        Capture(payment=row.source_id, amount=row.captured, at=row.at or order.placed_at)
        for row in payments
        if row.currency == order.currency
    ]
    return surplus(order.total, captures)


def _costs(order: Order, language: str) -> list[dict[str, str]]:
    """The total and its parts, as far as the shop gives them; what they leave open has a line of its own."""
    if not (order.goods or order.shipping or order.discount or order.tax):
        return [_sum(_("Total"), order.total, order, language, strong="yes")]
    plain = order.goods - order.discount + order.shipping
    included = bool(order.tax) and plain == order.total
    rest = order.total - plain - (0 if included else order.tax)
    rows = [
        (_("Goods"), order.goods),
        (_("Discount"), -order.discount),
        (_("Shipping"), order.shipping),
        (_("Tax"), 0 if included else order.tax),
        (_("Not broken down by the shop"), rest),
    ]
    costs = [_sum(label, amount, order, language) for label, amount in rows if amount or label == _("Goods")]
    costs.append(_sum(_("Total"), order.total, order, language, strong="yes"))
    if included:
        costs.append(_sum(_("Tax included"), order.tax, order, language))
    return costs


def _balance(
    order: Order, payments: Sequence[Payment], refunds: Sequence[Refund], language: str
) -> list[dict[str, str]]:
    """Money in the order's currency: in, back, kept, and what is open against the total."""
    captured = sum(row.captured for row in payments if row.currency == order.currency)
    back = [row for row in refunds if row.currency == order.currency]
    done = sum(row.amount for row in back if row.state == "succeeded")
    moving = sum(row.amount for row in back if row.state in ("requested", "pending"))
    rows = [_sum(_("Captured"), captured, order, language)]
    rows += [_sum(_("Refunded"), -done, order, language)] if done else []
    rows += [_sum(_("Kept"), captured - done, order, language, strong="yes")] if done else []
    rows += [_sum(_("Refunds on their way"), -moving, order, language)] if moving else []
    ended = order.closure in ("cancelled", "expired")  # nothing more will come in
    if captured > order.total or (captured < order.total and not ended):
        label = _("Still to be captured") if captured < order.total else _("Captured beyond the total")
        rows.append(_sum(label, abs(order.total - captured), order, language, tone="warn"))
    return rows


def _sum(label: str, amount: int, order: Order, language: str, **look: str) -> dict[str, str]:
    text = format_money(Money(abs(amount), order.currency), language)
    return {
        "label": gettext(label, language),
        "amount": f"−{text}" if amount < 0 else text,
        "strong": "",
        "tone": "",
    } | look


def _payment(row: Payment, late: bool, clock: tuple[str, datetime], language: str) -> dict[str, Any]:
    def amount(units: int) -> str:
        return format_money(Money(units, row.currency), language) if units else ""

    return {
        "tender": word(TENDERS, row.tender, language),
        "gateway": row.gateway if row.gateway != row.tender else "",
        "reference": row.gateway_ref,
        "authorised": amount(row.authorised),
        "captured": amount(row.captured),
        "state": word(PAYMENTS, row.state, language),
        "tone": PAYMENT_TONES.get(row.state, ""),
        "icon": "card",
        "late": late,
        **_time(row.at, clock, language),
    }


def _refund(row: Refund, titles: Mapping[str, str], clock: tuple[str, datetime], language: str) -> dict[str, Any]:
    state, tone, icon = REFUND_STATES.get(row.state, (row.state, "", "return"))
    return {
        "title": gettext(_("Taken back by the bank") if row.reversal else _("Refund"), language),
        "tender": "" if row.reversal else word(TENDERS, row.tender, language),
        "reference": row.reference,
        "id": row.public_id,
        "amount": format_money(Money(row.amount, row.currency), language),
        "lines": [f"{units} × {titles.get(str(line), line)}" for line, units in row.lines],
        "state": gettext(state, language),
        "tone": tone,
        "icon": icon,
        **_time(row.at, clock, language),
    }


def _time(moment: datetime | None, clock: tuple[str, datetime], language: str) -> dict[str, str]:
    zone, now = clock
    return {"at": stamp(moment, zone, language, now), "iso": iso(moment)} if moment else {"at": "", "iso": ""}
