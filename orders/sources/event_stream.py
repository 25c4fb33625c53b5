"""A plain stream of order events, as logs have it: `{"event_id", "order_id", "type", "at", "attrs"}`. Pure.

It has no door: it is read by `wismo orders fold`. What each type says is a row of a table below.
"""

from datetime import UTC, datetime
from typing import Any

from core.errors import Invalid
from orders.facts import (
    Address,
    HeaderFacts,
    HoldFacts,
    Kind,
    OrderFacts,
    PaymentFacts,
    RefundFacts,
    ScanFacts,
    ShipmentFacts,
    Statement,
    Version,
)
from orders.sources.reading import Delivery, Reading, count, load, mapping, scan_statement, text, when
from orders.statuses import Confirmation, Fulfilment, Hold, ParcelState, PaymentState, Returns

NAME = "events"
AT = object()  # stands for the time of the event
_START = datetime(1970, 1, 1, tzinfo=UTC)  # as of when an order is unpaid and unconfirmed: whatever is said later wins

_SUBMITTED = {"placed_at": AT}
_CANCELLED = {"cancelled_at": AT}
_PAID = {"payment": PaymentState.PAID, "paid_at": AT}
HEADERS: dict[str, dict[str, Any]] = {
    "order.submitted": _SUBMITTED,
    "order.placed": _SUBMITTED,
    "order.created": _SUBMITTED,
    "order.updated": {},
    "order.confirmed": {"confirmation": Confirmation.CONFIRMED, "confirmed_at": AT, "confirmed_seen_at": AT},
    "order.rejected": {"confirmation": Confirmation.REJECTED},
    "order.expired": {"confirmation": Confirmation.EXPIRED},
    "order.cancelled": _CANCELLED,
    "order.canceled": _CANCELLED,
    "order.completed": {"completed_at": AT},
    "payment.pending": {},
    "payment.failed": {},
    "payment.authorized": {"payment": PaymentState.AUTHORIZED},
    "payment.confirmed": _PAID,
    "payment.captured": _PAID,
    "payment.voided": {"payment": PaymentState.VOIDED},
    "return.requested": {"returns": Returns.REQUESTED},
}
PAYMENTS: dict[str, PaymentState] = {
    "payment.pending": PaymentState.PENDING,
    "payment.failed": PaymentState.FAILED,
    "payment.authorized": PaymentState.AUTHORIZED,
    "payment.confirmed": PaymentState.PAID,
    "payment.captured": PaymentState.PAID,
    "payment.voided": PaymentState.VOIDED,
}
PACKED = "shipment.packed"  # the parcel exists and has a label; nobody has scanned it
SCANS: dict[str, ParcelState] = {
    "shipment.handed_over": ParcelState.IN_TRANSIT,
    "shipment.scan": ParcelState.IN_TRANSIT,
    "shipment.out_for_delivery": ParcelState.OUT_FOR_DELIVERY,
    "shipment.available_for_pickup": ParcelState.AVAILABLE_FOR_PICKUP,
    "shipment.failed_attempt": ParcelState.FAILED_ATTEMPT,
    "shipment.exception": ParcelState.EXCEPTION,
    "shipment.delivered": ParcelState.DELIVERED,
    "shipment.returning": ParcelState.RETURNING,
    "shipment.returned": ParcelState.RETURNED,
    "return.handed_over": ParcelState.IN_TRANSIT,
    "return.scan": ParcelState.IN_TRANSIT,
    "return.received": ParcelState.DELIVERED,
}
REFUNDS: dict[str, str] = {
    "refund.requested": "requested",
    "refund.pending": "pending",
    "refund.succeeded": "succeeded",
    "refund.failed": "failed",
}
HOLDS: dict[str, bool] = {"order.held": True, "order.released": False}
# Events of the very same moment: the one that comes later in an order's life is the newer one.
_RANK = {kind: rank for rank, kind in enumerate([*HEADERS, *HOLDS, PACKED, *SCANS, *REFUNDS], start=1)}
_NOT_LEFT = frozenset({None, ParcelState.PENDING, ParcelState.INFO_RECEIVED})
_TIMES = {
    "promised_start": "promised_from",
    "promised_end": "promised_to",
    "handover_due": "promised_ship_by",
    "pay_by": "pay_by",
    "confirm_by": "confirm_by",
}
_WORDS = {"number": "number", "customer_name": "customer_name", "reason": "cancel_reason"}
_PLACE = {"dest_country": "country", "dest_region": "region", "dest_city": "city"}


def read(delivery: Delivery) -> Reading:
    """Read one event. An unknown type is a warning, an unknown scan is kept and moves nothing.

    Raises Malformed for bad JSON, Invalid for an event without order, type or time.
    """
    event = load(delivery.body)
    order_id, kind = text(event.get("order_id")), text(event.get("type")).lower()
    at = when(event.get("at"), delivery.timezone)
    if not order_id or len(order_id) > 120 or not kind or at is None:
        raise Invalid("an event needs order_id, type and at", code="bad_event")
    attrs = mapping(event.get("attrs"))
    version = Version(at, f"{_RANK.get(kind, 0):02d}", delivery.digest())
    warnings: list[str] = []
    statements = [
        *_header(delivery, order_id, kind, attrs, version),
        *_payment(kind, attrs, version),
        *_refund(kind, attrs, version),
        *_hold(kind, attrs, version, warnings),
        *_parcel(delivery, kind, attrs, version, warnings),
    ]
    if kind not in _RANK and not kind.startswith("shipment."):
        warnings.append(f"event type={kind[:40]}")
    return Reading(orders=(OrderFacts(order_id, tuple(statements), tuple(warnings)),))


