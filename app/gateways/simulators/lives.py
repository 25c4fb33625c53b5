"""What can happen to a simulated order, step by step, and what comes next."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from app.gateways.simulators.carrier import next_scan, print_label, scan
from app.gateways.simulators.order import SimAttempt, SimOrder, SimParcel, SimRefund, SimScan

SERVICE_ONLY = "payment"  # what only the payment service knows and tells
KEPT = "customer_request"  # a hold of the desk's, which no simulated warehouse lets go of
_OTHER_WALLET = {"alipay": "wechat", "wechat": "alipay"}


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the shop or the carrier has to tell: a topic in Shopify's words and the part that it is about."""

    topic: str
    part: SimParcel | SimRefund | SimAttempt | None = None
    scan: SimScan | None = None


def take(order: SimOrder, step: str, at: datetime, random: Random) -> list[Told]:
    """Let `step` happen to `order`. `scan:<name>` is a scan of the last parcel, `scan1:<name>` one of the first."""
    name, _, detail = step.partition(":")
    if name in {"scan", "scan1"}:
        parcel = order.parcels[0 if name == "scan1" else -1]
        return [Told("fulfillment_events/create", parcel, scan(order, parcel, detail, at, random))]
    return _STEPS[name](order, at, random, detail)


def steps(order: SimOrder, random: Random) -> str | None:
    """The next step in the life of `order`; None when it is over."""
    if order.cancelled_at or any(refund.state == "pending" for refund in order.refunds):
        return "refund_arrives" if any(refund.state == "pending" for refund in order.refunds) else None
    if KEPT in order.holds:
        return None  # the desk has asked to wait
    waits = {
        "release": bool(order.holds),
        "pay": order.payment == "pending",
        "confirm": not order.stock_checked,
        "restock": any(line.backorder_eta for line in order.lines) and not order.unshipped_in_stock(),
        "ship": bool(order.unshipped()),
    }
    for name, applies in waits.items():
        if applies and (name != "ship" or not order.parcels or _all_delivered(order)):
            return name
    for position, parcel in enumerate(order.parcels):
        if (following := next_scan(parcel, random)) is not None:
            return f"{'scan1' if position == 0 else 'scan'}:{following}"
    return None if order.completed_at or not _all_delivered(order) else "complete"


def _all_delivered(order: SimOrder) -> bool:
    return all(parcel.scans and parcel.scans[-1].code == "delivered" for parcel in order.parcels)


def _submit(order: SimOrder, at: datetime, _random: Random, detail: str) -> list[Told]:
    """A new order: `paid`, `unpaid`, or `backordered` (paid, nothing of it in stock)."""
    if detail == "unpaid":
        order.pay_by = at + timedelta(days=1)
        return [Told("orders/create")]
    order.payment = "paid"
    if detail == "backordered":
        for line in order.lines:
            line.backorder_eta = at + timedelta(days=16)
    return [Told("orders/create"), Told("order_transactions/create", _attempt(order, "paid", at))]


def _pay(order: SimOrder, at: datetime, _random: Random, detail: str) -> list[Told]:
    """The money comes; `unheard`: the payment service has it, and its word to the shop is lost."""
    if detail == "unheard":
        return [Told(SERVICE_ONLY, _attempt(order, "paid", at, known=False))]
    order.payment, order.pay_by = "paid", None
    return [Told("order_transactions/create", _attempt(order, "paid", at)), Told("orders/paid")]


def _pay_again(order: SimOrder, at: datetime, _random: Random, _detail: str) -> list[Told]:
    """The customer is charged a second time: in the other wallet, if there is one. The shop takes no notice."""
    method = _OTHER_WALLET.get(order.method, order.method)
    return [Told(SERVICE_ONLY, _attempt(order, "paid", at, method=method, known=False))]


def _pay_fails(order: SimOrder, at: datetime, _random: Random, _detail: str) -> list[Told]:
    return [Told("order_transactions/create", _attempt(order, "failed", at))]


def _attempt(order: SimOrder, state: str, at: datetime, *, method: str = "", known: bool = True) -> SimAttempt:
    attempt = SimAttempt(order.next_id(3), state, at, method or order.method, known)
    order.attempts.append(attempt)
    return attempt


