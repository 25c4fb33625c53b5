"""Writing derived orders into their rows, many at once, and saying what changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.clock import now
from core.events import Event
from core.shops import Shop
from core.sql import Program
from core.text import reference
from core.transactions import record
from orders import search_index
from orders.deriving import Picture
from orders.events import OrderCancelled, OrderChanged, OrderConfirmed, OrderCreated, PlatformCaseTold
from orders.facts import Address
from orders.ledger import Ledger
from orders.lines import Line
from orders.recording_money import write_disputes, write_payments, write_refunds
from orders.recording_parcels import write_parcels
from orders.statuses import NOT_LEFT, Closure, Confirmation
from orders.stored import News, Stored, read_stored
from orders.tables import LINES, ORDERS, Row, assign


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Times that do not follow from the order alone."""

    confirm_by: datetime | None
    promised_ship_by: datetime | None


@dataclass(slots=True, kw_only=True)
class Work:
    """One order, stored or new, and what its rows are to say. `newest` is the newest time that a source has given."""

    order: Row
    picture: Picture
    deadlines: Deadlines
    newest: datetime
    is_findable: bool = True  # the words by which it is found are the stored ones
    demand: set[str] = field(default_factory=set)  # SKUs of which open lines came, went or changed their turn for stock
    news: list[News] = field(default_factory=list)
    duties: list[News] = field(default_factory=list)  # of the news, what is to be done, whether it is announced or not


def write(works: Sequence[Work], shop: Shop, *, announce: bool) -> Program[None]:
    """Bring the rows of orders to their pictures. A version grows only if something visible changed."""
    stored, ledger = (yield from read_stored([work.order["id"] for work in works if work.order["id"]])), Ledger()
    for work in works:
        _compare(work, stored.get(work.order["id"], Stored()), shop, ledger)
    yield from ledger.store()
    yield from search_index.put([(work.order["id"], work.picture) for work in works if not work.is_findable])
    for work in works:
        which = {"order_id": work.order["id"], "shop_id": shop.id}
        for tell in work.news if announce else work.duties:
            record(tell(which))


def _compare(work: Work, stored: Stored, shop: Shop, ledger: Ledger) -> None:
    order, picture = work.order, work.picture
    is_new, before = order["id"] is None, order["headline"]
    was_confirmed, was_cancelled = order["confirmation"] == "confirmed", order["closure"] == "cancelled"
    names = None if is_new else (order["customer_name"], order["ship_to"])
    turn = None if is_new else (order["confirmation"], order["payment"], order["holds"])
    cases = order["platform_cases"] or {}
    values = _order_values(picture, shop, work.deadlines)
    changed = assign(order, values)
    order.update(source_updated_at=work.newest, folded_at=now())
    wanted = _wanted_lines(order, picture)
    turned = turn != (order["confirmation"], order["payment"], order["holds"])
    work.demand = _demand(stored.lines, wanted, turned=turned)
    if _write_lines(order, wanted, stored, ledger) or names != (order["customer_name"], order["ship_to"]):
        work.is_findable, changed = False, True
    changed |= write_payments(order, picture, stored, ledger)
    moved = write_parcels(order, picture, stored, ledger)
    refunded = write_refunds(order, picture, stored, ledger)
    disputed = write_disputes(order, picture, stored, ledger)
    changed = changed or moved.changed or refunded.changed or disputed.changed
    if is_new:
        ledger.add(ORDERS, order)
    else:
        order["version"] += int(changed)
        ledger.change(ORDERS, order, [*values, "source_updated_at", "folded_at", "version"])
    if changed:
        news = _news(order, picture, "" if is_new else before, was_confirmed, was_cancelled)
        told = {name: case for name, case in picture.cases.items() if cases.get(name) != case}
        work.news = [*news, *moved.news, *refunded.news, *disputed.news, *map(_case_told, told)]
        work.duties = [_case_told(name) for name, case in told.items() if case["open"] or name in cases]


def _news(order: Row, picture: Picture, before: str, was_confirmed: bool, was_cancelled: bool) -> list[News]:
    version, after = order["version"], order["headline"]

    def changed(which: dict[str, int]) -> Event:
        return OrderChanged(**which, version=version, before=before, after=after)

    news: list[News] = [changed] if before else [lambda which: OrderCreated(**which), changed]
    if picture.axes.confirmation is Confirmation.CONFIRMED and not was_confirmed:
        news += [lambda which: OrderConfirmed(**which)] if picture.axes.fulfilment in NOT_LEFT else []
    if picture.axes.closure is Closure.CANCELLED and not was_cancelled:
        news.append(lambda which: OrderCancelled(**which))
    return news


def _case_told(name: str) -> News:
    return lambda which: PlatformCaseTold(**which, name=name)


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
        "tax_included": header.tax_included,
        "shipping_net": header.shipping_net,
        "shipping_tax": header.shipping_tax,
        "customer_name": header.customer_name or "",
        "email": header.email or None,
        "phone": header.phone or None,
        "language": header.language or ("zh" if shop.language.startswith("zh") else "en"),
        "ship_to": (header.ship_to or Address()).model_dump(mode="json"),
        "tags": list(header.tags),
        "platform_cases": dict(picture.cases) or None,
    }


def _wanted_lines(order: Row, picture: Picture) -> dict[str, Row]:
    return {
        source_id: _line_values(position, line)
        | {"shop_id": order["shop_id"], "open_units": picture.wanted_units(line)}
        for position, (source_id, line) in enumerate(picture.lines.items())
    }


def _demand(rows: Mapping[str, Row], wanted: Mapping[str, Row], *, turned: bool) -> set[str]:
    """SKUs of lines whose open units are others than before, or whose turn is."""
    skus = set[str]()
    for name, values in wanted.items():
        before = (rows[name]["sku"], rows[name]["open_units"]) if name in rows else ("", 0)
        after = (values["sku"], values["open_units"])
        if before != after or (turned and after[1]):
            skus |= {sku for sku, units in (before, after) if units}
    return skus


def _write_lines(order: Row, wanted: Mapping[str, Row], stored: Stored, ledger: Ledger) -> bool:
    """Nothing is ever taken away: units are cancelled instead."""
    changed = False
    for source_id, values in wanted.items():
        row = stored.lines.get(source_id)
        if row is None:
            ledger.add(LINES, LINES.new(source_id=source_id, **values), order_id=order)
            changed = True
        elif assign(row, values):
            ledger.change(LINES, row, values)
            changed = True
    return changed


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
        "net": facts.net,
        "allocated": facts.allocated,
        "requires_shipping": facts.requires_shipping is not False,
        "backordered": bool(facts.backordered),
        "backorder_eta": facts.backorder_eta,
    }
