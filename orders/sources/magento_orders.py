"""Magento's order object: state and status, quantities per item, shipments with their tracks. Pure.

States are fixed by the platform; statuses are names that a shop may invent, so only the few with a meaning of their own
are looked at. Times are UTC without an offset. Amounts are numbers with up to four decimals, discounts below zero.
"""

from typing import Any

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
    RefundLine,
    Statement,
    Version,
)
from orders.sources.loose import flag, rounded, units
from orders.sources.magento_parcels import shipment_statements
from orders.sources.reading import Delivery, identifier, mapping, objects, text, when
from orders.statuses import Confirmation, Fulfilment, Hold, PaymentState, RefundState

_AT = object()  # stands for the time of the change
_OPEN: dict[str, Any] = {"confirmation": None, "refund": RefundState.NONE, "cancelled_at": None}
_ACCEPTED = {**_OPEN, "confirmation": Confirmation.CONFIRMED, "confirmed_seen_at": _AT, "payment": PaymentState.PAID}
STATES: dict[str, dict[str, Any]] = {
    "new": {**_OPEN, "confirmation": Confirmation.AWAITING, "payment": PaymentState.NONE},
    "pending_payment": {**_OPEN, "payment": PaymentState.PENDING},
    "payment_review": {**_OPEN, "payment": PaymentState.PENDING},
    "processing": {**_ACCEPTED, "fulfilment": Fulfilment.UNFULFILLED},
    "complete": {**_ACCEPTED, "fulfilment": Fulfilment.SHIPPED},
    "closed": {**_ACCEPTED, "refund": RefundState.FULL},
    "canceled": {"confirmation": None, "cancelled_at": _AT},
    "holded": {},  # what was true before the hold stays true
}
HOLDS: dict[tuple[str, str], tuple[Hold, ...]] = {
    ("payment_review", ""): (Hold.PAYMENT_REVIEW,),
    ("payment_review", "fraud"): (Hold.FRAUD,),
    ("processing", "fraud"): (Hold.FRAUD,),
    ("holded", ""): (Hold.MERCHANT,),
}
# Changes within one second carry the same time: the one that comes later in an order's life is the newer one.
_RANKS = ("pending_payment", "new", "payment_review", "?", "holded", "processing", "complete", "closed", "canceled")
_TENDERS = {
    "banktransfer": "bank_transfer",
    "checkmo": "cheque",
    "cashondelivery": "cash_on_delivery",
    "purchaseorder": "invoice",
    "paypal_express": "paypal",
    "payflow_express": "paypal",
    "braintree_paypal": "paypal",
    "braintree": "card",
    "payflowpro": "card",
    "stripe_payments": "card",
    "adyen_cc": "card",
    "authorizenet_acceptjs": "card",
    "free": "none",
}
_NEVER_SHIPPED = frozenset({"virtual", "downloadable"})


def read_order(delivery: Delivery, payload: dict[str, Any]) -> OrderFacts:
    """Everything that an order says. Raises Invalid when it cannot be true."""
    warnings: list[str] = []
    state, status = text(payload.get("state")).lower(), text(payload.get("status")).lower()
    version = _version(delivery, payload, state)
    statements = [
        Statement(Kind.HEADER, "", _header(delivery, payload, state, version, warnings), version),
        *_lines(delivery, payload, version),
        *_payment(delivery, payload, version),
        *_refund(delivery, payload, version),
    ]
    if state in STATES:
        holds = HOLDS.get((state, status)) or HOLDS.get((state, ""), ())
        statements.append(Statement(Kind.HOLD, "shop", HoldFacts(holds=holds), version))
    for shipment in objects(mapping(payload.get("extension_attributes")).get("shipments")):
        statements += shipment_statements(delivery, shipment, version)
    return OrderFacts(identifier(payload.get("entity_id")), tuple(statements), tuple(warnings))


def read_shipment(delivery: Delivery, payload: dict[str, Any]) -> OrderFacts:
    """A shipment by itself (`GET /V1/shipments`)."""
    stated = when(payload.get("updated_at"), "UTC") or when(payload.get("created_at"), "UTC")
    version = Version(stated or delivery.received_at, "", delivery.digest())
    return OrderFacts(identifier(payload.get("order_id")), tuple(shipment_statements(delivery, payload, version)))


def _version(delivery: Delivery, payload: dict[str, Any], state: str) -> Version:
    stated = when(payload.get("updated_at"), "UTC") or when(payload.get("created_at"), "UTC")
    rank = _RANKS.index(state) if state in _RANKS else _RANKS.index("?")
    return Version(stated or delivery.received_at, f"{rank:02d}", delivery.digest())


