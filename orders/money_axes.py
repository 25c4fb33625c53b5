"""Two of the axes: where the customer's money is, and how much of it has gone back. Pure."""

from collections.abc import Iterable

from orders.facts import HeaderFacts, PaymentFacts, RefundFacts
from orders.statuses import PaymentState, RefundState

_NOT_PAID = frozenset(
    {
        PaymentState.NONE,
        PaymentState.PENDING,
        PaymentState.AUTHORIZED,
        PaymentState.PARTIALLY_PAID,
        PaymentState.FAILED,
    }
)
_SILENT = frozenset({None, PaymentState.NONE, PaymentState.PENDING})


def payment_axis(header: HeaderFacts, payments: Iterable[PaymentFacts]) -> PaymentState:
    """The platform's word, unless a gateway's says more."""
    known = (p for p in payments if p.at is not None and p.currency in {None, header.currency})
    attempts = sorted(known, key=lambda p: (p.at, p.gateway_ref or ""))
    captured = sum(p.captured or 0 for p in attempts)
    total = header.total or 0
    stated = header.payment or _payment_from(attempts, captured, total)
    if header.total == 0 and stated in _SILENT:
        return PaymentState.PAID  # there is nothing to pay
    if stated is PaymentState.PAID and captured > total > 0:
        return PaymentState.OVERPAID
    if stated in _NOT_PAID and any(p.captured for p in attempts if p.by_gateway):
        return PaymentState.OVERPAID if captured > total > 0 else _payment_from(attempts, captured, total)
    if stated in _SILENT and any(p.by_gateway and p.state is PaymentState.AUTHORIZED for p in attempts):
        return PaymentState.AUTHORIZED
    latest_failed = bool(attempts) and attempts[-1].state is PaymentState.FAILED
    if stated in {PaymentState.NONE, PaymentState.PENDING} and latest_failed and captured == 0:
        return PaymentState.FAILED
    return stated


def refund_axis(header: HeaderFacts, refunds: Iterable[RefundFacts]) -> RefundState:
    """A refund whose amount nobody has told, or told in other money than the order's, is one, but never all."""
    money = [r for r in refunds if r.amount != 0]
    states = {r.state for r in money}
    back = sum(r.amount or 0 for r in money if r.state == "succeeded" and r.currency in {None, header.currency})
    if header.total is not None and back and back >= header.total:
        return RefundState.FULL
    if "pending" in states:
        return RefundState.PENDING
    if "requested" in states:
        return RefundState.REQUESTED
    if header.refund is RefundState.FULL:
        return RefundState.FULL
    if "succeeded" in states:
        return RefundState.PARTIAL
    if "failed" in states and header.refund is not RefundState.PARTIAL:
        return RefundState.FAILED
    return header.refund or RefundState.NONE


def is_odd(header: HeaderFacts, payments: Iterable[PaymentFacts]) -> bool:
    """A review, or money that a gateway has taken and that is not what the order costs.

    The last only while the platform has no word on it: it may know of a gift card or a deposit.
    """
    payments = list(payments)
    if any(p.reviewed for p in payments):
        return True
    taken = [p for p in payments if p.by_gateway and p.captured]
    captured = sum(p.captured or 0 for p in payments if p.currency in {None, header.currency})
    return bool(taken) and header.payment in _SILENT and header.total not in {None, captured}


def _payment_from(attempts: list[PaymentFacts], captured: int, total: int) -> PaymentState:
    """The state of the money of a platform that only lists payments. A total that nobody has told is not zero."""
    if captured >= total and captured:
        return PaymentState.PAID
    if captured > 0:
        return PaymentState.PARTIALLY_PAID
    return (attempts[-1].state if attempts else None) or PaymentState.NONE
