"""The most that may go back, and how it is split over what it was paid with. Pure."""

from collections.abc import Mapping, Sequence

from core.errors import Invalid
from orders.apportioning import half_up, on_grid, pour, share_out
from orders.refunds.case import Case, Payment
from orders.refunds.lines import Sold
from orders.refunds.quote import Cap, Step, TenderPart


def paid_value(case: Case, sold: Mapping[str, Sold]) -> int:
    """What the whole order is worth: goods and shipping with all taxes."""
    return sum(each.net + each.on_top for each in sold.values()) + case.shipping.paid + case.shipping.tax


def given_back(case: Case, sold: Mapping[str, Sold]) -> int:
    """What has gone back for the order's lines and shipping by their own count."""
    return sum(each.gone for each in sold.values()) + case.shipping.refunded + case.shipping.refunded_tax


def payments_open(case: Case, payment: str | None) -> tuple[Payment, ...]:
    """The payments that may be refunded to: all, or the one that is named. Raises Invalid (unknown_payment)."""
    if payment is None:
        return case.payments
    chosen = tuple(each for each in case.payments if each.id == payment)
    if not chosen:
        raise Invalid(f"there is no payment {payment}", code="unknown_payment", payment=payment)
    return chosen


def order_left(case: Case, sold: Mapping[str, Sold]) -> int | None:
    """What of the order's own value has not gone back; what was paid twice does not count. None without lines."""
    if not sold:
        return None
    return max(0, on_grid(paid_value(case, sold), case.policy.grid) - _gone(case, sold))


def caps_of(
    case: Case, sold: Mapping[str, Sold], payments: Sequence[Payment], extra: int, steps: list[Step]
) -> tuple[Cap, ...]:
    """What limits the refund: the order's value (and `extra`, that was never part of it), and what is left on payments.

    Pending refunds hold their money as succeeded ones do; failed ones do not.
    """
    caps = []
    order = order_left(case, sold)
    if order is not None:
        caps.append(Cap("order", order + extra))
        figures = {"value": paid_value(case, sold), "held": _gone(case, sold)}
        steps.append(Step("cap_order", order, figures=figures))
    for each in payments:
        left = _room(each, case.policy.grid)
        caps.append(Cap("payment", left, each.id))
        steps.append(Step("cap_payment", left, each.id, {"captured": each.captured, "held": each.held}))
    return tuple(caps)


def most_of(caps: Sequence[Cap], entitled: int) -> int:
    """The smallest of what is due, what the order's value lets through and what all payments together can carry."""
    orders = [cap.most for cap in caps if cap.kind == "order"]
    payments = [cap.most for cap in caps if cap.kind == "payment"]
    return min([entitled, *orders, *([sum(payments)] if payments else [])])


def split(total: int, payments: Sequence[Payment], case: Case, steps: list[Step]) -> tuple[TenderPart, ...]:
    """Share `total` out over payments: in proportion to what is left on each, or in the order that the policy names.

    In proportion, gift value is not turned into cash. Points go back as points, counted by a running total.
    """
    grid, order = case.policy.grid, case.policy.split
    rooms = [_room(each, grid) for each in payments]
    if order:
        turns = sorted(range(len(payments)), key=lambda index: (_turn(payments[index], order), index))
        poured = dict(zip(turns, pour(total, [rooms[turn] for turn in turns]), strict=True))
        parts = [poured[index] for index in range(len(payments))]
    else:
        parts = [part * grid for part in share_out(total // grid, [room // grid for room in rooms])]
    tenders = []
    for each, part in zip(payments, parts, strict=True):
        if part:
            tenders.append(TenderPart(each.id, each.method, part, _points(each, part)))
            rule = "split_in_order" if order else "split"
            steps.append(Step(rule, part, each.id, {"whole": total, "given": each.left, "method": each.method}))
    return tuple(tenders)


def _gone(case: Case, sold: Mapping[str, Sold]) -> int:
    """What has gone back of the order: the payments know it best; without any the lines' own count."""
    if not case.payments:
        return given_back(case, sold)
    return sum(each.held - each.held_duplicate for each in case.payments)


def _room(payment: Payment, grid: int) -> int:
    return payment.left // grid * grid


def _turn(payment: Payment, order: Sequence[str]) -> int:
    for name in (payment.id, payment.method):
        if name in order:
            return order.index(name)
    return len(order)


def _points(payment: Payment, part: int) -> int:
    if not payment.units:
        return 0
    before = half_up(payment.units * payment.held, payment.captured)
    return half_up(payment.units * (payment.held + part), payment.captured) - before
