"""Saleor's order in snake_case, from a subscription query, a classic payload or a notification. Pure."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from orders.contacts import normal_email, normal_phone
from orders.facts import Address, HeaderFacts, Kind, LineFacts, OrderFacts, Statement, Version
from orders.sources.loose import rounded
from orders.sources.reading import Delivery, count, identifier, mapping, minor, objects, text, when
from orders.sources.saleor_money import amount_of, payment_state, payment_statements, refund_statements
from orders.sources.saleor_parcels import fulfillment_statements, units_sent
from orders.statuses import Confirmation, Fulfilment, PaymentState, Returns

_AT = object()  # stands for the time of the change
_OPEN: dict[str, Any] = {"cancelled_at": None, "returns": Returns.NONE}
_ACCEPTED = {**_OPEN, "confirmation": Confirmation.CONFIRMED, "confirmed_seen_at": _AT}
STATUSES: dict[str, dict[str, Any]] = {
    "unconfirmed": {**_OPEN, "confirmation": Confirmation.AWAITING, "fulfilment": Fulfilment.UNFULFILLED},
    "expired": {**_OPEN, "confirmation": Confirmation.EXPIRED},
    "unfulfilled": {**_ACCEPTED, "fulfilment": Fulfilment.UNFULFILLED},
    "partially_fulfilled": {**_ACCEPTED, "fulfilment": Fulfilment.PARTIAL},
    "fulfilled": {**_ACCEPTED, "fulfilment": Fulfilment.SHIPPED},
    "partially_returned": {**_ACCEPTED, "returns": Returns.PARTIALLY_RETURNED},
    "returned": {**_ACCEPTED, "returns": Returns.RETURNED},
    "canceled": {"cancelled_at": _AT},
}
# Where a payload has no time of its own, the status that comes later in an order's life is the newer one.
_RANKS = ("?", *STATUSES)


def word(value: Any) -> str:
    """A value of an enumeration: `PARTIALLY_FULFILLED`, `partially fulfilled` and `partially-fulfilled` are one."""
    return text(value).lower().replace(" ", "_").replace("-", "_")


def read_order(delivery: Delivery, order: dict[str, Any], around: dict[str, Any]) -> OrderFacts:
    """Everything that an order says; `around` is the object it stood in. Raises Invalid when it cannot be true."""
    warnings: list[str] = []
    status, version = word(order.get("status")), _version(delivery, order, around)
    currency = _currency(delivery, order)
    statements = [
        Statement(Kind.HEADER, "", _header(delivery, order, status, version.at, warnings), version),
        *_lines(order, currency, version),
        *payment_statements(order, currency, version, warnings),
        *refund_statements(order, currency, version),
    ]
    alone = around.get("fulfillment")
    for parcel in [*objects(order.get("fulfillments")), *([alone] if isinstance(alone, dict) else [])]:
        statements += fulfillment_statements(parcel, order, version, warnings)
    return OrderFacts(identifier(order.get("id")), tuple(statements), tuple(warnings))


def _version(delivery: Delivery, order: dict[str, Any], around: dict[str, Any]) -> Version:
    """The order's `updated_at`, the time of the event, or, where there is neither, its creation and its status."""
    issued = around.get("issued_at") or mapping(around.get("meta")).get("issued_at")
    placed = order.get("created") or order.get("created_at")
    stated = next((at for raw in (order.get("updated_at"), issued, placed) if (at := when(raw, "UTC"))), None)
    status = word(order.get("status"))
    rank = _RANKS.index(status) if status in _RANKS else 0
    return Version(stated or delivery.received_at, f"{rank:02d}", delivery.digest())


def _header(delivery: Delivery, order: dict[str, Any], status: str, at: datetime, warnings: list[str]) -> HeaderFacts:
    """Only what the payload has: a missing field is not stated."""
    currency = _currency(delivery, order)
    facts: dict[str, Any] = {}
    if text(order.get("number")):
        facts["number"] = text(order["number"])
    if _stated_currency(order):
        facts["currency"] = currency
    placed = when(order.get("created") or order.get("created_at"), "UTC")
    if placed is not None:
        facts["placed_at"] = placed
    for name, places, parse in _AMOUNTS:
        found = amount_of(order, *places)
        if found is not None:
            facts[name] = parse(found, currency)
    if isinstance(order.get("lines"), list):
        facts["line_ids"] = tuple(identifier(line.get("id")) for line in objects(order["lines"]))
    facts["tax_included"] = True  # the gross amounts are read
    facts |= _states(delivery.topic, order, status, at, warnings)
    facts |= _person(delivery, order)
    language = text(order.get("language_code") or order.get("language_code_enum")).lower()[:2]
    if language:
        facts["language"] = language if language in {"en", "zh"} else delivery.language
    return HeaderFacts(**facts)


