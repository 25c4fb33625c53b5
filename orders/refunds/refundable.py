"""The refundable amount: one pure function from a case to a quote with every step of the calculation.

docs/refunds.md has the rules in words and worked examples; the neighbours refund_*.py have a group of rules each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from core.errors import Invalid
from core.money import exponent
from orders.apportioning import on_grid
from orders.refunds.caps import caps_of, given_back, most_of, order_left, payments_open, split
from orders.refunds.case import Case, Duplicate, Exchange, Goodwill, Ledger, Payment, PriceProtection, ShortShipment
from orders.refunds.differences import duplicate_payment, exchange, price_protection, short_shipment
from orders.refunds.lines import Sold, claw_back, line_values, sold_lines, wanted_units
from orders.refunds.quote import Booking, Cap, GoodwillPart, LineValue, Quote, Refusal, Step, Withheld
from orders.refunds.rules import deductions, label_back, shipping_back


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """What is due before caps; `extra` of it was never part of the order's value."""

    kind: str
    amount: int
    lines: tuple[LineValue, ...] = ()
    shipping: int = 0
    shipping_tax: int = 0
    label: int = 0
    withheld: tuple[Withheld, ...] = ()
    clawed_back: int = 0
    customer_pays: int = 0


def quote(case: Case) -> Quote:
    """Compute what may be refunded and every step of it.

    More than that may have been asked: then `refused` says so with the most, and nothing is paid. Raises Invalid
    (unknown_line, duplicate_line, unknown_payment, duplicate_payment, not_refundable_quantity, discount_above_goods,
    allocation_mismatch, not_a_duplicate, off_grid, nothing_to_go_by) when the case itself makes no sense.
    """
    _check(case)
    steps: list[Step] = []
    sold = sold_lines(case, steps)
    payments = payments_open(case, case.request.payment)
    if isinstance(case.special, Duplicate):
        payments = (duplicate_payment(case, case.special, steps),)
    due = _due(case, sold, payments, steps)
    entitled = _gridded(due.amount, case, sold, steps)
    if isinstance(case.special, Duplicate):
        caps: tuple[Cap, ...] = (Cap("payment", payments[0].left, payments[0].id),)
    else:
        caps = caps_of(case, sold, payments, due.label, steps)
    most = most_of(caps, entitled) // case.policy.grid * case.policy.grid
    if most < entitled:
        steps.append(Step("capped", most, figures={"whole": entitled}))
    total, refused = _settled(case, most, steps)
    order, left = order_left(case, sold), sum(each.left for each in case.payments)
    own = 0 if isinstance(case.special, Duplicate) else total - min(due.label, total)
    return Quote(
        case=case,
        kind=due.kind,
        steps=tuple(steps),
        allocation={id_: each.allocated for id_, each in sold.items()},
        lines=due.lines,
        shipping=due.shipping,
        shipping_tax=due.shipping_tax,
        return_label=due.label,
        withheld=due.withheld,
        clawed_back=due.clawed_back,
        entitled=entitled,
        caps=caps,
        most=most,
        total=total,
        tenders=split(total, payments, case, steps),
        customer_pays=due.customer_pays,
        remaining_order=None if order is None else max(0, order - own),
        remaining_payments=left - total if case.payments else None,
        goodwill=_goodwill(case.goodwill, steps) if case.goodwill else None,
        booking=_booking(total, case.currency, case.ledger, steps) if case.ledger else None,
        refused=refused,
    )


def _check(case: Case) -> None:
    for what, ids in (("line", [each.id for each in case.lines]), ("payment", [each.id for each in case.payments])):
        twice = next((id_ for index, id_ in enumerate(ids) if id_ in ids[:index]), None)
        if twice is not None:
            raise Invalid(f"two {what}s are called {twice}", code=f"duplicate_{what}", **{what: twice})
    if not case.lines and not case.payments and not isinstance(case.special, ShortShipment):
        raise Invalid("neither lines nor payments are known", code="nothing_to_go_by")
    if (case.request.amount or 0) % case.policy.grid:
        raise Invalid("the gateway does not pay such a fraction", code="off_grid", grid=case.policy.grid)


