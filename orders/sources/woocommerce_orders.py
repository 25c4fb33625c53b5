"""WooCommerce's order object: one status for payment and fulfilment, refunds inside, tracking in meta data. Pure."""

import html
from datetime import UTC, datetime
from typing import Any

from core.errors import Invalid
from orders.contacts import normal_email, normal_phone
from orders.facts import (
    Address,
    HeaderFacts,
    HoldFacts,
    Kind,
    LineFacts,
    OrderFacts,
    PaymentFacts,
    RefundFacts,
    ShipmentFacts,
    Statement,
    Version,
)
from orders.refunds.keys import stated_key
from orders.sources.loose import rounded, units
from orders.sources.reading import Delivery, identifier, mapping, minor, objects, text, when
from orders.statuses import Confirmation, Fulfilment, Hold, PaymentState, RefundState

# What a status says. "confirmation: None" leaves it to the gates, "at" stands for the time of the change.
_AT = object()
_OPEN: dict[str, Any] = {"confirmation": None, "refund": RefundState.NONE, "cancelled_at": None}
_WAITING = {**_OPEN, "payment": PaymentState.PENDING, "fulfilment": Fulfilment.UNFULFILLED}
_ACCEPTED = {**_OPEN, "confirmation": Confirmation.CONFIRMED, "confirmed_seen_at": _AT, "payment": PaymentState.PAID}
_CANCELLED = {"confirmation": None, "cancelled_at": _AT}
STATUSES: dict[str, dict[str, Any]] = {
    "pending": _WAITING,
    "on-hold": _WAITING,
    "failed": {**_WAITING, "payment": PaymentState.FAILED},
    "processing": {**_ACCEPTED, "fulfilment": Fulfilment.UNFULFILLED},
    "completed": {**_ACCEPTED, "fulfilment": Fulfilment.SHIPPED},  # the merchant's word: not delivered
    "cancelled": _CANCELLED,
    "refunded": {**_ACCEPTED, "refund": RefundState.FULL},
    "trash": _CANCELLED,
}
_UNPAID = frozenset({"pending", "on-hold", "failed"})
HOLDS = {"on-hold": (Hold.PAYMENT_REVIEW,)}
# Changes within one second carry the same time: the one that comes later in an order's life is the newer one.
_RANKS = ("pending", "failed", "on-hold", "?", "processing", "completed", "cancelled", "refunded", "trash")
_TENDERS = {
    "bacs": "bank_transfer",
    "cheque": "cheque",
    "cod": "cash_on_delivery",
    "paypal": "paypal",
    "ppcp-gateway": "paypal",
    "ppec_paypal": "paypal",
    "stripe": "card",
    "stripe_cc": "card",
    "woocommerce_payments": "card",
    "square_credit_card": "card",
    "alipay": "alipay",
    "stripe_alipay": "alipay",
    "wechat": "wechat",
    "wechatpay": "wechat",
    "stripe_wechat_pay": "wechat",
}
_TRACKING = "_wc_shipment_tracking_items"  # the meta field of the two widespread tracking plug-ins


def read_order(delivery: Delivery, payload: dict[str, Any]) -> OrderFacts:
    """Everything that an order payload says. Raises Invalid when it cannot be true."""
    warnings: list[str] = []
    status = text(payload.get("status")).lower().removeprefix("wc-")
    version = _version(delivery, payload, status)
    statements = [
        Statement(Kind.HEADER, "", _header(delivery, payload, status, version.at, warnings), version),
        *_lines(delivery, payload, version),
        *_payment(delivery, payload, status, version),
        *_refunds(delivery, payload, version),
        *_parcels(payload, version, warnings),
    ]
    if status in STATUSES:
        statements.append(Statement(Kind.HOLD, "shop", HoldFacts(holds=HOLDS.get(status, ())), version))
    return OrderFacts(identifier(payload.get("id")), tuple(statements), tuple(warnings))


def read_deleted(delivery: Delivery, payload: dict[str, Any]) -> OrderFacts:
    """Topic order.deleted: it carries the id alone, so the time is the one at which we heard of it."""
    version = Version(delivery.received_at, f"{_RANKS.index('trash'):02d}", delivery.digest())
    facts = HeaderFacts(cancelled_at=delivery.received_at, cancel_reason="deleted")
    return OrderFacts(identifier(payload.get("id")), (Statement(Kind.HEADER, "", facts, version),))


def _version(delivery: Delivery, payload: dict[str, Any], status: str) -> Version:
    stated = _time(delivery, payload, "date_modified") or _time(delivery, payload, "date_created")
    rank = _RANKS.index(status) if status in _RANKS else _RANKS.index("?")
    return Version(stated or delivery.received_at, f"{rank:02d}", delivery.digest())


def _time(delivery: Delivery, payload: dict[str, Any], name: str) -> datetime | None:
    """`date_…_gmt` is UTC without an offset; `date_…` is the site's own time, used only where the other is missing."""
    return when(payload.get(f"{name}_gmt"), "UTC") or when(payload.get(name), delivery.timezone)


