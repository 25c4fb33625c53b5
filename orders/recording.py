"""Writing a derived order into its rows, and saying what changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from core.clock import now
from core.events import Event
from core.ids import new_id
from core.shops import Shop
from core.text import reference
from core.transactions import record
from orders import search_index
from orders.deriving import Picture
from orders.events import (
    DisputeChanged,
    OrderCancelled,
    OrderChanged,
    OrderConfirmed,
    OrderCreated,
    RefundChanged,
)
from orders.facts import Address, DisputeFacts, PaymentFacts, RefundFacts
from orders.lines import Line
from orders.models import Dispute, Order, OrderLine, Payment, Refund
from orders.recording_parcels import Written, assign, write_parcels
from orders.statuses import NOT_LEFT, Closure, Confirmation, DisputeState, PaymentState

Row = TypeVar("Row", OrderLine, Payment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Times that do not follow from the order alone."""

    confirm_by: datetime | None
    promised_ship_by: datetime | None


async def write(
    order: Order, picture: Picture, shop: Shop, deadlines: Deadlines, newest: datetime, *, announce: bool
) -> set[str]:
    """Bring the rows of `order` (stored or new) to `picture`. The version grows only if something visible changed.

    Returns the SKUs of which open lines came, went or changed their turn for stock.
    """
    is_new, before = order.pk is None, order.headline
    was_confirmed, was_cancelled = order.confirmation == "confirmed", order.closure == "cancelled"
    names = () if is_new else (order.customer_name, order.ship_to)
    turn = None if is_new else (order.confirmation, order.payment, order.holds)
    changed = assign(order, _order_values(picture, shop, deadlines))
    order.source_updated_at, order.folded_at = newest, now()
    if is_new:
        order.public_id = new_id("ord")
        await order.save()
    rows = {} if is_new else {row.source_id: row for row in await OrderLine.filter(order_id=order.id)}
    wanted = _wanted_lines(order, picture)
    demand = _demand(rows, wanted, turned=turn != (order.confirmation, order.payment, order.holds))
    if await _sync(OrderLine, order, rows, wanted) or names != (order.customer_name, order.ship_to):
        await search_index.put(order, picture)
        changed = True
    changed |= await _write_payments(order, picture, is_new=is_new)
    moved = await write_parcels(order, picture, is_new=is_new)
    refunded = await _write_refunds(order, picture, is_new=is_new)
    disputed = await _write_disputes(order, picture) if picture.disputes else Written(False, ())
    changed = changed or moved.changed or refunded.changed or disputed.changed
    order.version += int(changed and not is_new)
    if not is_new:
        await order.save()
    if not announce or not changed:
        return demand
    which = {"order_id": order.id, "shop_id": order.shop_id}
    news: list[Event] = [OrderCreated(**which)] if is_new else []
    news.append(OrderChanged(**which, version=order.version, before="" if is_new else before, after=order.headline))
    if picture.axes.confirmation is Confirmation.CONFIRMED and not was_confirmed:
        news += [OrderConfirmed(**which)] if picture.axes.fulfilment in NOT_LEFT else []
    if picture.axes.closure is Closure.CANCELLED and not was_cancelled:
        news.append(OrderCancelled(**which))
    for event in [*news, *moved.news, *refunded.news, *disputed.news]:
        record(event)
    return demand


def _order_values(picture: Picture, shop: Shop, deadlines: Deadlines) -> dict[str, Any]:
    header, axes = picture.header, picture.axes
    return {
        "number": header.number,
        "number_key": reference(header.number or ""),
        "confirmation": axes.confirmation.value,
        "payment": axes.payment.value,
        "fulfilment": axes.fulfilment.value,
        "returns": axes.returns.value,
        "refund": axes.refund.value,
        "closure": axes.closure.value,
        "holds": sorted(hold.value for hold in axes.holds),
        "gates": [gate.value for gate in axes.gates],
        "headline": picture.headline.value,
        "placed_at": header.placed_at,
        "confirmed_at": picture.confirmed_at,
        "paid_at": picture.paid_at,
        "cancelled_at": header.cancelled_at,
        "cancel_reason": header.cancel_reason or None,
        "pay_by": header.pay_by,
        "confirm_by": deadlines.confirm_by,
        "promised_ship_by": deadlines.promised_ship_by,
        "promised_from": header.promised_from,
        "promised_to": header.promised_to,
        "currency": header.currency,
        "total": header.total or 0,
        "goods": header.goods or 0,
        "discount": header.discount or 0,
        "shipping": header.shipping or 0,
        "tax": header.tax or 0,
        "customer_name": header.customer_name or "",
        "email": header.email or None,
        "phone": header.phone or None,
        "language": header.language or ("zh" if shop.language.startswith("zh") else "en"),
        "ship_to": (header.ship_to or Address()).model_dump(mode="json"),
        "tags": list(header.tags),
    }


def _wanted_lines(order: Order, picture: Picture) -> dict[str, dict[str, Any]]:
    return {
        source_id: _line_values(position, line) | {"shop_id": order.shop_id, "open_units": picture.wanted_units(line)}
        for position, (source_id, line) in enumerate(picture.lines.items())
    }


def _demand(rows: dict[str, OrderLine], wanted: dict[str, dict[str, Any]], *, turned: bool) -> set[str]:
    """SKUs of lines whose open units are others than before, or whose turn is."""
    skus = set[str]()
    for name, values in wanted.items():
        before = (rows[name].sku, rows[name].open_units) if name in rows else ("", 0)
        after = (str(values["sku"]), int(values["open_units"]))
        if before != after or (turned and after[1]):
            skus |= {sku for sku, units in (before, after) if units}
    return skus


