"""Shopify's order object: head, lines, tenders, and the parcels and refunds nested in it. Pure."""

from datetime import datetime
from typing import Any

from core.errors import Invalid
from orders.contacts import normal_email, normal_phone
from orders.facts import (
    Address,
    HeaderFacts,
    HoldFacts,
    Kind,
    OrderFacts,
    PaymentFacts,
    Statement,
    Version,
)
from orders.sources.reading import Delivery, identifier, mapping, minor, objects, text, when
from orders.sources.shopify_lines import line_statements, total_price
from orders.sources.shopify_parcels import fulfillment_statements
from orders.sources.shopify_payments import refund_statement, tender
from orders.sources.shopify_versions import version_of
from orders.statuses import Fulfilment, Hold, PaymentState, RefundState

_FINANCIAL = {
    "": (PaymentState.NONE, RefundState.NONE),
    "pending": (PaymentState.PENDING, RefundState.NONE),
    "authorized": (PaymentState.AUTHORIZED, RefundState.NONE),
    "partially_paid": (PaymentState.PARTIALLY_PAID, RefundState.NONE),
    "paid": (PaymentState.PAID, RefundState.NONE),
    "partially_refunded": (PaymentState.PAID, RefundState.PARTIAL),
    "refunded": (PaymentState.PAID, RefundState.FULL),
    "voided": (PaymentState.VOIDED, RefundState.NONE),
    "expired": (PaymentState.VOIDED, RefundState.NONE),
}
_FULFILMENT = {
    "": Fulfilment.UNFULFILLED,
    "unfulfilled": Fulfilment.UNFULFILLED,
    "scheduled": Fulfilment.UNFULFILLED,
    "in_progress": Fulfilment.UNFULFILLED,
    "on_hold": Fulfilment.UNFULFILLED,
    "restocked": Fulfilment.UNFULFILLED,
    "partial": Fulfilment.PARTIAL,
    "fulfilled": Fulfilment.SHIPPED,  # the merchant's word: not delivered
}
_CANCEL_REASONS = {"customer": "customer", "inventory": "stock", "declined": "payment", "fraud": "fraud"}
_HOLD_TAG = "hold:"
_PROMISES = ("promised_ship_by", "promised_from", "promised_to", "confirm_by")
_HAS_MONEY = frozenset({PaymentState.PAID})


def read_order(delivery: Delivery, payload: dict[str, Any]) -> OrderFacts:
    """Everything that an order payload says. Raises Invalid when it cannot be true."""
    warnings: list[str] = []
    version = version_of(delivery, payload)
    statements = [
        Statement(Kind.HEADER, "", _header(delivery, payload, version.at, warnings), version),
        Statement(Kind.HOLD, "shop", HoldFacts(holds=_holds(payload, warnings)), version),
        *line_statements(payload, _currency(delivery, payload), delivery.timezone, version),
        *_tenders(payload, version),
    ]
    for fulfillment in objects(payload.get("fulfillments")):
        statements += fulfillment_statements(delivery, fulfillment, warnings)
    for refund in objects(payload.get("refunds")):
        statements.append(refund_statement(delivery, refund, _currency(delivery, payload), newest=version.at))
    return OrderFacts(identifier(payload.get("id")), tuple(statements), tuple(warnings))


