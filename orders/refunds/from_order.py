"""The refund case of an order: what was bought and paid, and all that has gone back, by this desk or elsewhere."""

from collections.abc import Sequence
from dataclasses import replace

from orders.apportioning import half_up, share_out, units_between
from orders.models import Order, OrderLine, Refund
from orders.policies.versions import jurisdiction_of
from orders.refunds.books import Books, read_books
from orders.refunds.case import Case, Line, Policy, Request, Shipping, Special
from orders.refunds.matching import made_elsewhere
from orders.refunds.models import RefundIntent
from orders.refunds.states import OPEN_INTENTS, IntentState, PartState
from orders.refunds.tenders import grid_of, tenders_of
from orders.refunds.terms import terms_of

CHARGES = "+charges"  # what the order's total has beyond its lines and delivery: fees, wrapping, tips
_ALLOCATING = {"shopify", "woocommerce", "magento", "saleor", "taobao"}  # their lines hold shares of all discounts
_COUNTING = {*OPEN_INTENTS, IntentState.SUCCEEDED}


async def case_of(order_id: int, request: Request, *, special: Special | None = None) -> Case:
    """The case of an order as it is now. Raises DoesNotExist; rights are checked by whoever lets the order out."""
    return case_from(await read_books(await Order.get(id=order_id)), request, special=special)


def case_from(books: Books, request: Request, *, special: Special | None = None) -> Case:
    """The same from rows. Amounts in minor units of the order's currency. Pure."""
    sold, order_discount = _sold(books)
    elsewhere = made_elsewhere(books.refunds, books.parts)
    return Case(
        currency=books.order.currency,
        lines=tuple(_gone(line, books, elsewhere) for line in sold),
        order_discount=order_discount,
        shipping=_shipping(books, elsewhere, sold),
        payments=tuple(tenders_of(books, elsewhere)),
        request=request,
        policy=Policy(
            jurisdiction=jurisdiction_of(books.shop, books.order),
            informed=terms_of(books.shop).informed,
            grid=grid_of(books),
        ),
        special=special,
    )


def tax_is_included(order: Order) -> bool:
    """As the source says; else as the total adds up."""
    if order.tax_included is not None:
        return order.tax_included
    inside = order.goods - order.discount + order.shipping
    return bool(order.tax) and abs(order.total - inside) < abs(order.total - inside - order.tax)


def _sold(books: Books) -> tuple[list[Line], int]:
    """The lines as they were sold, with what the total has beyond them, and the discount that nobody has shared out."""
    order, included = books.order, tax_is_included(books.order)
    lines = [_line(row, row.quantity, included=included) for row in books.lines]
    if order.total and sum(_worth(line) for line in lines) + _delivery(order) > order.total:
        paid_for = [
            max(row.quantity - max(row.quantity_cancelled - row.quantity_refunded, 0), 0) for row in books.lines
        ]
        lines = [
            _line(row, quantity, included=included)
            for row, quantity in zip(books.lines, paid_for, strict=True)
            if quantity
        ]
    lines = _taxed(lines, order, included=included)
    more = order.total - sum(_worth(line) for line in lines) - _delivery(order) if order.total and lines else 0
    allocated = order.source in _ALLOCATING or any(line.allocated is not None for line in lines)
    if more < 0 and not allocated:
        stated = order.discount - sum(row.discount for row in books.lines)
        unshared = max(stated, 0) if order.discount else -more  # a total may also be lower because money went back
        return lines, min(unshared, sum(line.gross for line in lines))
    if more > 0:
        lines.append(Line(id=CHARGES, quantity=1, gross=more, allocated=0 if allocated else None, tax_included=True))
    return lines, 0


