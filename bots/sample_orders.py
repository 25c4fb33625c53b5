"""Sample orders in every state that has an answer of its own, for golden dialogues. It is always NOW."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.money import Money
from orders.snapshots import LineSnapshot, OrderSnapshot, ParcelSnapshot, RefundSnapshot, ScanSnapshot
from orders.statuses import (
    Closure,
    Confirmation,
    Fulfilment,
    Gate,
    Headline,
    Hold,
    ParcelState,
    PaymentState,
    RefundState,
    Returns,
)

NOW = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)  # a Tuesday, 10:42 in Berlin, 17:42 in Shanghai
BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"


def ago(**parts: int) -> datetime:
    """A time before NOW."""
    return NOW - timedelta(**parts)


def ahead(**parts: int) -> datetime:
    """A time after NOW."""
    return NOW + timedelta(**parts)


def line(title: str = "Desk lamp", quantity: int = 1, **changes: Any) -> LineSnapshot:
    facts: dict[str, Any] = {
        "title": title,
        "variant": "",
        "sku": "LAMP-1",
        "quantity": quantity,
        "quantity_cancelled": 0,
        "quantity_shipped": 0,
        "quantity_delivered": 0,
        "unit_price": Money(19900, "EUR"),
        "backordered": False,
        "backorder_eta": None,
    }
    return LineSnapshot(**(facts | changes))


def parcel(state: ParcelState, position: int = 1, **changes: Any) -> ParcelSnapshot:
    facts: dict[str, Any] = {
        "parcel_id": f"par_{position}",
        "position": position,
        "carrier": "DHL",
        "tracking_number": f"0034043412345{position}",
        "tracking_url": "",
        "state": state,
        "substate": "",
        "scans": (ScanSnapshot(at=ago(hours=5), state=state, text="Sorted", location="Leipzig"),),
        "label_at": ago(days=3),
        "first_scan_at": ago(days=2),
        "out_for_delivery_at": None,
        "delivered_at": None,
        "last_event_at": ago(hours=5),
        "eta_from": ahead(days=1),
        "eta_to": ahead(days=2),
        "pickup_point": "",
        "pickup_code": "",
        "pickup_until": None,
        "signed_by": "",
        "lines": (("Desk lamp", 1),),
        "direction": "outbound",
    }
    return ParcelSnapshot(**(facts | changes))


def refund(state: str, **changes: Any) -> RefundSnapshot:
    facts: dict[str, Any] = {
        "refund_id": "rfd_1",
        "amount": Money(19900, "EUR"),
        "state": state,
        "tender": "card",
        "reference": "RF-77",
        "at": ago(days=1),
    }
    return RefundSnapshot(**(facts | changes))


def order(number: str = "1001", headline: Headline = Headline.PROCESSING, **changes: Any) -> OrderSnapshot:
    facts: dict[str, Any] = {
        "order_id": f"ord_{number.lstrip('#')}",
        "shop_id": 1,
        "number": number,
        "language": "en",
        "timezone": BERLIN,
        "headline": headline,
        "holds": frozenset(),
        "gates": (),
        "confirmation": Confirmation.CONFIRMED,
        "payment": PaymentState.PAID,
        "fulfilment": Fulfilment.UNFULFILLED,
        "returns": Returns.NONE,
        "refund": RefundState.NONE,
        "closure": Closure.OPEN,
        "placed_at": ago(days=4),
        "paid_at": ago(days=4),
        "confirmed_at": ago(days=3),
        "confirm_by": None,
        "pay_by": None,
        "cancelled_at": None,
        "cancel_reason": "",
        "promised_ship_by": ahead(days=1),
        "promised_from": None,
        "promised_to": None,
        "total": Money(19900, "EUR"),
        "payment_method": "card",
        "lines": (line(),),
        "parcels": (),
        "refunds": (),
        "destination": "Hamburg, DE",
        "can_cancel": True,
        "can_change_address": True,
        "version": 3,
        "as_of": NOW,
        "source_updated_at": ago(hours=5),
    }
    return OrderSnapshot(**(facts | changes))


def _unconfirmed(gate: Gate, **changes: Any) -> OrderSnapshot:
    facts: dict[str, Any] = {
        "gates": (gate,),
        "confirmation": Confirmation.AWAITING,
        "confirmed_at": None,
        "confirm_by": ahead(hours=20),
    }
    return order(headline=Headline.AWAITING_CONFIRMATION, **(facts | changes))


def _shipped(*parcels: ParcelSnapshot, headline: Headline = Headline.SHIPPED, **changes: Any) -> OrderSnapshot:
    facts: dict[str, Any] = {
        "parcels": parcels,
        "fulfilment": Fulfilment.SHIPPED,
        "can_cancel": False,
        "can_change_address": False,
        "lines": (line(quantity_shipped=1),),
    }
    return order(headline=headline, **(facts | changes))


def _held(hold: Hold) -> OrderSnapshot:
    return order(headline=Headline.ON_HOLD, holds=frozenset({hold}))


def _delivered(**changes: Any) -> OrderSnapshot:
    arrived = parcel(ParcelState.DELIVERED, delivered_at=ago(hours=20), signed_by="Meier")
    return _shipped(arrived, headline=Headline.DELIVERED, fulfilment=Fulfilment.DELIVERED, **changes)


def _label(**changes: Any) -> OrderSnapshot:
    facts: dict[str, Any] = {
        "label_at": ago(hours=10),
        "scans": (),
        "first_scan_at": None,
        "eta_from": None,
        "eta_to": None,
    }
    return _shipped(parcel(ParcelState.INFO_RECEIVED, **(facts | changes)))


def states() -> dict[str, OrderSnapshot]:
    """One order numbered 1001 in every state that has an answer of its own."""
    in_transit, out = ParcelState.IN_TRANSIT, ParcelState.OUT_FOR_DELIVERY
    late: dict[str, Any] = {"eta_from": ago(days=4), "eta_to": ago(days=3)}
    returned = parcel(in_transit, direction="return", eta_from=None, eta_to=None)
    partly = (line("Desk lamp", quantity_shipped=1), line("Bulb", 2))
    return {
        "awaiting_payment": order(
            headline=Headline.AWAITING_PAYMENT,
            gates=(Gate.PAYMENT,),
            payment=PaymentState.PENDING,
            paid_at=None,
            confirmed_at=None,
            pay_by=ahead(hours=2),
        ),
        "payment_failed": order(
            headline=Headline.PAYMENT_FAILED, gates=(Gate.PAYMENT,), payment=PaymentState.FAILED, paid_at=None
        ),
        "awaiting_confirmation_payment": _unconfirmed(Gate.PAYMENT, payment=PaymentState.AUTHORIZED, paid_at=None),
        "awaiting_confirmation_stock": _unconfirmed(Gate.STOCK),
        "awaiting_confirmation_risk": _unconfirmed(Gate.RISK),
        "awaiting_confirmation_acceptance": _unconfirmed(Gate.ACCEPTANCE),
        "awaiting_confirmation_late": _unconfirmed(Gate.STOCK, confirm_by=ago(hours=3)),
        **{f"on_hold_{hold}": _held(hold) for hold in Hold},
        "on_hold_customs_under_way": _shipped(
            parcel(in_transit), headline=Headline.ON_HOLD, holds=frozenset({Hold.CUSTOMS})
        ),
        "processing": order(),
        "processing_reachable": order(cancels_at_once=True),
        "processing_late": order(promised_ship_by=ago(days=2)),
        "processing_undated": order(promised_ship_by=None, confirmed_at=None),
        "backordered": order(
            headline=Headline.BACKORDERED,
            fulfilment=Fulfilment.BACKORDERED,
            lines=(line(backordered=True, backorder_eta=ahead(days=9)),),
        ),
        "backordered_two": order(
            headline=Headline.BACKORDERED,
            lines=(
                line("Desk lamp", backordered=True, backorder_eta=ahead(days=9)),
                line("Bulb", backordered=True, backorder_eta=ahead(days=9)),
            ),
        ),
        "backordered_in_part": order(
            headline=Headline.BACKORDERED,
            lines=(line("Desk lamp", backordered=True, backorder_eta=ahead(days=9)), line("Bulb")),
        ),
        "backordered_undated": order(headline=Headline.BACKORDERED, lines=(line(backordered=True),)),
        "partially_shipped": _shipped(
            parcel(in_transit), headline=Headline.PARTIALLY_SHIPPED, fulfilment=Fulfilment.PARTIAL, lines=partly
        ),
        "shipped_no_parcel": _shipped(),
        "pending": _shipped(parcel(ParcelState.PENDING, scans=(), eta_from=None, eta_to=None)),
        "info_received": _label(),
        "info_received_late": _label(label_at=ago(days=4)),
        "in_transit": _shipped(parcel(in_transit)),
        "in_transit_undated": _shipped(parcel(in_transit, eta_from=None, eta_to=None, scans=())),
        "in_transit_late": _shipped(parcel(in_transit, **late)),
        "in_transit_slower": _shipped(parcel(in_transit, eta_to=ahead(days=6)), promised_to=ahead(days=2)),
        "out_for_delivery": _shipped(parcel(out, out_for_delivery_at=ago(hours=2))),
        "out_for_delivery_old": _shipped(parcel(out, out_for_delivery_at=ago(days=2))),
        "available_for_pickup": _shipped(
            parcel(
                ParcelState.AVAILABLE_FOR_PICKUP,
                pickup_point="Packstation 12",
                pickup_code="5-1-22",
                pickup_until=ahead(days=5),
            )
        ),
        "failed_attempt": _shipped(parcel(ParcelState.FAILED_ATTEMPT, substate="DeliveryFailure_NoBody")),
        "failed_attempt_address": _shipped(
            parcel(ParcelState.FAILED_ATTEMPT, substate="DeliveryFailure_InvalidAddress")
        ),
        "exception": _shipped(parcel(ParcelState.EXCEPTION)),
        "exception_lost": _shipped(parcel(ParcelState.EXCEPTION, substate="Exception_Lost")),
        "exception_damaged": _shipped(parcel(ParcelState.EXCEPTION, substate="Exception_Damage")),
        "returning_to_sender": _shipped(parcel(ParcelState.RETURNING)),
        "returned_to_sender": _shipped(parcel(ParcelState.RETURNED)),
        "expired_tracking": _shipped(parcel(ParcelState.EXPIRED)),
        "delivered": _delivered(),
        "completed": replace(_delivered(), headline=Headline.COMPLETED, closure=Closure.COMPLETED),
        "delivered_refund_pending": _delivered(refund=RefundState.PENDING, refunds=(refund("pending"),)),
        "partially_delivered": _shipped(
            parcel(ParcelState.DELIVERED, delivered_at=ago(days=1)),
            parcel(in_transit, 2),
            headline=Headline.PARTIALLY_DELIVERED,
            fulfilment=Fulfilment.PARTIALLY_DELIVERED,
        ),
        "two_parcels": _shipped(parcel(in_transit), parcel(out, 2, out_for_delivery_at=ago(hours=1))),
        "returning": _shipped(returned, headline=Headline.RETURNING, returns=Returns.IN_TRANSIT),
        "returning_refused": _shipped(
            parcel(ParcelState.RETURNING), headline=Headline.RETURNING, returns=Returns.IN_TRANSIT
        ),
        "returned": _shipped(headline=Headline.RETURNED, returns=Returns.RETURNED),
        "refunded": _shipped(headline=Headline.REFUNDED, refund=RefundState.FULL, refunds=(refund("succeeded"),)),
        "cancelled": order(
            headline=Headline.CANCELLED,
            closure=Closure.CANCELLED,
            cancelled_at=ago(days=1),
            refunds=(refund("pending"),),
            can_cancel=False,
        ),
        "cancelled_unpaid": order(
            headline=Headline.CANCELLED,
            closure=Closure.CANCELLED,
            payment=PaymentState.VOIDED,
            paid_at=None,
            cancelled_at=ago(days=1),
            can_cancel=False,
        ),
        "cancelled_pending": order(
            headline=Headline.CANCELLED,
            closure=Closure.CANCELLED,
            payment=PaymentState.PENDING,
            paid_at=None,
            cancelled_at=ago(days=1),
            can_cancel=False,
        ),
        "expired": order(headline=Headline.EXPIRED, closure=Closure.EXPIRED, can_cancel=False),
    }
