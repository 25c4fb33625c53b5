"""A plain stream of order events, as logs have it: `{"event_id", "order_id", "type", "at", "attrs"}`. Pure.

It has no door: it is read by `wismo orders fold`. What each type says is a row of a table in event_types.
"""

from datetime import UTC, datetime
from typing import Any

from core.errors import Invalid
from orders.facts import (
    NEVER,
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
    stamp,
)
from orders.sources.event_types import (
    ALIASES,
    AT,
    DROPPED,
    HEADERS,
    HOLDS,
    PACKED,
    PAYMENTS,
    RANK,
    REFUNDS,
    SCANS,
    SUBMITTED,
)
from orders.sources.reading import Delivery, Reading, count, load, mapping, offset_of, scan_statement, text, when
from orders.statuses import Confirmation, Hold, ParcelState, PaymentState

NAME = "events"
_START = datetime(1970, 1, 1, tzinfo=UTC)  # as of when an order is unpaid and unconfirmed: whatever is said later wins
_NOT_LEFT = frozenset({None, ParcelState.PENDING, ParcelState.INFO_RECEIVED})
_TIMES = {
    "promised_start": "promised_from",
    "promised_end": "promised_to",
    "handover_due": "promised_ship_by",
    "pay_by": "pay_by",
    "confirm_by": "confirm_by",
}
_WORDS = {"number": "number", "customer_name": "customer_name"}
_PLACE = {"dest_country": "country", "dest_region": "region", "dest_city": "city"}


def read(delivery: Delivery) -> Reading:
    """Read one event. An unknown type is a warning, an unknown scan is kept and moves nothing.

    Raises Malformed for bad JSON, Invalid for an event without order, type or time.
    """
    event = load(delivery.body)
    order_id, kind = text(event.get("order_id")), text(event.get("type")).lower()
    kind = ALIASES.get(kind, kind)
    at = when(event.get("at"), delivery.timezone)
    if not order_id or len(order_id) > 120 or not kind or at is None:
        raise Invalid("an event needs order_id, type and at", code="bad_event")
    attrs = mapping(event.get("attrs"))
    version = Version(at, f"{RANK.get(kind, 0):02d}", delivery.digest())
    warnings: list[str] = []
    statements = [
        *_header(delivery, order_id, kind, attrs, version),
        *_payment(kind, attrs, version),
        *_refund(kind, attrs, version),
        *_hold(kind, attrs, version, warnings),
        *_parcel(delivery, kind, attrs, version, text(event["at"]), warnings),
    ]
    if kind not in RANK and not kind.startswith("shipment."):
        warnings.append(f"event type={kind[:40]}")
    return Reading(orders=(OrderFacts(order_id, tuple(statements), tuple(warnings)),))


