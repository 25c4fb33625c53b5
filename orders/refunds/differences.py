"""Refunds that are a difference: price protection, exchanges, orders paid twice, and orders shipped short. Pure."""

from collections.abc import Mapping

from core.errors import Invalid
from orders.apportioning import half_up
from orders.refunds.case import Case, Duplicate, Payment, PriceProtection, ShortShipment
from orders.refunds.lines import Sold
from orders.refunds.quote import LineValue, Step


def price_protection(
    special: PriceProtection, sold: Mapping[str, Sold], steps: list[Step]
) -> tuple[tuple[LineValue, ...], int]:
    """What the customer paid above today's price for the units that are kept, and the tax on it.

    Returns the line's value and the amount. Raises Invalid (unknown_line, not_refundable_quantity).
    """
    each = sold.get(special.line)
    if each is None:
        raise Invalid(f"the order has no line {special.line}", code="unknown_line", line=special.line)
    quantity = each.left if special.quantity is None else special.quantity
    if quantity > each.left or quantity < 0:
        raise Invalid(
            f"line {special.line}: {each.left} left", code="not_refundable_quantity", line=special.line, max=each.left
        )
    net = each.next_net(quantity)
    difference = max(0, net - special.price_now * quantity - special.given)
    tax = half_up(each.next_tax(quantity) * difference, net) if net else 0
    figures = {"net": net, "quantity": quantity, "price": special.price_now, "given": special.given}
    steps.append(Step("price_protection", difference, special.line, figures))
    if tax:
        steps.append(Step("tax", tax, special.line, {"quantity": quantity, "whole": each.on_top}))
    return (LineValue(special.line, quantity, difference, tax),), min(difference + tax, each.remaining)


def exchange(worth: int, price: int, steps: list[Step]) -> tuple[int, int]:
    """What goes back and what the customer pays when goods worth `worth` are exchanged for others at `price`.

    Settled when the old goods are received.
    """
    steps.append(Step("exchange", worth - price, figures={"net": worth, "price": price}))
    return max(0, worth - price), max(0, price - worth)


def duplicate_payment(case: Case, special: Duplicate, steps: list[Step]) -> Payment:
    """The payment that paid the order a second time; all that is left of it goes back.

    The named one, else the latest that another one equals. Raises Invalid (unknown_payment, not_a_duplicate).
    """
    payments = sorted(case.payments, key=lambda each: each.at)  # stable: as listed when no times are known
    if special.payment is None:
        again = [p for index, p in enumerate(payments) if any(p.captured == q.captured for q in payments[:index])]
        if not again:
            raise Invalid("no two payments are equal", code="not_a_duplicate")
        found = again[-1]
    else:
        named = [p for p in payments if p.id == special.payment]
        if not named:
            raise Invalid(f"there is no payment {special.payment}", code="unknown_payment", payment=special.payment)
        found = named[0]
        if not any(q.captured == found.captured for q in payments if q is not found):
            raise Invalid("no other payment equals it", code="not_a_duplicate", payment=special.payment)
    steps.append(Step("duplicate", found.left, found.id, {"captured": found.captured, "held": found.held}))
    return found


def short_shipment(special: ShortShipment, steps: list[Step]) -> int:
    """The difference of totals: what was tendered less what the goods that were shipped would have cost alone.

    FTC, Mail, Internet, or Telephone Order Merchandise Rule, 16 CFR 435.
    """
    difference = max(0, special.tendered - special.shipped_alone)
    figures = {"paid": special.tendered, "price": special.shipped_alone}
    steps.append(Step("short_shipment", difference, figures=figures))
    return difference