def _header(
    delivery: Delivery, payload: dict[str, Any], state: str, version: Version, warnings: list[str]
) -> HeaderFacts:
    """Only what the document has: a missing field is not stated."""
    currency = _currency(delivery, payload)
    facts: dict[str, Any] = {}
    if text(payload.get("increment_id")):
        facts["number"] = text(payload["increment_id"])
    if text(payload.get("order_currency_code")):
        facts["currency"] = currency
    if payload.get("created_at"):
        facts["placed_at"] = when(payload["created_at"], "UTC")
    for name, field in _AMOUNTS.items():
        if payload.get(field) is not None:
            facts[name] = (
                abs(rounded(payload[field], currency)) if name == "discount" else rounded(payload[field], currency)
            )
    if payload.get("shipping_amount") is not None:
        less = rounded(payload.get("shipping_discount_amount"), currency)
        facts |= {"shipping_net": max(facts["shipping"] - abs(less), 0), "tax_included": False}
    if isinstance(payload.get("items"), list):
        facts["line_ids"] = tuple(identifier(i.get("item_id")) for i in objects(payload["items"]) if not _is_part(i))
    if _method(payload):
        facts["pay_on_delivery"] = _on_delivery(payload)
    facts |= _states(payload, state, version, warnings)
    facts |= _person(delivery, payload)
    return HeaderFacts(**facts)


_AMOUNTS = {
    "total": "grand_total",
    "goods": "subtotal",
    "discount": "discount_amount",
    "shipping": "shipping_amount",
    "shipping_tax": "shipping_tax_amount",
    "tax": "tax_amount",
}


def _states(payload: dict[str, Any], state: str, version: Version, warnings: list[str]) -> dict[str, Any]:
    if "state" not in payload:
        return {}
    if state not in STATES:
        warnings.append(f"state={state[:40]}")
        return {"unknown": {"state": state}}
    before = text(payload.get("hold_before_state")).lower() if state == "holded" else state
    told = STATES.get(before, {})
    facts = {name: version.at if value is _AT else value for name, value in told.items()} | {"unknown": {}}
    if facts.get("payment") is PaymentState.PAID:
        facts["payment"] = _paid(payload)
        facts |= {"paid_seen_at": version.at} if facts["payment"] is PaymentState.PAID else {}
    if facts.get("fulfilment") is Fulfilment.UNFULFILLED and _has_shipped(payload):
        facts["fulfilment"] = Fulfilment.PARTIAL  # of a bundle, parts may have left
    if facts.get("refund") is RefundState.NONE and units(payload.get("total_refunded")):
        facts["refund"] = RefundState.PARTIAL
    return facts


def _paid(payload: dict[str, Any]) -> PaymentState:
    """The money of an accepted order. An invoice may be for a part of it, or wait for the shipment (authorize only)."""
    currency = text(payload.get("order_currency_code"))
    paid, due = (rounded(payload.get(name), currency) for name in ("total_paid", "total_due"))
    if due <= 0 and (paid or not _on_delivery(payload)):
        return PaymentState.PAID
    if paid > 0:
        return PaymentState.PARTIALLY_PAID
    authorised = rounded(mapping(payload.get("payment")).get("amount_authorized"), currency)
    return PaymentState.AUTHORIZED if authorised else PaymentState.NONE


def _person(delivery: Delivery, payload: dict[str, Any]) -> dict[str, Any]:
    billing, shipping = mapping(payload.get("billing_address")), _shipping_address(payload)
    facts: dict[str, Any] = {}
    if "customer_email" in payload or billing:
        facts["email"] = normal_email(text(payload.get("customer_email")) or text(billing.get("email")))
    if billing or shipping:
        region = text(shipping.get("country_id")) or text(billing.get("country_id")) or delivery.country
        phones = (billing.get("telephone"), shipping.get("telephone"))
        facts["phone"] = next((found for raw in phones if (found := normal_phone(text(raw), region))), None)
    own = {"firstname": payload.get("customer_firstname"), "lastname": payload.get("customer_lastname")}
    name = _name(own) or _name(billing) or _name(shipping)
    if name:
        facts["customer_name"] = name
    if shipping:
        street = shipping.get("street")
        lines = street if isinstance(street, list) else [street]
        facts["ship_to"] = Address(
            name=_name(shipping),
            lines=tuple(line for raw in (shipping.get("company"), *lines) if (line := text(raw))),
            city=text(shipping.get("city")),
            region=text(shipping.get("region_code")) or text(shipping.get("region")),
            postcode=text(shipping.get("postcode")),
            country=text(shipping.get("country_id")).upper(),
        )
    return facts