_AMOUNTS: tuple[tuple[str, tuple[str, ...], Callable[[Any, str], int]], ...] = (
    ("total", ("total_gross_amount", "total.gross.amount"), minor),
    ("goods", ("subtotal_gross_amount", "subtotal.gross.amount"), rounded),
    ("shipping", ("shipping_price_gross_amount", "shipping_price.gross.amount"), rounded),
    ("tax", ("tax_amount", "total.tax.amount"), rounded),
    ("discount", ("discount_amount", "discount.amount"), rounded),
)


def _states(topic: str, order: dict[str, Any], status: str, at: datetime, warnings: list[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    unknown: dict[str, str] = {}
    if status in STATUSES:
        facts |= {name: at if value is _AT else value for name, value in STATUSES[status].items()}
    elif "status" in order:
        unknown["status"] = status
    money = payment_state(topic, order)
    if money is not None and money.unknown:
        unknown["payment_status"] = money.unknown
    elif money is not None:
        facts |= {"payment": money.payment, "refund": money.refund}
        if money.payment in {PaymentState.PAID, PaymentState.OVERPAID}:
            facts["paid_seen_at"] = at
    warnings += [f"{field}={value[:40]}" for field, value in unknown.items()]
    return facts | ({"unknown": unknown} if unknown or "status" in order else {})


def _person(delivery: Delivery, order: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    billing, shipping, user = (mapping(order.get(name)) for name in ("billing_address", "shipping_address", "user"))
    emails = (order.get("user_email"), order.get("email"), user.get("email"))
    if any(text(raw) for raw in emails):
        facts["email"] = next((found for raw in emails if (found := normal_email(text(raw)))), None)
    if billing or shipping:
        region = _country(shipping) or _country(billing) or delivery.country
        phones = (shipping.get("phone"), billing.get("phone"))
        facts["phone"] = next((found for raw in phones if (found := normal_phone(text(raw), region))), None)
    name = next((found for place in (user, billing, shipping) if (found := _name(place))), "")
    if name:
        facts["customer_name"] = name
    if shipping:
        parts = ("company_name", "street_address_1", "street_address_2", "street_address1", "street_address2")
        facts["ship_to"] = Address(
            name=_name(shipping),
            lines=tuple(line for part in parts if (line := text(shipping.get(part)))),
            city=text(shipping.get("city")),
            region=text(shipping.get("country_area")),
            postcode=text(shipping.get("postal_code")),
            country=_country(shipping),
        )
    return facts


def _country(address: dict[str, Any]) -> str:
    country = address.get("country")
    return text(mapping(country).get("code") if isinstance(country, dict) else country).upper()


def _name(person: dict[str, Any]) -> str:
    return " ".join(part for key in ("first_name", "last_name") if (part := text(person.get(key))))


def _lines(order: dict[str, Any], currency: str, version: Version) -> list[Statement]:
    statements, sent = [], units_sent(order)
    for position, line in enumerate(objects(order.get("lines"))):
        quantity = count(line.get("quantity"))
        facts: dict[str, Any] = {
            "position": position,
            "sku": text(line.get("product_sku")) or text(mapping(line.get("variant")).get("sku")),
            "title": text(line.get("translated_product_name")) or text(line.get("product_name")),
            "variant": text(line.get("translated_variant_name")) or text(line.get("variant_name")),
            "quantity": quantity,
            "unit_price": rounded(amount_of(line, "unit_price_gross_amount", "unit_price.gross.amount"), currency),
            "tax": rounded(amount_of(line, "total_tax_amount", "total_price.tax.amount"), currency),
            "discount": rounded(amount_of(line, "unit_discount_amount", "unit_discount.amount"), currency) * quantity,
            "requires_shipping": line.get("is_shipping_required") is not False,
            "listed": True,
        }
        name = identifier(line.get("id"))
        if line.get("quantity_fulfilled") is not None:
            facts["quantity_shipped"] = count(line["quantity_fulfilled"])
        elif isinstance(order.get("fulfillments"), list):
            facts["quantity_shipped"] = sent[name]
        statements.append(Statement(Kind.LINE, name, LineFacts(**facts), version))
    return statements


def _currency(delivery: Delivery, order: dict[str, Any]) -> str:
    return (_stated_currency(order) or delivery.currency).upper()


def _stated_currency(order: dict[str, Any]) -> str:
    return text(amount_of(order, "currency", "total.gross.currency", "total.currency", "channel.currency_code"))
