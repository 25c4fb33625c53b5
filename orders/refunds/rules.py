"""Who bears what: deductions that law and policy allow, and the shipping that goes back with the goods. Pure.

Sources: Directive 2011/83/EU art. 9-16; Consumer Rights Law of China art. 25; WeChat shop's after-sales rules.
"""

from collections.abc import Mapping

from orders.apportioning import half_up, units_between
from orders.refunds.case import Case, Deduction, Jurisdiction, Policy, Reason, Request, Shipping, ShippingRule
from orders.refunds.lines import Sold
from orders.refunds.quote import Step, Withheld

SELLER_FAULT = frozenset(
    {
        Reason.DEFECTIVE,
        Reason.DAMAGED,
        Reason.WRONG_ITEM,
        Reason.NOT_AS_DESCRIBED,
        Reason.MISSING,
        Reason.LOST,
        Reason.LATE,
        Reason.OUT_OF_STOCK,
        Reason.SELLER_FAULT,
    }
)
_HUNDRED_PERCENT = 10_000


def allowed(policy: Policy, reason: Reason) -> frozenset[Deduction]:
    """The deductions that the jurisdiction and the reason leave open and the shop's policy uses.

    None when the seller is at fault or within China's seven days. In the EU's withdrawal only the loss of value by
    handling beyond inspection, and only if the customer was told of the right (2011/83/EU, art. 14 (2)).
    """
    if reason in SELLER_FAULT or reason in {Reason.SEVEN_DAY, Reason.CANCELLED}:
        return frozenset()
    if reason is Reason.WITHDRAWAL:
        return frozenset({Deduction.VALUE_LOSS}) & policy.deductions if policy.informed else frozenset()
    return policy.deductions


def deductions(case: Case, goods: int, tax: int, steps: list[Step]) -> tuple[Withheld, ...]:
    """What is kept of the goods' `goods` and `tax`; percentages are of `goods`. Never more than both together."""
    request, open_ = case.request, allowed(case.policy, case.request.reason)
    room, withheld = goods + tax, []
    for kind, asked in _asked(request, goods):
        if not asked:
            continue
        amount = min(asked, room) if kind in open_ else 0
        room -= amount
        withheld.append(Withheld(kind, asked, amount))
        rule = f"deduct_{kind.value}" if kind in open_ else "deduction_not_allowed"
        figures = {"deduction": kind.value, "whole": asked, "reason": request.reason.value}
        steps.append(Step(rule, -amount, figures=figures | {"jurisdiction": case.policy.jurisdiction.value}))
    return tuple(withheld)


def label_back(request: Request, steps: list[Step]) -> int:
    """What the customer paid for the way back, if that was the seller's fault."""
    label = request.return_label
    if label is None or not label.by_customer or request.reason not in SELLER_FAULT:
        return 0
    steps.append(Step("return_label", label.amount))
    return label.amount


def shipping_back(
    case: Case, sold: Mapping[str, Sold], wanted: Mapping[str, int], steps: list[Step]
) -> tuple[int, int]:
    """The shipping that goes back with the wanted units, and its tax."""
    shipping = case.shipping
    if not shipping.paid:
        return 0, 0
    rule, why = shipping_rule(case, sold, wanted)
    left = max(0, shipping.paid - shipping.refunded)
    standard = shipping.paid if shipping.standard is None else min(shipping.paid, shipping.standard)
    amount = {
        ShippingRule.ALL: left,
        ShippingRule.STANDARD: max(0, standard - shipping.refunded),
        ShippingRule.SHARE: min(left, _share(shipping.paid, sold, wanted)),
        ShippingRule.NONE: 0,
    }[rule]
    tax = _tax_of(shipping, amount)
    steps.append(Step(f"shipping_{why}", amount, figures={"paid": shipping.paid, "given": shipping.refunded}))
    if tax:
        steps.append(Step("shipping_tax", tax, figures={"whole": shipping.tax}))
    return amount, tax


def shipping_rule(case: Case, sold: Mapping[str, Sold], wanted: Mapping[str, int]) -> tuple[ShippingRule, str]:
    """How much of the shipping goes back, and why."""
    complete = all(each.left == wanted.get(id_, 0) for id_, each in sold.items())
    unshipped = not any(each.line.shipped for each in sold.values())
    reason, policy = case.request.reason, case.policy
    if policy.shipping is not None:
        return policy.shipping, "policy"
    if reason is Reason.WITHDRAWAL:
        return (ShippingRule.STANDARD, "withdrawal") if complete else (ShippingRule.NONE, "partial_withdrawal")
    if complete and unshipped:
        return ShippingRule.ALL, "last_line" if policy.jurisdiction is Jurisdiction.CN else "cancelled"
    if reason in SELLER_FAULT:
        return ShippingRule.SHARE, "seller_fault"
    return ShippingRule.NONE, "kept" if unshipped else "shipped"


def _asked(request: Request, goods: int) -> tuple[tuple[Deduction, int], ...]:
    restocking = request.restocking + half_up(goods * request.restocking_percent, _HUNDRED_PERCENT)
    loss = request.value_loss + half_up(goods * request.value_loss_percent, _HUNDRED_PERCENT)
    label = request.return_label
    ours = label.amount if label and not label.by_customer else 0
    return (Deduction.RESTOCKING, restocking), (Deduction.RETURN_LABEL, ours), (Deduction.VALUE_LOSS, loss)


def _share(paid: int, sold: Mapping[str, Sold], wanted: Mapping[str, int]) -> int:
    """A difference of running totals, so that the shares of all refunds of an order sum exactly to what was paid."""
    whole = sum(each.net for each in sold.values())
    if not whole:
        return 0
    before = sum(units_between(e.net, e.line.quantity, 1, e.line.refunded) for e in sold.values())
    after = sum(
        units_between(e.net, e.line.quantity, 1, e.line.refunded + wanted.get(id_, 0)) for id_, e in sold.items()
    )
    return half_up(paid * after, whole) - half_up(paid * before, whole)


def _tax_of(shipping: Shipping, amount: int) -> int:
    after = half_up(shipping.tax * (shipping.refunded + amount), shipping.paid)
    before = half_up(shipping.tax * shipping.refunded, shipping.paid)
    return min(after - before, max(0, shipping.tax - shipping.refunded_tax))