def _header(delivery: Delivery, payload: dict[str, Any], status: str, at: datetime, warnings: list[str]) -> HeaderFacts:
    """Only what the payload has: a missing field is not stated."""
    currency = _currency(delivery, payload)
    facts: dict[str, Any] = {}
    if "number" in payload or "id" in payload:
        facts["number"] = text(payload.get("number")) or identifier(payload.get("id"))
    if text(payload.get("currency")):
        facts["currency"] = currency
    placed = _time(delivery, payload, "date_created")
    if placed is not None:
        facts["placed_at"] = placed
    if payload.get("total") is not None:
        facts["total"] = minor(payload["total"], currency)
    for name, field in _SUMS.items():
        if payload.get(field) is not None:
            facts[name] = rounded(payload[field], currency)
    if payload.get("shipping_total") is not None:
        facts |= {"shipping_net": facts["shipping"], "tax_included": False}  # no amount of an order contains its tax
    if "line_items" in payload:
        facts["goods"] = sum(rounded(line.get("subtotal"), currency) for line in objects(payload["line_items"]))
    if "date_paid_gmt" in payload or "date_paid" in payload:
        facts["paid_at"] = _time(delivery, payload, "date_paid")
    facts |= _lists(payload) | _states(payload, status, at, facts.get("paid_at"), warnings)
    facts |= _person(delivery, payload)
    return HeaderFacts(**facts)


_SUMS = {
    "shipping": "shipping_total",
    "shipping_tax": "shipping_tax",
    "discount": "discount_total",
    "tax": "total_tax",
}


def _lists(payload: dict[str, Any]) -> dict[str, Any]:
    """The ids of all lines, refunds and parcels: what an edit has removed is only missing from the next payload."""
    found: dict[str, Any] = {}
    for name, field in (("line_ids", "line_items"), ("refund_ids", "refunds")):
        if isinstance(payload.get(field), list):
            found[name] = tuple(identifier(item.get("id")) for item in objects(payload[field]))
    if isinstance(payload.get("meta_data"), list):
        found["parcel_ids"] = tuple(_parcel_id(parcel) for parcel in _tracked(payload))
    return found


def _states(
    payload: dict[str, Any], status: str, at: datetime, paid: datetime | None, warnings: list[str]
) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if "payment_method" in payload:
        facts["pay_on_delivery"] = _on_delivery(payload)
    if "status" not in payload:
        return facts
    if status not in STATUSES:
        warnings.append(f"status={status[:40]}")
        return {**facts, "unknown": {"status": status}}
    facts["unknown"] = {}
    times = {"confirmed_seen_at": paid or at}
    facts |= {name: times.get(name, at) if value is _AT else value for name, value in STATUSES[status].items()}
    if "fulfilment" not in facts and (payload.get("date_completed_gmt") or payload.get("date_completed")):
        facts["fulfilment"] = Fulfilment.SHIPPED  # before it was refunded
    if facts.get("payment") is PaymentState.PAID:
        if _on_delivery(payload) and not paid:
            facts["payment"] = PaymentState.NONE  # the carrier has not handed the cash over
        else:
            facts["paid_seen_at"] = paid or at
    if facts.get("refund") is RefundState.NONE and _gave_back(payload):
        facts["refund"] = RefundState.PARTIAL  # the status does not change for a part
    return facts


def _on_delivery(payload: dict[str, Any]) -> bool:
    return text(payload.get("payment_method")).lower() == "cod"


def _is_paid(payload: dict[str, Any]) -> bool:
    return bool(payload.get("date_paid_gmt") or payload.get("date_paid"))


def _gave_back(payload: dict[str, Any]) -> bool:
    return bool(objects(payload.get("refunds")))


def _person(delivery: Delivery, payload: dict[str, Any]) -> dict[str, Any]:
    billing, shipping = mapping(payload.get("billing")), mapping(payload.get("shipping"))
    facts: dict[str, Any] = {}
    if billing:
        region = text(billing.get("country")) or delivery.country
        phones = (billing.get("phone"), shipping.get("phone"))
        facts["email"] = normal_email(text(billing.get("email")))
        facts["phone"] = next((found for raw in phones if (found := normal_phone(text(raw), region))), None)
        facts["customer_name"] = _name(billing) or _name(shipping)
    if any(text(shipping.get(part)) for part in ("address_1", "city", "postcode", "country")):
        facts["ship_to"] = Address(
            name=_name(shipping),
            lines=tuple(line for key in ("company", "address_1", "address_2") if (line := text(shipping.get(key)))),
            city=text(shipping.get("city")),
            region=text(shipping.get("state")),
            postcode=text(shipping.get("postcode")),
            country=text(shipping.get("country")).upper(),
        )
    return facts


def _name(address: dict[str, Any]) -> str:
    return " ".join(part for key in ("first_name", "last_name") if (part := text(address.get(key))))


