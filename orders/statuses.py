"""The words for the state of an order: six independent axes, a set of holds, four gates, one headline.

Pure. No platform's single status is enough, so each axis is kept apart and the headline is derived from them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Confirmation(StrEnum):
    """Has the shop accepted the order?"""

    AWAITING = "awaiting"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    EXPIRED = "expired"


class PaymentState(StrEnum):
    """Where the customer's money is."""

    NONE = "none"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    FAILED = "failed"
    VOIDED = "voided"
    OVERPAID = "overpaid"


class Fulfilment(StrEnum):
    """How much of the goods has left and arrived."""

    UNFULFILLED = "unfulfilled"
    BACKORDERED = "backordered"
    PARTIAL = "partial"
    SHIPPED = "shipped"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"
    NOT_REQUIRED = "not_required"


class Returns(StrEnum):
    """How much of the goods is on its way back or is back."""

    NONE = "none"
    REQUESTED = "requested"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    PARTIALLY_RETURNED = "partially_returned"
    RETURNED = "returned"


class RefundState(StrEnum):
    """How much of the money has gone back; "pending" is accepted, not arrived."""

    NONE = "none"
    REQUESTED = "requested"
    PENDING = "pending"
    PARTIAL = "partial"
    FULL = "full"
    FAILED = "failed"


class Closure(StrEnum):
    """Is the order still alive?"""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Hold(StrEnum):
    """Why somebody stopped the work on an order. FRAUD is told to customers as a check, never by its name."""

    FRAUD = "fraud"
    PAYMENT_REVIEW = "payment_review"
    ADDRESS = "address"
    STOCK = "stock"
    CUSTOMS = "customs"
    PLATFORM_LOCK = "platform_lock"
    CUSTOMER_REQUEST = "customer_request"
    MERCHANT = "merchant"


class DisputeState(StrEnum):
    """What has become of money that a customer asked the bank to take back."""

    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"  # the shop keeps the money
    LOST = "lost"  # the money has gone back
    CLOSED = "closed"  # withdrawn, prevented, or refunded by the shop: no decision moved any money


OPEN_DISPUTES = frozenset({DisputeState.NEEDS_RESPONSE, DisputeState.UNDER_REVIEW})


class Gate(StrEnum):
    """What must be certain before an order counts as confirmed."""

    PAYMENT = "payment"
    STOCK = "stock"
    RISK = "risk"
    ACCEPTANCE = "acceptance"


class Headline(StrEnum):
    """The one word for an order."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDED = "refunded"  # in full; anything less is a suffix of another headline
    RETURNING = "returning"
    RETURNED = "returned"
    ON_HOLD = "on_hold"
    PAYMENT_FAILED = "payment_failed"
    AWAITING_PAYMENT = "awaiting_payment"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    COMPLETED = "completed"
    DELIVERED = "delivered"
    PARTIALLY_DELIVERED = "partially_delivered"
    SHIPPED = "shipped"
    PARTIALLY_SHIPPED = "partially_shipped"
    BACKORDERED = "backordered"
    PROCESSING = "processing"


class ParcelState(StrEnum):
    """Where a parcel is, by its carrier's word."""

    PENDING = "pending"  # no data yet
    INFO_RECEIVED = "info_received"  # a label exists, nobody has scanned the parcel
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    DELIVERED = "delivered"
    FAILED_ATTEMPT = "failed_attempt"
    EXCEPTION = "exception"
    RETURNING = "returning"
    RETURNED = "returned"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """The derived state of one order."""

    confirmation: Confirmation = Confirmation.AWAITING
    payment: PaymentState = PaymentState.NONE
    fulfilment: Fulfilment = Fulfilment.UNFULFILLED
    returns: Returns = Returns.NONE
    refund: RefundState = RefundState.NONE
    closure: Closure = Closure.OPEN
    holds: frozenset[Hold] = frozenset()
    gates: tuple[Gate, ...] = ()


NOT_LEFT = frozenset({Fulfilment.UNFULFILLED, Fulfilment.BACKORDERED, Fulfilment.NOT_REQUIRED})
_MONEY_IS_CERTAIN = frozenset({PaymentState.PAID, PaymentState.OVERPAID})
_MONEY_IS_DUE = frozenset({PaymentState.NONE, PaymentState.PENDING, PaymentState.PARTIALLY_PAID, PaymentState.VOIDED})