def _confirm(order: SimOrder, at: datetime, _random: Random, _detail: str) -> list[Told]:
    order.stock_checked = True
    order.ship_by = at + timedelta(days=1)
    order.promised_from, order.promised_to = at + timedelta(days=4), at + timedelta(days=6)
    if waiting := [line.backorder_eta for line in order.lines if line.backorder_eta]:
        later = max(waiting) + timedelta(days=1)
        order.ship_by, order.promised_from, order.promised_to = later, later, later + timedelta(days=5)
    return [Told("orders/updated")]


def _hold(order: SimOrder, _at: datetime, _random: Random, detail: str) -> list[Told]:
    order.holds.append(detail)
    return [Told("orders/updated")]


def _release(order: SimOrder, _at: datetime, _random: Random, _detail: str) -> list[Told]:
    order.holds.clear()
    return [Told("orders/updated")]


def _run_out(order: SimOrder, at: datetime, _random: Random, _detail: str) -> list[Told]:
    """The warehouse finds an empty shelf after the order was accepted."""
    for line in order.lines:
        line.backorder_eta = at + timedelta(days=12)
    order.ship_by = at + timedelta(days=13)
    order.promised_from, order.promised_to = order.ship_by, order.ship_by + timedelta(days=5)
    return [Told("orders/updated")]


def _restock(order: SimOrder, at: datetime, _random: Random, _detail: str) -> list[Told]:
    for line in order.lines:
        line.backorder_eta = None
    order.ship_by = at + timedelta(days=1)
    return [Told("orders/updated")]


def _ship(order: SimOrder, at: datetime, random: Random, detail: str) -> list[Told]:
    """Hand over what is left; `first` only the first line, `late` with a promise that will not be kept."""
    lines = order.unshipped()[:1] if detail == "first" else order.unshipped()
    parcel = print_label(order, lines, at, random)
    order.ship_by = None if not order.unshipped() else at + timedelta(days=2)
    if detail == "late":
        order.promised_from, order.promised_to = at + timedelta(days=2), at + timedelta(days=3)
        parcel.eta = None
    whole = "orders/partially_fulfilled" if order.unshipped() else "orders/fulfilled"
    return [Told("fulfillments/create", parcel), Told(whole)]


def _complete(order: SimOrder, at: datetime, _random: Random, _detail: str) -> list[Told]:
    order.completed_at = at
    return [Told("orders/updated")]


def _cancel(order: SimOrder, at: datetime, _random: Random, detail: str) -> list[Told]:
    """Cancel, and give back what was paid, if nothing has left yet: the hand-over may have been quicker."""
    order.cancelled_at, order.cancel_reason = at, detail or "customer"
    if order.payment != "paid" or order.parcels:
        return [Told("orders/cancelled")]
    refund = _give_back(order, at, order.total, cancelled=True)
    return [Told("orders/cancelled"), Told("refunds/create", refund)]


def _refund(order: SimOrder, at: datetime, _random: Random, detail: str) -> list[Told]:
    """Give money back for delivered goods: all of it, or `part` of it."""
    amount = order.lines[0].price // 4 if detail == "part" else order.total
    return [Told("refunds/create", _give_back(order, at, amount, cancelled=False)), Told("orders/updated")]


def _give_back(order: SimOrder, at: datetime, amount: int, *, cancelled: bool) -> SimRefund:
    units = [(line.id, line.quantity) for line in order.lines] if cancelled else []
    refund = SimRefund(order.next_id(2), amount, "pending", at, units, cancelled)
    order.refunds.append(refund)
    return refund


def _refund_arrives(order: SimOrder, _at: datetime, _random: Random, _detail: str) -> list[Told]:
    arrived = [refund for refund in order.refunds if refund.state == "pending"]
    for refund in arrived:
        refund.state = "succeeded"
    return [Told("orders/updated", refund) for refund in arrived]


_STEPS: dict[str, Callable[[SimOrder, datetime, Random, str], list[Told]]] = {
    "submit": _submit,
    "pay": _pay,
    "pay_again": _pay_again,
    "pay_fails": _pay_fails,
    "confirm": _confirm,
    "hold": _hold,
    "release": _release,
    "run_out": _run_out,
    "restock": _restock,
    "ship": _ship,
    "complete": _complete,
    "cancel": _cancel,
    "refund": _refund,
    "refund_arrives": _refund_arrives,
}