def _lines(delivery: Delivery, payload: dict[str, Any], version: Version) -> list[Statement]:
    currency = _currency(delivery, payload)
    statements = []
    for position, line in enumerate(objects(payload.get("line_items"))):
        quantity = units(line.get("quantity"))
        before, after = rounded(line.get("subtotal"), currency), rounded(line.get("total"), currency)
        facts = LineFacts(
            position=position,
            sku=text(line.get("sku")),
            title=html.unescape(text(line.get("name"))),
            variant=_variant(line),
            quantity=quantity,
            unit_price=(2 * before + quantity) // (2 * quantity) if quantity > 0 else before,
            discount=max(before - after, 0),
            tax=rounded(line.get("total_tax"), currency),
            net=after,
            listed=True,
        )
        statements.append(Statement(Kind.LINE, identifier(line.get("id")), facts, version))
    return statements


def _variant(line: dict[str, Any]) -> str:
    """What was chosen (colour, size): the meta data that is meant for people."""
    words = [
        text(item.get("display_value")) or text(item.get("value"))
        for item in objects(line.get("meta_data"))
        if not text(item.get("key")).startswith("_")
    ]
    return html.unescape(" / ".join(word for word in words if word))


def _payment(delivery: Delivery, payload: dict[str, Any], status: str, version: Version) -> list[Statement]:
    """The shop knows of one payment an order: the method, and whether the money has come."""
    method = text(payload.get("payment_method"))
    if not method:
        return []
    currency = _currency(delivery, payload)
    paid = _is_paid(payload) and status not in _UNPAID
    facts: dict[str, Any] = {
        "tender": _TENDERS.get(method.lower(), "other"),
        "gateway": text(payload.get("payment_method_title")) or method,
        "gateway_ref": text(payload.get("transaction_id")),
        "currency": currency,
        "captured": minor(payload.get("total"), currency) if paid else 0,
        "at": _time(delivery, payload, "date_paid") or _time(delivery, payload, "date_created"),
    }
    if status in STATUSES and (paid or "payment" in STATUSES[status]):
        due = _on_delivery(payload) and not paid
        facts["state"] = PaymentState.NONE if due else STATUSES[status].get("payment", PaymentState.PAID)
    return [Statement(Kind.PAYMENT, "order", PaymentFacts(**facts), version)]


def _refunds(delivery: Delivery, payload: dict[str, Any], version: Version) -> list[Statement]:
    """The refunds inside an order: an id, a reason and a negative total; they have been recorded as done."""
    currency = _currency(delivery, payload)
    return [
        Statement(
            Kind.REFUND,
            identifier(refund.get("id")),
            RefundFacts(
                amount=abs(minor(refund.get("total") or refund.get("amount"), currency)),
                currency=currency,
                state="succeeded",
                tender=_TENDERS.get(text(payload.get("payment_method")).lower(), "other"),
                seen_at=version.at,
                listed=True,
                **stated_key(text(refund.get("reason"))),
            ),
            version,
        )
        for refund in objects(payload.get("refunds"))
    ]


def _parcels(payload: dict[str, Any], version: Version, warnings: list[str]) -> list[Statement]:
    """The shop itself has no tracking numbers; the tracking plug-ins keep them in the order's meta data."""
    statements = []
    for parcel in _tracked(payload):
        link = text(parcel.get("custom_tracking_link"))
        facts = ShipmentFacts(
            direction="outbound",
            carrier=text(parcel.get("custom_tracking_provider")) or text(parcel.get("tracking_provider")),
            tracking_number=text(parcel.get("tracking_number")),
            tracking_url=link if link.startswith(("https://", "http://")) else "",
            shipped=True,
            cancelled=False,
            listed=True,
            label_at=_shipped_at(parcel.get("date_shipped"), warnings),
        )
        statements.append(Statement(Kind.SHIPMENT, _parcel_id(parcel), facts, version))
    return statements


def _tracked(payload: dict[str, Any]) -> list[dict[str, Any]]:
    items = [item for item in objects(payload.get("meta_data")) if text(item.get("key")) == _TRACKING]
    return [parcel for item in items for parcel in objects(item.get("value")) if text(parcel.get("tracking_number"))]


def _parcel_id(parcel: dict[str, Any]) -> str:
    return text(parcel.get("tracking_id"))[:120] or text(parcel.get("tracking_number"))[:120]


def _shipped_at(value: Any, warnings: list[str]) -> datetime | None:
    """The plug-ins write unix seconds; a day in another form (or out of range) is left out."""
    try:
        return datetime.fromtimestamp(int(text(value)), UTC) if text(value) else None
    except (ValueError, OverflowError, OSError):
        warnings.append("date_shipped is no time")
        return None


def _currency(delivery: Delivery, payload: dict[str, Any]) -> str:
    found = (text(payload.get("currency")) or delivery.currency).upper()
    if len(found) > 3:
        raise Invalid("not a currency", code="bad_currency", value=found[:40])
    return found