def _line(row: OrderLine, quantity: int, *, included: bool) -> Line:
    """A line of which `quantity` units were paid for."""
    gross = row.unit_price * row.quantity - row.discount if row.net is None else row.net
    gross = max(gross, 0) + (row.allocated or 0)
    share = row.allocated
    tax = row.tax
    if quantity != row.quantity and row.quantity:
        gross, tax = (units_between(whole, row.quantity, 1, quantity) for whole in (gross, tax))
        share = None if share is None else units_between(share, row.quantity, 1, quantity)
    return Line(
        id=row.source_id,
        quantity=quantity,
        gross=gross,
        allocated=share,
        tax=tax,
        tax_included=included,
        shipped=min(row.quantity_shipped, quantity),
    )


def _taxed(lines: list[Line], order: Order, *, included: bool) -> list[Line]:
    """Lines with their tax; where only the order's is known, it is shared out."""
    if included or any(line.tax for line in lines) or not order.tax:
        return lines
    shares = share_out(max(order.tax - (order.shipping_tax or 0), 0), [line.gross for line in lines])
    return [replace(line, tax=share) for line, share in zip(lines, shares, strict=True)]


def _worth(line: Line) -> int:
    return line.gross - (line.allocated or 0) + (0 if line.tax_included else line.tax)


def _delivery(order: Order) -> int:
    paid: int = order.shipping if order.shipping_net is None else order.shipping_net
    return paid + (0 if tax_is_included(order) else order.shipping_tax or 0)


def _shipping(books: Books, elsewhere: Sequence[Refund], sold: Sequence[Line]) -> Shipping:
    order = books.order
    paid = order.shipping if order.shipping_net is None else order.shipping_net
    tax = 0 if tax_is_included(order) else order.shipping_tax or 0
    counting = _counting(books)
    theirs = min(paid, sum(_beyond_goods(refund, sold) for refund in elsewhere))
    return Shipping(
        paid=paid,
        standard=terms_of(books.shop).standard_delivery.get(order.currency),
        tax=tax,
        refunded=min(paid, sum(intent.shipping for intent in counting) + theirs),
        refunded_tax=min(tax, sum(intent.shipping_tax for intent in counting)),
    )


def _beyond_goods(refund: Refund, sold: Sequence[Line]) -> int:
    """What a refund from elsewhere gave for delivery: whatever its goods do not explain."""
    worth = {line.id: (_worth(line), line.quantity) for line in sold if line.quantity}
    named = [(worth[line], units) for line, units in refund.lines if line in worth]
    goods = sum(units_between(whole, quantity, 1, min(units, quantity)) for (whole, quantity), units in named)
    return max(refund.amount - goods, 0) if named else 0


def _counting(books: Books) -> list[RefundIntent]:
    """The refunds whose lines are taken. One that was paid in part is, until an attempt after it takes all of it over:
    what is missing is tried again, and no line is sold back twice."""
    counting = [intent for intent in books.intents if intent.state in _COUNTING]
    taken = [(intent.case_id, intent.quote) for intent in counting]
    paid = {part.intent_id for part in books.parts if part.state == PartState.SUCCEEDED}
    for intent in books.intents:
        whole = (intent.case_id, intent.quote)
        if intent.state == IntentState.FAILED and intent.id in paid and whole not in taken:
            counting.append(intent)
            taken.append(whole)
    return counting


def _gone(line: Line, books: Books, elsewhere: Sequence[Refund]) -> Line:
    """The line with what has gone back of it."""
    theirs = sum(units for refund in elsewhere for name, units in refund.lines if name == line.id)
    counting = _counting(books)
    ours = [(units, net, tax) for intent in counting for name, units, net, tax in intent.lines if name == line.id]
    refunded = min(line.quantity, theirs + sum(units for units, _, _ in ours))
    if not ours:
        return replace(line, refunded=refunded)
    net = line.gross - (line.allocated or 0)
    on_top = 0 if line.tax_included else line.tax
    return replace(
        line,
        refunded=refunded,
        refunded_amount=half_up(net * theirs, line.quantity) + sum(net for _, net, _ in ours),
        refunded_tax=half_up(on_top * theirs, line.quantity) + sum(tax for _, _, tax in ours),
    )