def _header(delivery: Delivery, order_id: str, kind: str, attrs: dict[str, Any], version: Version) -> list[Statement]:
    stated: dict[str, Any] = {
        name: version.at if value is AT else value for name, value in HEADERS.get(kind, {}).items()
    }
    stated |= {ours: when(attrs[name], delivery.timezone) for name, ours in _TIMES.items() if name in attrs}
    stated |= {ours: text(attrs[name]) for name, ours in _WORDS.items() if name in attrs}
    if "cancelled_at" in stated and "reason" in attrs:
        stated["cancel_reason"] = text(attrs["reason"])
    if stated.get("payment") is PaymentState.PAID and text(attrs.get("amount_minor")):
        stated["payment"] = PaymentState.PARTIALLY_PAID  # the amounts decide whether that was all
    place = {ours: text(attrs[name]) for name, ours in _PLACE.items() if text(attrs.get(name))}
    if place:
        stated["ship_to"] = Address(**place)
    if HEADERS.get(kind) in ({}, SUBMITTED) and kind.startswith("order.") and text(attrs.get("amount_minor")):
        stated["total"] = count(attrs["amount_minor"])
    if text(attrs.get("currency")):
        stated["currency"] = text(attrs["currency"]).upper()
    begun = Version(_START, "", version.digest)
    beginning = HeaderFacts(
        number=order_id,
        currency=delivery.currency,
        placed_at=NEVER,
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
    stated: dict[str, Any] = {"state": PAYMENTS[kind], "at": version.at, "by_gateway": True}
    if text(attrs.get("amount_minor")):
        amount = count(attrs["amount_minor"])
        stated |= {"captured": amount if stated["state"] is PaymentState.PAID else 0, "authorised": amount}
    stated |= {"tender": text(attrs["method"])} if text(attrs.get("method")) else {}
    name = text(attrs.get("payment_id")) or text(attrs.get("method")) or "1"
    return [Statement(Kind.PAYMENT, name[:120], PaymentFacts(**stated), version)]


def _refund(kind: str, attrs: dict[str, Any], version: Version) -> list[Statement]:
    """A refund by its id. Without one, each that succeeded stands for itself, and closes what was asked before."""
    if kind not in REFUNDS:
        return []
    name, amount = text(attrs.get("refund_id"))[:120], text(attrs.get("amount_minor"))
    stated: dict[str, Any] = {"state": REFUNDS[kind], "at": version.at, "seen_at": version.at}
    if amount or REFUNDS[kind] == "requested":  # a new request is of a new amount
        stated["amount"] = count(amount) if amount else None
    if name or not amount or REFUNDS[kind] != "succeeded":
        return [Statement(Kind.REFUND, name or "1", RefundFacts(**stated), version)]
    asked = RefundFacts(state="succeeded", amount=0)
    return [
        Statement(Kind.REFUND, "1", asked, version),
        Statement(Kind.REFUND, f"{stamp(version.at)} {amount}"[:120], RefundFacts(**stated), version),
    ]


def _hold(kind: str, attrs: dict[str, Any], version: Version, warnings: list[str]) -> list[Statement]:
    """Holds are a set: each is set and lifted by its name; a release without a name lifts all.

    A hold whose name we do not know is one of the merchant's.
    """
    if kind not in HOLDS:
        return []
    word = text(attrs.get("hold")).lower()
    if word and word not in set(Hold):
        warnings.append(f"hold={word[:40]}")
    named = (Hold(word),) if word in set(Hold) else (Hold.MERCHANT,)
    if HOLDS[kind]:
        return [Statement(Kind.HOLD, hold.value, HoldFacts(holds=(hold,)), version) for hold in named]
    return [Statement(Kind.HOLD, hold.value, HoldFacts(holds=()), version) for hold in (named if word else Hold)]


def _parcel(
    delivery: Delivery, kind: str, attrs: dict[str, Any], version: Version, raw: str, warnings: list[str]
) -> list[Statement]:
    """The parcel that the event is about. A new order may name its carrier: that only announces a parcel."""
    back = kind.startswith("return.")
    parcel = text(attrs.get("shipment_id"))[:120] or ("return-1" if back else "1")
    named = {name: text(attrs[name]) for name in ("carrier", "tracking_number") if text(attrs.get(name))}
    if kind == PACKED:
        packed = ShipmentFacts(direction="outbound", shipped=False, label_at=version.at, **named)
        return [Statement(Kind.SHIPMENT, parcel, packed, version)]
    if kind == DROPPED:
        return [Statement(Kind.SHIPMENT, parcel, ShipmentFacts(cancelled=True), version)]
    if kind in HEADERS and HEADERS[kind] is SUBMITTED and named:
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
        raw=raw,
        offset=offset_of(raw, "shop"),
        code=kind.partition(".")[2],
        state=state,
        text=text(attrs.get("text")),
        location=text(attrs.get("location")),
    )
    left = state not in _NOT_LEFT
    moving = {"shipped": True} if left else {}
    facts = ShipmentFacts(direction="return" if back else "outbound", **moving, **named)
    return [Statement(Kind.SHIPMENT, parcel, facts, version), scan_statement(scan, version)]