def _header(delivery: Delivery, payload: dict[str, Any], at: datetime, warnings: list[str]) -> HeaderFacts:
    """Only what the payload has: a missing field is not stated, a null is."""
    currency, zone = _currency(delivery, payload), delivery.timezone
    facts: dict[str, Any] = {"unknown": {}}
    if "name" in payload or "order_number" in payload:
        facts["number"] = text(payload.get("name")) or text(payload.get("order_number"))
    if text(payload.get("currency")):
        facts["currency"] = currency
    if payload.get("created_at"):
        facts["placed_at"] = when(payload["created_at"], zone)
    for name, field in _AMOUNTS.items():
        if payload.get(field) is not None:
            facts[name] = minor(payload[field], currency)
    if facts.get("total") is not None:
        facts["total"] = minor(total_price(payload, currency), currency)
    facts |= _presented(payload, currency)
    if "shipping_lines" in payload:
        left = [line for line in objects(payload["shipping_lines"]) if line.get("is_removed") is not True]
        facts["shipping"] = sum(minor(line.get("price"), currency) for line in left)
        facts |= _delivery_paid(payload, left, currency)
    if "cancelled_at" in payload:
        facts["cancelled_at"] = when(payload["cancelled_at"], zone)
        reason = text(payload.get("cancel_reason"))
        facts["cancel_reason"] = _CANCEL_REASONS.get(reason, "other") if reason else None
    if "closed_at" in payload:
        facts["completed_at"] = when(payload["closed_at"], zone)
    if "tags" in payload:
        facts["tags"] = _tags(payload)
    if gateways := _gateways(payload):
        facts["pay_on_delivery"] = any(tender(name) == "cash_on_delivery" for name in gateways)
    facts |= _states(payload, at, delivery.topic, zone, warnings)
    facts |= _person(delivery, payload)
    facts |= _promises(delivery, payload, warnings)
    return HeaderFacts(**facts)


def _delivery_paid(payload: dict[str, Any], lines: list[dict[str, Any]], currency: str) -> dict[str, Any]:
    """What delivery has cost after its own discounts, the tax on it, and whether prices contain theirs."""
    told = {"tax_included": payload["taxes_included"]} if isinstance(payload.get("taxes_included"), bool) else {}
    if any(line.get("discounted_price") is None or "tax_lines" not in line for line in lines):
        return told
    taxes = [tax for line in lines for tax in objects(line["tax_lines"])]
    return told | {
        "shipping_net": sum(minor(line["discounted_price"], currency) for line in lines),
        "shipping_tax": sum(minor(tax.get("price"), currency) for tax in taxes),
    }


def _presented(payload: dict[str, Any], currency: str) -> dict[str, Any]:
    """The customer saw and paid other money than the shop's: what the whole order comes to in both."""
    bag = mapping(payload.get("total_price_set"))
    theirs, ours = mapping(bag.get("presentment_money")), mapping(bag.get("shop_money"))
    word = text(theirs.get("currency_code")).upper()
    if not word or word == currency or text(ours.get("currency_code")).upper() != currency:
        return {}
    return {
        "presented_currency": word,
        "presented_total": minor(theirs.get("amount"), word),
        "presented_worth": minor(ours.get("amount"), currency),
    }


_AMOUNTS = {
    "total": "total_price",
    "goods": "total_line_items_price",
    "discount": "total_discounts",
    "tax": "total_tax",
}


