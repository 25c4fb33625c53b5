"""Payments and refunds told in the customer's money, where the shop counts in its own: at the order's own rate. Pure.

Shopify's transactions are in the money that the customer saw; the order tells its total in both
(shopify.dev, "Presentment currency"). What the whole order came to is exactly what it is worth.
"""

from collections.abc import Mapping

from orders.apportioning import half_up
from orders.facts import HeaderFacts, PaymentFacts, RefundFacts


def payments_in_own_money(header: HeaderFacts, payments: Mapping[str, PaymentFacts]) -> dict[str, PaymentFacts]:
    """The payments with those in the customer's money counted in the order's; `charged_in` says which it was."""
    return {name: _payment(header, facts) if _is_foreign(header, facts) else facts for name, facts in payments.items()}


def refunds_in_own_money(header: HeaderFacts, refunds: Mapping[str, RefundFacts]) -> dict[str, RefundFacts]:
    """The same for refunds."""
    return {name: _refund(header, facts) if _is_foreign(header, facts) else facts for name, facts in refunds.items()}


def _is_foreign(header: HeaderFacts, facts: PaymentFacts | RefundFacts) -> bool:
    return bool(header.presented_total and facts.currency and facts.currency == header.presented_currency)


def _payment(header: HeaderFacts, facts: PaymentFacts) -> PaymentFacts:
    counted = {name: _worth(header, getattr(facts, name)) for name in ("authorised", "captured")}
    return facts.model_copy(update={**counted, "currency": header.currency, "charged_in": facts.currency})


def _refund(header: HeaderFacts, facts: RefundFacts) -> RefundFacts:
    return facts.model_copy(update={"amount": _worth(header, facts.amount), "currency": header.currency})


def _worth(header: HeaderFacts, amount: int | None) -> int | None:
    total, worth = header.presented_total, header.presented_worth
    return half_up(amount * worth, total) if amount is not None and total and worth is not None else amount