def open_gates(
    *,
    payment: PaymentState,
    fulfilment: Fulfilment,
    closure: Closure,
    pay_on_delivery: bool = False,
    stock_open: bool = False,
    risk_open: bool = False,
    acceptance_open: bool = False,
) -> tuple[Gate, ...]:
    """Return the gates that keep the order from being confirmed, in the order in which customers are told of them.

    With cash on delivery the payment gate counts as closed. Once goods have left, or the order is closed, no gate is
    open: the shop has decided.
    """
    if closure is not Closure.OPEN or fulfilment not in NOT_LEFT:
        return ()
    opened = {
        Gate.PAYMENT: payment not in _MONEY_IS_CERTAIN and not pay_on_delivery,
        Gate.STOCK: stock_open,
        Gate.RISK: risk_open,
        Gate.ACCEPTANCE: acceptance_open,
    }
    return tuple(gate for gate, is_open in opened.items() if is_open)


def headline(axes: Axes) -> Headline:
    """Return the first headline that applies."""
    checks = {
        Headline.CANCELLED: axes.closure is Closure.CANCELLED or axes.confirmation is Confirmation.REJECTED,
        Headline.EXPIRED: axes.closure is Closure.EXPIRED or axes.confirmation is Confirmation.EXPIRED,
        Headline.REFUNDED: axes.refund is RefundState.FULL,
        Headline.RETURNING: axes.returns is Returns.IN_TRANSIT,
        Headline.RETURNED: axes.returns in {Returns.RECEIVED, Returns.RETURNED},
        Headline.ON_HOLD: bool(axes.holds),
        Headline.PAYMENT_FAILED: Gate.PAYMENT in axes.gates and axes.payment is PaymentState.FAILED,
        Headline.AWAITING_PAYMENT: Gate.PAYMENT in axes.gates and axes.payment in _MONEY_IS_DUE,
        Headline.AWAITING_CONFIRMATION: bool(axes.gates),
        Headline.COMPLETED: axes.closure is Closure.COMPLETED,
        Headline.DELIVERED: axes.fulfilment is Fulfilment.DELIVERED,
        Headline.PARTIALLY_DELIVERED: axes.fulfilment is Fulfilment.PARTIALLY_DELIVERED,
        Headline.SHIPPED: axes.fulfilment is Fulfilment.SHIPPED,
        Headline.PARTIALLY_SHIPPED: axes.fulfilment is Fulfilment.PARTIAL,
        Headline.BACKORDERED: axes.fulfilment is Fulfilment.BACKORDERED,
    }
    return next((name for name, applies in checks.items() if applies), Headline.PROCESSING)


def may_cancel(axes: Axes, *, label_printed: bool) -> bool:
    """May the whole order still be cancelled without asking the warehouse?

    Not once a label is printed or something has left (then it is an intercept or a return), and not while the platform
    holds the order because a cancellation is already under review.
    """
    return _untouched(axes, label_printed) and Hold.PLATFORM_LOCK not in axes.holds


def may_change_address(axes: Axes, *, label_printed: bool) -> bool:
    """May the delivery address still be changed? As `may_cancel`, and there must be something to deliver."""
    return may_cancel(axes, label_printed=label_printed) and axes.fulfilment is not Fulfilment.NOT_REQUIRED


def furthest(candidates: Collection[ParcelState]) -> ParcelState:
    """Of states reported for the very same moment, the one that is furthest along."""
    return max(candidates, key=_PARCEL_PROGRESS.index)


def _untouched(axes: Axes, label_printed: bool) -> bool:
    alive = axes.closure is Closure.OPEN and axes.confirmation in {Confirmation.AWAITING, Confirmation.CONFIRMED}
    money_kept = axes.refund is not RefundState.FULL and axes.returns is Returns.NONE
    return alive and money_kept and axes.fulfilment in NOT_LEFT and not label_printed


_PARCEL_PROGRESS = (
    ParcelState.PENDING,
    ParcelState.INFO_RECEIVED,
    ParcelState.EXPIRED,
    ParcelState.IN_TRANSIT,
    ParcelState.EXCEPTION,
    ParcelState.OUT_FOR_DELIVERY,
    ParcelState.FAILED_ATTEMPT,
    ParcelState.AVAILABLE_FOR_PICKUP,
    ParcelState.DELIVERED,
    ParcelState.RETURNING,
    ParcelState.RETURNED,
)