def _due(case: Case, sold: Mapping[str, Sold], payments: Sequence[Payment], steps: list[Step]) -> _Due:
    match case.special:
        case Duplicate():
            return _Due(kind="duplicate", amount=payments[0].left)
        case ShortShipment() as special:
            return _Due(kind="short_shipment", amount=short_shipment(special, steps))
        case PriceProtection() as special:
            lines, amount = price_protection(special, sold, steps)
            return _Due(kind="price_protection", amount=amount, lines=lines)
        case Exchange(price=price):
            lines = _lines(case, sold, wanted_units(case, sold), steps)
            back, pays = exchange(sum(line.amount for line in lines), price, steps)
            return _Due(kind="exchange", amount=back, lines=lines, customer_pays=pays)
    if not sold:
        return _Due(kind="refund", amount=sum(each.left for each in payments))
    return _goods_due(case, sold, steps)


def _goods_due(case: Case, sold: Mapping[str, Sold], steps: list[Step]) -> _Due:
    wanted = wanted_units(case, sold)
    lines = _lines(case, sold, wanted, steps)
    net, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
    clawed = 0
    if case.promotion and case.policy.claw_back:
        clawed = claw_back(sold, wanted, case.promotion, net, steps)
    withheld = deductions(case, net - clawed, tax, steps)
    shipping, shipping_tax = shipping_back(case, sold, wanted, steps)
    label = label_back(case.request, steps)
    kept = clawed + sum(each.amount for each in withheld)
    return _Due(
        kind="refund",
        amount=net + tax - kept + shipping + shipping_tax + label,
        lines=lines,
        shipping=shipping,
        shipping_tax=shipping_tax,
        label=label,
        withheld=withheld,
        clawed_back=clawed,
    )


def _lines(case: Case, sold: Mapping[str, Sold], wanted: Mapping[str, int], steps: list[Step]) -> tuple[LineValue, ...]:
    return line_values(sold, wanted, case.policy.grid, given_back(case, sold), steps)


def _gridded(amount: int, case: Case, sold: Mapping[str, Sold], steps: list[Step]) -> int:
    """The amount on the gateway's grid, laid over the running total, so that the last refund absorbs the rest."""
    grid = case.policy.grid
    before = given_back(case, sold)
    gridded = max(0, on_grid(before + amount, grid) - on_grid(before, grid))
    if grid > 1:
        steps.append(Step("grid", gridded, figures={"whole": amount, "before": before, "grid": grid}))
    return gridded


def _settled(case: Case, most: int, steps: list[Step]) -> tuple[int, Refusal | None]:
    asked = case.request.amount
    if asked is not None and asked > most:
        steps.append(Step("refused", 0, figures={"whole": asked, "paid": most}))
        return 0, Refusal("above_refundable", most, asked)
    total = most if asked is None else asked
    steps.append(Step("total", total))
    return total, None


def _goodwill(goodwill: Goodwill, steps: list[Step]) -> GoodwillPart:
    most = max(0, goodwill.cap - goodwill.given)
    refused = goodwill.amount > most
    amount = 0 if refused else goodwill.amount
    steps.append(Step("goodwill", amount, figures={"whole": goodwill.amount, "paid": most}))
    return GoodwillPart(amount, Refusal("goodwill_above_cap", most, goodwill.amount) if refused else None)


def _booking(total: int, currency: str, ledger: Ledger, steps: list[Step]) -> Booking:
    """Booked at the rate of the charge; what the rate has moved since is exchange gain or loss."""
    scale = Decimal(10) ** (exponent(ledger.currency) - exponent(currency))
    amount = _rounded(total * ledger.rate * scale)
    now = None if ledger.rate_now is None else _rounded(total * ledger.rate_now * scale) - amount
    steps.append(Step("ledger", amount, figures={"currency": ledger.currency, "rate": str(ledger.rate)}))
    return Booking(ledger.currency, amount, now)


def _rounded(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))
