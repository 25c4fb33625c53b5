"""What lines and their units are worth: shares of order discounts, cumulative rounding, threshold promotions. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import Invalid
from orders.apportioning import half_up, on_grid, share_out, units_between
from orders.refunds.case import Case, Line, Promotion
from orders.refunds.quote import LineValue, Step, UnitValue

MOST_UNITS_LISTED = 200


@dataclass(frozen=True, slots=True)
class Sold:
    """A line with its share of the order's discount. `net` was paid for all of its units, without tax on top."""

    line: Line
    allocated: int
    net: int

    @property
    def on_top(self) -> int:
        return 0 if self.line.tax_included else self.line.tax

    @property
    def left(self) -> int:
        return self.line.quantity - self.line.refunded

    @property
    def gone(self) -> int:
        """What has been given back for it, tax on top included."""
        return _gone(self.line, self.net, self.line.refunded_amount) + _gone(
            self.line, self.on_top, self.line.refunded_tax
        )

    @property
    def remaining(self) -> int:
        return max(0, self.net + self.on_top - self.gone)

    def next_net(self, units: int) -> int:
        """What the next `units` units are worth."""
        return _next(self.line, self.net, self.line.refunded_amount, units)

    def next_tax(self, units: int) -> int:
        """The tax on top of them."""
        return _next(self.line, self.on_top, self.line.refunded_tax, units)


def sold_lines(case: Case, steps: list[Step]) -> dict[str, Sold]:
    """Each line with its share of order discounts: the platform's own, else by largest remainder.

    Raises Invalid (discount_above_goods, allocation_mismatch, not_refundable_quantity).
    """
    lines = case.lines
    own = any(line.allocated is not None for line in lines)
    shares = _platform_shares(case) if own else _our_shares(case)
    sold = {}
    for line, share in zip(lines, shares, strict=True):
        if not 0 <= line.refunded <= line.quantity:
            raise Invalid(f"line {line.id}: more refunded than sold", code="not_refundable_quantity", max=line.quantity)
        sold[line.id] = Sold(line, share, line.gross - share)
        if share:
            rule = "allocation_platform" if own else "allocation"
            figures = {"whole": sum(shares), "gross": line.gross, "net": line.gross - share}
            steps.append(Step(rule, share, line.id, figures))
    return sold


def wanted_units(case: Case, sold: Mapping[str, Sold]) -> dict[str, int]:
    """How many units of each line go back; without a wish, all that are left.

    Raises Invalid (unknown_line, duplicate_line, not_refundable_quantity with `max`).
    """
    if case.request.units is None:
        return {id_: each.left for id_, each in sold.items() if each.left}
    wanted: dict[str, int] = {}
    for id_, asked in case.request.units:
        if id_ not in sold:
            raise Invalid(f"the order has no line {id_}", code="unknown_line", line=id_)
        if id_ in wanted:
            raise Invalid(f"line {id_} is asked for twice", code="duplicate_line", line=id_)
        left = sold[id_].left
        quantity = left if asked is None else asked
        if quantity < 1 or quantity > left:
            raise Invalid(
                f"line {id_}: {left} left, {quantity} asked", code="not_refundable_quantity", line=id_, max=left
            )
        wanted[id_] = quantity
    return wanted


def line_values(
    sold: Mapping[str, Sold], wanted: Mapping[str, int], grid: int, before: int, steps: list[Step]
) -> tuple[LineValue, ...]:
    """What the wanted units are worth. `before` is what went back earlier: the grid is laid over the running total."""
    values = []
    for id_, quantity in wanted.items():
        each = sold[id_]
        value = _line_value(each, quantity, grid, before)
        before += value.amount
        values.append(value)
        figures = {"quantity": quantity, "of": each.line.quantity, "first": each.line.refunded + 1}
        steps.append(Step("line", value.net, id_, figures | {"net": each.net}))
        if value.tax:
            steps.append(Step("tax", value.tax, id_, {"quantity": quantity, "whole": each.on_top}))
    return tuple(values)


def claw_back(
    sold: Mapping[str, Sold], wanted: Mapping[str, int], promotion: Promotion, worth: int, steps: list[Step]
) -> int:
    """How much less than `worth` goes back when the rest no longer reaches the promotion's threshold.

    Paid less the price of what is kept under the rules of the sale; goods that went back earlier are taken off alike.
    """
    back = {id_: each.line.refunded for id_, each in sold.items()}
    after = {id_: back[id_] + wanted.get(id_, 0) for id_ in sold}
    earlier, _ = _paid_less_kept(sold, back, promotion)
    now, kept = _paid_less_kept(sold, after, promotion)
    clawed = max(0, worth - max(0, now - earlier))
    figures = {"paid": sum(each.net for each in sold.values()), "kept": kept, "before": earlier}
    steps.append(Step("claw_back", -clawed, figures=figures))
    return clawed


def _our_shares(case: Case) -> list[int]:
    bases = [line.gross for line in case.lines]
    if case.order_discount > sum(bases):
        raise Invalid("the order discount is above the price of the goods", code="discount_above_goods")
    return share_out(case.order_discount, bases)


def _platform_shares(case: Case) -> list[int]:
    shares = [line.allocated or 0 for line in case.lines]
    if case.order_discount and sum(shares) != case.order_discount:
        raise Invalid("the lines' allocations are not the order discount", code="allocation_mismatch")
    for line, share in zip(case.lines, shares, strict=True):
        if share > line.gross:
            raise Invalid(f"line {line.id}: more discount than price", code="discount_above_goods", line=line.id)
    return shares


def _line_value(each: Sold, quantity: int, grid: int, before: int) -> LineValue:
    line, units = each.line, []
    for index in range(quantity if quantity <= MOST_UNITS_LISTED else 0):
        net = each.next_net(index + 1) - each.next_net(index)
        tax = each.next_tax(index + 1) - each.next_tax(index)
        pays = on_grid(before + net + tax, grid) - on_grid(before, grid)
        before += net + tax
        units.append(UnitValue(line.refunded + index + 1, net, tax, pays))
    return LineValue(line.id, quantity, each.next_net(quantity), each.next_tax(quantity), tuple(units))


def _next(line: Line, whole: int, given: int | None, units: int) -> int:
    """What the next `units` units make up of `whole`, of which `given` has gone back."""
    if given is None or given == _gone(line, whole, None):
        return units_between(whole, line.quantity, line.refunded + 1, line.refunded + units)
    left = line.quantity - line.refunded
    return half_up(max(0, whole - given) * units, left) if left else 0


def _gone(line: Line, whole: int, given: int | None) -> int:
    return units_between(whole, line.quantity, 1, line.refunded) if given is None else given


def _paid_less_kept(sold: Mapping[str, Sold], back: Mapping[str, int], promotion: Promotion) -> tuple[int, int]:
    """What was paid less the price of what is kept when `back` units are away, and that price."""
    gross = sum(
        each.line.gross - units_between(each.line.gross, each.line.quantity, 1, back[id_]) for id_, each in sold.items()
    )
    kept = gross - promotion.worth(gross)
    return max(0, sum(each.net for each in sold.values()) - kept), kept
