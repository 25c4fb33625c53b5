"""From a document of our own order API to statements. Only fields that the document has are stated. Pure."""

from typing import Any

from pydantic import BaseModel

from core.errors import Invalid
from core.money import parse_money
from orders.contacts import normal_email, normal_phone
from orders.facts import (
    HeaderFacts,
    HoldFacts,
    Kind,
    LineFacts,
    OrderFacts,
    PaymentFacts,
    RefundFacts,
    ScanFacts,
    ShipmentFacts,
    Statement,
    Version,
)
from orders.sources.generic_model import OrderInput, PaymentInput, RefundInput, ScanInput, ShipmentInput
from orders.sources.reading import Delivery, scan_statement
from orders.statuses import Confirmation, PaymentState

_PLAIN = (
    "number",
    "currency",
    "placed_at",
    "language",
    "confirmation",
    "confirmed_at",
    "confirm_by",
    "payment",
    "pay_on_delivery",
    "paid_at",
    "pay_by",
    "fulfilment",
    "returns",
    "refund",
    "cancelled_at",
    "cancel_reason",
    "completed_at",
)
_AMOUNTS = frozenset({"unit_price", "discount", "tax", "authorised", "captured", "amount"})


def order_facts(delivery: Delivery, order: OrderInput) -> OrderFacts:
    """Everything that the document says. Raises Invalid when an amount has no currency."""
    sent = delivery.headers.get("webhook-timestamp", "")
    version = Version(order.updated_at, sent[:20], delivery.digest())
    statements = [Statement(Kind.HEADER, "", _header(delivery, order), version)]
    if order.holds is not None:
        statements.append(Statement(Kind.HOLD, "shop", HoldFacts(holds=tuple(sorted(order.holds))), version))
    currency = order.currency
    for line in order.lines:
        facts = LineFacts(**_given(line, currency))
        statements.append(Statement(Kind.LINE, line.id, facts, version))
    statements += [Statement(Kind.PAYMENT, p.id, _payment(p, currency), version) for p in order.payments]
    for shipment in order.shipments:
        statements += _shipment(delivery, shipment, version)
    statements += [Statement(Kind.REFUND, r.id, _refund(r, order), version) for r in order.refunds]
    return OrderFacts(order.id, tuple(statements))


def _header(delivery: Delivery, order: OrderInput) -> HeaderFacts:
    given = order.model_dump(exclude_unset=True, include=set(_PLAIN))
    if order.tags is not None:
        given["tags"] = tuple(sorted(set(order.tags)))
    if order.customer is not None:
        contact = order.customer.model_dump(exclude_unset=True)
        region = order.ship_to.country if order.ship_to else delivery.country
        given |= {"customer_name": contact["name"]} if "name" in contact else {}
        given |= {"email": normal_email(contact["email"])} if "email" in contact else {}
        given |= {"phone": normal_phone(contact["phone"], region)} if "phone" in contact else {}
    if order.ship_to is not None:
        given["ship_to"] = {**order.ship_to.model_dump(), "country": order.ship_to.country.upper()}
    if order.totals is not None:
        totals = order.totals.model_dump(exclude_unset=True)
        given |= {
            name: value if name == "tax_included" else _minor(value, order.currency) for name, value in totals.items()
        }
    if order.gates is not None:
        given |= {f"{gate}_open": value for gate, value in order.gates.model_dump(exclude_unset=True).items()}
    if order.promises is not None:
        names = {"ship_by": "promised_ship_by", "deliver_from": "promised_from", "deliver_to": "promised_to"}
        given |= {names[name]: value for name, value in order.promises.model_dump(exclude_unset=True).items()}
    if order.confirmation is Confirmation.CONFIRMED:
        given["confirmed_seen_at"] = order.updated_at
    if order.payment is PaymentState.PAID:
        given["paid_seen_at"] = order.updated_at
    return HeaderFacts(**given)


def _given(part: BaseModel, currency: str | None) -> dict[str, Any]:
    """The fields that the document has, amounts in minor units."""
    fields = part.model_dump(exclude_unset=True, exclude={"id"})
    return {name: _minor(value, currency) if name in _AMOUNTS else value for name, value in fields.items()}


def _payment(payment: PaymentInput, currency: str | None) -> PaymentFacts:
    given = _renamed(_given(payment, currency), method="tender", reference="gateway_ref", points="units")
    return PaymentFacts(**given, **({"currency": currency} if currency else {}))


def _shipment(delivery: Delivery, shipment: ShipmentInput, version: Version) -> list[Statement]:
    given = shipment.model_dump(exclude_unset=True, exclude={"id", "scans", "lines", "pickup"})
    if shipment.lines is not None:
        given["lines"] = tuple((part.line, part.quantity) for part in shipment.lines)
    if shipment.pickup is not None:
        given |= {f"pickup_{name}": value for name, value in shipment.pickup.model_dump(exclude_unset=True).items()}
    scans = [scan_statement(_scan(delivery, shipment.id, scan), version) for scan in shipment.scans]
    return [Statement(Kind.SHIPMENT, shipment.id, ShipmentFacts(**given), version), *scans]


def _scan(delivery: Delivery, parcel: str, scan: ScanInput) -> ScanFacts:
    return ScanFacts(
        shipment=parcel,
        at=scan.at,
        received_at=delivery.received_at,
        raw=scan.at.isoformat(),
        code=scan.code or (scan.state or ""),
        state=scan.state,
        text=scan.text,
        location=scan.location,
    )


def _refund(refund: RefundInput, order: OrderInput) -> RefundFacts:
    given = _renamed(_given(refund, order.currency), method="tender") | {"seen_at": order.updated_at}
    if "lines" in given:
        given["lines"] = tuple(given["lines"] or ())
    return RefundFacts(**given, **({"currency": order.currency} if order.currency else {}))


def _renamed(given: dict[str, Any], **names: str) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in given.items()}


def _minor(value: str | None, currency: str | None) -> int | None:
    if value is None:
        return None
    if currency is None:
        raise Invalid("an amount needs the currency of the order beside it", code="currency_missing")
    return parse_money(value, currency).amount