def _header(delivery: Delivery, order_id: str, kind: str, attrs: dict[str, Any], version: Version) -> list[Statement]:
    stated: dict[str, Any] = {
        name: version.at if value is AT else value for name, value in HEADERS.get(kind, {}).items()
    }
    stated |= {ours: when(attrs[name], delivery.timezone) for name, ours in _TIMES.items() if name in attrs}
    stated |= {ours: text(attrs[name]) for name, ours in _WORDS.items() if name in attrs}
    place = {ours: text(attrs[name]) for name, ours in _PLACE.items() if text(attrs.get(name))}
    if place:
        stated["ship_to"] = Address(**place)
    if kind.startswith("order.") and "amount_minor" in attrs:
        stated["total"] = count(attrs["amount_minor"])
    if text(attrs.get("currency")):
        stated["currency"] = text(attrs["currency"]).upper()
    begun = Version(_START, "", version.digest)
    beginning = HeaderFacts(
        number=order_id,
        currency=delivery.currency,
        confirmation=Confirmation.AWAITING,
        payment=PaymentState.PENDING,
    )
    return [
        Statement(Kind.HEADER, "", beginning, begun),
        *([Statement(Kind.HEADER, "", HeaderFacts(**stated), version)] if stated else []),
    ]


def _payment(kind: str, attrs: dict[str, Any], version: Version) -> list[Statement]:
    if kind not in PAYMENTS:
        return []
    stated: dict[str, Any] = {"state": PAYMENTS[kind], "at": version.at}
    if "amount_minor" in attrs:
        amount = count(attrs["amount_minor"])
        stated |= {"captured": amount if stated["state"] is PaymentState.PAID else 0, "authorised": amount}
    stated |= {"tender": text(attrs["method"])} if text(attrs.get("method")) else {}
    return [Statement(Kind.PAYMENT, text(attrs.get("payment_id")) or "1", PaymentFacts(**stated), version)]


def _refund(kind: str, attrs: dict[str, Any], version: Version) -> list[Statement]:
    if kind not in REFUNDS:
        return []
    stated: dict[str, Any] = {"state": REFUNDS[kind], "at": version.at, "seen_at": version.at}
    stated |= {"amount": count(attrs["amount_minor"])} if "amount_minor" in attrs else {}
    return [Statement(Kind.REFUND, text(attrs.get("refund_id")) or "1", RefundFacts(**stated), version)]


def _hold(kind: str, attrs: dict[str, Any], version: Version, warnings: list[str]) -> list[Statement]:
    """A hold whose name we do not know is one of the merchant's."""
    if kind not in HOLDS:
        return []
    word = text(attrs.get("hold")).lower() or Hold.MERCHANT
    if word not in set(Hold):
        warnings.append(f"hold={word[:40]}")
    holds = (Hold(word) if word in set(Hold) else Hold.MERCHANT,) if HOLDS[kind] else ()
    return [Statement(Kind.HOLD, "shop", HoldFacts(holds=holds), version)]


def _parcel(
    delivery: Delivery, kind: str, attrs: dict[str, Any], version: Version, warnings: list[str]
) -> list[Statement]:
    """The parcel that the event is about. A new order may name its carrier: that only announces a parcel."""
    back = kind.startswith("return.")
    parcel = text(attrs.get("shipment_id")) or ("return-1" if back else "1")
    named = {name: text(attrs[name]) for name in ("carrier", "tracking_number") if text(attrs.get(name))}
    if kind == PACKED:
        packed = ShipmentFacts(direction="outbound", shipped=False, label_at=version.at, **named)
        return [Statement(Kind.SHIPMENT, parcel, packed, version)]
    if kind in HEADERS and HEADERS[kind] is _SUBMITTED and named:
        return [Statement(Kind.SHIPMENT, parcel, ShipmentFacts(shipped=False, **named), version)]
    if kind not in SCANS and not kind.startswith("shipment."):
        return []
    state = SCANS.get(kind)
    word = text(attrs.get("state")).lower()
    if word:
        state = ParcelState(word) if word in set(ParcelState) else None
    if state is None:
        warnings.append(f"scan={(word or kind)[:40]}")
    scan = ScanFacts(
        shipment=parcel,
        at=version.at,
        received_at=delivery.received_at,
        code=kind.partition(".")[2],
        state=state,
        text=text(attrs.get("text")),
        location=text(attrs.get("location")),
    )
    left = state not in _NOT_LEFT
    moving = {"shipped": True} if left else {}
    facts = ShipmentFacts(direction="return" if back else "outbound", **moving, **named)
    statements = [Statement(Kind.SHIPMENT, parcel, facts, version), scan_statement(scan, version)]
    if left and not back:  # that it arrived is what the parcels say
        statements.append(Statement(Kind.HEADER, "", HeaderFacts(fulfilment=Fulfilment.SHIPPED), version))
    return statements