def _states(payload: dict[str, Any], at: datetime, topic: str, zone: str, warnings: list[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {"unknown": {}}
    seen_at = (when(payload.get("created_at"), zone) or at) if topic == "orders/create" else at
    if "financial_status" in payload:
        word = text(payload["financial_status"]).lower()
        if word in _FINANCIAL:
            facts["payment"], facts["refund"] = _FINANCIAL[word]
            if facts["payment"] in _HAS_MONEY:
                facts["paid_seen_at"] = seen_at
        else:
            _unknown(facts, warnings, "financial_status", word)
    if "fulfillment_status" in payload:
        word = text(payload["fulfillment_status"]).lower()
        if word in _FULFILMENT:
            facts["fulfilment"] = _FULFILMENT[word]
        else:
            _unknown(facts, warnings, "fulfillment_status", word)
    if isinstance(payload.get("confirmed"), bool):
        facts["stock_open"] = not payload["confirmed"]  # "whether inventory has been reserved for the order"
        if payload["confirmed"]:
            facts["confirmed_seen_at"] = seen_at
    return facts


def _unknown(facts: dict[str, Any], warnings: list[str], field: str, word: str) -> None:
    facts["unknown"][field] = word
    warnings.append(f"{field}={word[:40]}")


def _person(delivery: Delivery, payload: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    customer, address = mapping(payload.get("customer")), mapping(payload.get("shipping_address"))
    billing = mapping(payload.get("billing_address"))
    emails = (payload.get("email"), payload.get("contact_email"), customer.get("email"))
    phones = (payload.get("phone"), customer.get("phone"), address.get("phone"), billing.get("phone"))
    if "email" in payload or customer:
        facts["email"] = next((found for raw in emails if (found := normal_email(text(raw)))), None)
    if "phone" in payload or customer or address or billing:
        region = text(address.get("country_code")) or delivery.country
        facts["phone"] = next((found for raw in phones if (found := normal_phone(text(raw), region))), None)
    name = text(address.get("name")) or " ".join(
        part for part in (text(customer.get("first_name")), text(customer.get("last_name"))) if part
    )
    if name:
        facts["customer_name"] = name
    if "customer_locale" in payload:
        language = text(payload["customer_locale"]).lower().partition("-")[0]
        facts["language"] = language if language in {"en", "zh"} else delivery.language
    if address:
        facts["ship_to"] = _address(address)
    return facts


def _address(raw: dict[str, Any]) -> Address:
    return Address(
        name=text(raw.get("name")),
        lines=tuple(line for key in ("company", "address1", "address2") if (line := text(raw.get(key)))),
        city=text(raw.get("city")),
        region=text(raw.get("province_code")) or text(raw.get("province")),
        postcode=text(raw.get("zip")),
        country=text(raw.get("country_code")) or text(raw.get("country")),
    )


def _promises(delivery: Delivery, payload: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    """Shopify's order has no promised dates of its own; shops put them into note attributes of these names."""
    facts: dict[str, Any] = {}
    for attribute in objects(payload.get("note_attributes")):
        name = text(attribute.get("name"))
        if name in _PROMISES:
            try:
                facts[name] = when(attribute.get("value"), delivery.timezone)
            except Invalid:
                warnings.append(f"note attribute {name} is no time")
    schedules = objects(mapping(payload.get("payment_terms")).get("payment_schedules"))
    due = [when(s.get("due_at"), delivery.timezone) for s in schedules if not s.get("completed_at")]
    if "payment_terms" in payload:
        facts["pay_by"] = min((at for at in due if at is not None), default=None)
    return facts


def _tags(payload: dict[str, Any]) -> tuple[str, ...]:
    tags = payload.get("tags")
    parts = tags.split(",") if isinstance(tags, str) else tags if isinstance(tags, list) else []
    return tuple(sorted({text(part) for part in parts if text(part)}))[:50]


def _holds(payload: dict[str, Any], warnings: list[str]) -> tuple[Hold, ...]:
    """Shopify's hold webhooks do not name the order, so a hold is a tag on it (`hold:address`), as Flow can set it."""
    holds = set()
    if text(payload.get("fulfillment_status")).lower() == "on_hold":
        holds.add(Hold.MERCHANT)
    for tag in _tags(payload):
        if tag.lower().startswith(_HOLD_TAG):
            word = tag[len(_HOLD_TAG) :].strip().lower()
            if word not in set(Hold):
                warnings.append(f"tag {tag[:40]}")
            holds.add(Hold(word) if word in set(Hold) else Hold.MERCHANT)
    return tuple(sorted(holds))


def _tenders(payload: dict[str, Any], version: Version) -> list[Statement]:
    """How it was paid. Amounts come with the transactions, which are deliveries of their own."""
    return [
        Statement(Kind.PAYMENT, f"gateway:{name}"[:120], PaymentFacts(tender=tender(name), gateway=name), version)
        for name in _gateways(payload)
    ]


def _gateways(payload: dict[str, Any]) -> list[str]:
    names = payload.get("payment_gateway_names")
    raw = names if isinstance(names, list) else [payload.get("gateway")]
    return [name for item in raw if (name := text(item))]


def _currency(delivery: Delivery, payload: dict[str, Any]) -> str:
    return (text(payload.get("currency")) or delivery.currency).upper()