def _shipping_address(payload: dict[str, Any]) -> dict[str, Any]:
    parts = objects(mapping(payload.get("extension_attributes")).get("shipping_assignments"))
    found = (mapping(mapping(part.get("shipping")).get("address")) for part in parts)
    return next((address for address in found if address), {})


def _name(person: dict[str, Any]) -> str:
    return " ".join(part for key in ("firstname", "lastname") if (part := text(person.get(key))))


def _lines(delivery: Delivery, payload: dict[str, Any], version: Version) -> list[Statement]:
    """What customers see as lines: neither the simple product behind a configured one nor the parts of a bundle."""
    currency, items = _currency(delivery, payload), objects(payload.get("items"))
    statements = []
    for position, item in enumerate(item for item in items if not _is_part(item)):
        parts = [
            part for part in items if _is_part(part) and text(part.get("parent_item_id")) == text(item.get("item_id"))
        ]
        ordered = units(item.get("qty_ordered"))
        shipped = max(units(item.get("qty_shipped")), _shipped_in_parts(ordered, parts))
        never_left = max(units(item.get("qty_refunded")) - shipped, 0)  # given back before it was packed
        facts = LineFacts(
            position=position,
            sku=text(item.get("sku")),
            title=text(item.get("name")),
            quantity=ordered,
            quantity_cancelled=min(units(item.get("qty_canceled")) + never_left, ordered),
            quantity_shipped=min(shipped, ordered),
            unit_price=rounded(item.get("price"), currency),
            discount=abs(rounded(item.get("discount_amount"), currency)),
            tax=rounded(item.get("tax_amount"), currency),
            net=_net(item, currency),
            requires_shipping=not flag(item.get("is_virtual")) and text(item.get("product_type")) not in _NEVER_SHIPPED,
            listed=True,
        )
        statements.append(Statement(Kind.LINE, identifier(item.get("item_id")), facts, version))
    return statements


def _net(item: dict[str, Any], currency: str) -> int | None:
    """What was paid without tax: a discount on prices with tax holds some, which Magento tells apart."""
    if item.get("row_total") is None:
        return None
    less = abs(rounded(item.get("discount_amount"), currency))
    return max(
        rounded(item["row_total"], currency) - less + rounded(item.get("discount_tax_compensation_amount"), currency),
        0,
    )


def _is_part(item: dict[str, Any]) -> bool:
    return bool(text(item.get("parent_item_id")))


def _has_shipped(payload: dict[str, Any]) -> bool:
    return any(units(item.get("qty_shipped")) for item in objects(payload.get("items")))


def _shipped_in_parts(ordered: int, parts: list[dict[str, Any]]) -> int:
    """How many whole bundles have left, when their parts are shipped one by one."""
    whole = [
        units(part.get("qty_shipped")) * ordered // units(part.get("qty_ordered"))
        for part in parts
        if units(part.get("qty_ordered")) and not flag(part.get("is_virtual"))
    ]
    return min(whole, default=0)


def _payment(delivery: Delivery, payload: dict[str, Any], version: Version) -> list[Statement]:
    payment, currency = mapping(payload.get("payment")), _currency(delivery, payload)
    method = _method(payload)
    if not method:
        return []
    facts = PaymentFacts(
        tender=_TENDERS.get(method, "other"),
        gateway=method,
        gateway_ref=text(payment.get("last_trans_id")),
        authorised=rounded(payment.get("amount_authorized"), currency),
        captured=rounded(payload.get("total_paid"), currency),
        currency=currency,
        at=when(payload.get("created_at"), "UTC"),
    )
    return [Statement(Kind.PAYMENT, "order", facts, version)]


def _refund(delivery: Delivery, payload: dict[str, Any], version: Version) -> list[Statement]:
    """The order tells what all its credit memos come to."""
    currency = _currency(delivery, payload)
    amount = rounded(payload.get("total_refunded"), currency)
    if not amount:
        return []
    lines = tuple(
        RefundLine(line=identifier(item.get("item_id")), quantity=units(item.get("qty_refunded")))
        for item in objects(payload.get("items"))
        if not _is_part(item) and units(item.get("qty_refunded"))
    )
    tender = _TENDERS.get(_method(payload), "other")
    facts = RefundFacts(
        amount=amount, currency=currency, state="succeeded", tender=tender, seen_at=version.at, lines=lines
    )
    return [Statement(Kind.REFUND, "order", facts, version)]


def _method(payload: dict[str, Any]) -> str:
    return text(mapping(payload.get("payment")).get("method")).lower()


def _on_delivery(payload: dict[str, Any]) -> bool:
    return _TENDERS.get(_method(payload)) == "cash_on_delivery"


def _currency(delivery: Delivery, payload: dict[str, Any]) -> str:
    return (text(payload.get("order_currency_code")) or delivery.currency).upper()