def _line_values(position: int, line: Line) -> dict[str, Any]:
    facts = line.facts
    return {
        "position": position,
        "sku": facts.sku or "",
        "title": facts.title or "",
        "variant": facts.variant or "",
        "quantity": line.quantity,
        "quantity_cancelled": line.cancelled,
        "quantity_shipped": line.shipped,
        "quantity_delivered": line.delivered,
        "quantity_refunded": line.refunded,
        "unit_price": facts.unit_price or 0,
        "discount": facts.discount or 0,
        "tax": facts.tax or 0,
        "requires_shipping": facts.requires_shipping is not False,
        "backordered": bool(facts.backordered),
        "backorder_eta": facts.backorder_eta,
    }


async def _write_payments(order: Order, picture: Picture, *, is_new: bool) -> bool:
    rows = {} if is_new else {row.source_id: row for row in await Payment.filter(order_id=order.id)}
    wanted = {source_id: _payment_values(order, facts) for source_id, facts in picture.payments.items()}
    gone = [row.id for source_id, row in rows.items() if source_id not in wanted]
    if gone:  # a gateway had named it first; it is another one's row now
        await Payment.filter(id__in=gone).delete()
    return await _sync(Payment, order, rows, wanted) or bool(gone)


def _payment_values(order: Order, facts: PaymentFacts) -> dict[str, Any]:
    return {
        "tender": facts.tender or "other",
        "gateway": facts.gateway or "",
        "gateway_ref": facts.gateway_ref or "",
        "state": (facts.state or PaymentState(order.payment)).value,
        "authorised": facts.authorised or 0,
        "captured": facts.captured or 0,
        "currency": facts.currency or order.currency,
        "at": facts.at,
    }


async def _write_refunds(order: Order, picture: Picture, *, is_new: bool) -> Written:
    rows = {} if is_new else {row.source_id: row for row in await Refund.filter(order_id=order.id)}
    changed, news = await _adopt_refunds(order, rows, picture), []
    for source_id, facts in picture.refunds.items():
        if not facts.amount:
            continue  # units that were taken off the order without any money
        row = rows.get(source_id) or Refund(order_id=order.id, source_id=source_id, public_id=new_id("rfd"))
        before = row.state if source_id in rows else ""
        if assign(row, _refund_values(order, facts)) or source_id not in rows:
            await row.save()
            changed = True
        if row.state != before and not row.reversal:  # of a reversal the bank tells the customer
            which = {"order_id": order.id, "shop_id": order.shop_id, "refund_id": row.id}
            news.append(RefundChanged(**which, state=row.state))
    return Written(changed, tuple(news))


async def _adopt_refunds(order: Order, rows: dict[str, Refund], picture: Picture) -> bool:
    """A refund that the gateway named first is the same row when the shop names it: no news for the customer."""
    left = {name: row for name, row in rows.items() if name not in picture.refunds}
    for source_id, facts in picture.refunds.items():
        wanted = (facts.amount, facts.currency or order.currency)
        fits = sorted(name for name, row in left.items() if (row.amount, row.currency) == wanted)
        if source_id not in rows and fits:
            row = rows[source_id] = left.pop(fits[0])
            del rows[fits[0]]
            row.source_id = source_id
            await row.save()
    if left:
        await Refund.filter(id__in=[row.id for row in left.values()]).delete()
    return bool(left)


def _refund_values(order: Order, facts: RefundFacts) -> dict[str, Any]:
    return {
        "amount": facts.amount,
        "currency": facts.currency or order.currency,
        "state": facts.state or "requested",
        "tender": facts.tender or "other",
        "reference": facts.reference or "",
        "at": facts.at or facts.seen_at or order.placed_at,
        "lines": [[part.line, part.quantity] for part in facts.lines],
        "reversal": bool(facts.reversal),
    }


async def _write_disputes(order: Order, picture: Picture) -> Written:
    rows = {row.source_id: row for row in await Dispute.filter(order_id=order.id)}
    gone = [row.id for source_id, row in rows.items() if source_id not in picture.disputes]
    if gone:  # the gateway tells the same one by its own name now
        await Dispute.filter(id__in=gone).delete()
    changed, news = bool(gone), []
    for source_id, facts in picture.disputes.items():
        row = rows.get(source_id) or Dispute(order_id=order.id, source_id=source_id)
        before = row.state if source_id in rows else ""
        if assign(row, _dispute_values(order, facts)) or source_id not in rows:
            await row.save()
            changed = True
        if row.state != before:
            which = {"order_id": order.id, "shop_id": order.shop_id, "dispute_id": row.id}
            news.append(DisputeChanged(**which, state=row.state))
    return Written(changed, tuple(news))


def _dispute_values(order: Order, facts: DisputeFacts) -> dict[str, Any]:
    return {
        "state": (facts.state or DisputeState.NEEDS_RESPONSE).value,
        "inquiry": bool(facts.inquiry),
        "amount": facts.amount or 0,
        "currency": facts.currency or order.currency,
        "reason": facts.reason or "",
        "evidence_due_by": facts.evidence_due_by,
        "opened_at": facts.opened_at,
        "closed_at": facts.closed_at,
    }


async def _sync(model: type[Row], order: Order, rows: dict[str, Row], wanted: dict[str, dict[str, Any]]) -> bool:
    """Add and change rows until they are as wanted. Nothing is ever taken away: units are cancelled instead."""
    fresh = [model(order_id=order.id, source_id=key, **values) for key, values in wanted.items() if key not in rows]
    if fresh:
        await model.bulk_create(fresh)
    touched = [row for key, row in rows.items() if key in wanted and assign(row, wanted[key])]
    for row in touched:
        await row.save()
    return bool(fresh) or bool(touched)
