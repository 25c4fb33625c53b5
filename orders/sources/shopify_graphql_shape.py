"""Shopify's GraphQL objects in the form of its REST objects, which webhooks carry. Pure.

Amounts are the shop's own money (`shopMoney`), as in webhooks. A field that was not asked for is not stated.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from orders.sources.reading import identifier, mapping, objects, text

Json = dict[str, Any]

MOST_DISCOUNTS = 500  # on one order; Shopify takes fewer
_SAME = {
    "name": "name",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "cancelledAt": "cancelled_at",
    "closedAt": "closed_at",
    "currencyCode": "currency",
    "email": "email",
    "phone": "phone",
    "confirmed": "confirmed",
    "taxesIncluded": "taxes_included",
    "tags": "tags",
    "customerLocale": "customer_locale",
    "paymentGatewayNames": "payment_gateway_names",
}
_FULFILLMENT_STATUS = {
    "UNFULFILLED": None,
    "PENDING_FULFILLMENT": None,
    "OPEN": None,
    "REQUEST_DECLINED": None,
    "ON_HOLD": None,  # told by the holds of the fulfilment orders
    "PARTIALLY_FULFILLED": "partial",
}
_NO_SCAN = frozenset({"", "FULFILLED", "MARKED_AS_FULFILLED", "SUBMITTED"})  # the carrier has not spoken
_SILENT = frozenset({"CANCELED", "LABEL_VOIDED"})  # said of the fulfilment instead of what the carrier has said
_ADDRESS = {
    "name": "name",
    "company": "company",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "province": "province",
    "provinceCode": "province_code",
    "zip": "zip",
    "country": "country",
    "countryCodeV2": "country_code",
    "phone": "phone",
}


def order(node: Json) -> Json:
    """An `Order` node as the order of a webhook. Raises Invalid when it has no id."""
    payload: Json = {"id": _id(node)} | {rest: node[ours] for ours, rest in _SAME.items() if ours in node}
    readers: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "displayFinancialStatus": ("financial_status", lambda word: text(word).lower()),
        "displayFulfillmentStatus": ("fulfillment_status", _fulfillment_status),
        "cancelReason": ("cancel_reason", lambda word: text(word).lower() or None),
        "totalPriceSet": ("total_price", _amount),
        "currentTotalPriceSet": ("current_total_price", _amount),
        "totalDiscountsSet": ("total_discounts", _amount),
        "totalTaxSet": ("total_tax", _amount),
        "customAttributes": ("note_attributes", _attributes),
        "customer": ("customer", _customer),
        "shippingAddress": ("shipping_address", _address),
        "billingAddress": ("billing_address", _address),
        "paymentTerms": ("payment_terms", _terms),
        "shippingLines": ("shipping_lines", _shipping),
        "lineItems": ("line_items", lambda lines: [_line(line) for line in nodes(lines)]),
        "fulfillments": ("fulfillments", lambda items: [_fulfillment(item) for item in objects(items)]),
        "refunds": ("refunds", lambda items: [_refund(item) for item in objects(items)]),
    }
    for ours, (rest, reader) in readers.items():
        if ours in node:
            payload[rest] = reader(node[ours])
    if "totalPriceSet" in node:
        payload["total_price_set"] = _both(node["totalPriceSet"])
    if "line_items" in payload:
        payload["total_line_items_price"] = _goods(payload["line_items"])
        payload["discount_applications"] = _applications(node["lineItems"])
    return payload


def scans(node: Json) -> Iterator[Json]:
    """The events of all fulfilments as those of webhooks."""
    for parcel in objects(node.get("fulfillments")):
        for event in nodes(parcel.get("events")):
            yield {
                "id": identifier(event.get("id")),
                "order_id": _id(node),
                "fulfillment_id": _id(parcel),
                "status": text(event.get("status")).lower(),
                "happened_at": event.get("happenedAt"),
                "created_at": event.get("createdAt"),
                "estimated_delivery_at": event.get("estimatedDeliveryAt"),
                **{name: event.get(name) for name in ("message", "address1", "city", "province", "country")},
            }


def transaction(node: Json, order_id: str) -> Json:
    """An `OrderTransaction`; its id has no other form than the global one."""
    money = mapping(mapping(node.get("amountSet")).get("shopMoney"))
    return {
        "id": identifier(node.get("id")),
        "order_id": order_id,
        "kind": text(node.get("kind")).lower().removeprefix("emv_"),
        "status": text(node.get("status")).lower(),
        "gateway": node.get("gateway"),
        "authorization": node.get("authorizationCode"),
        "amount": money.get("amount"),
        "currency": money.get("currencyCode"),
        "charged_in": mapping(mapping(node.get("amountSet")).get("presentmentMoney")).get("currencyCode"),
        "processed_at": node.get("processedAt"),
        "created_at": node.get("createdAt"),
    }


def fulfillment_order(node: Json) -> Json:
    """A `FulfillmentOrder` in the form of its webhooks."""
    return {
        "id": identifier(node.get("id")),
        "status": text(node.get("status")).lower(),
        "updated_at": node.get("updatedAt"),
        "fulfillment_holds": objects(node.get("fulfillmentHolds")),
    }


def nodes(connection: Any) -> list[Json]:
    """The objects of a connection, which is asked for as `{ nodes { … } }`."""
    return objects(mapping(connection).get("nodes"))


def _fulfillment(node: Json) -> Json:
    tracking = objects(node.get("trackingInfo"))
    shape: Json = {
        "id": _id(node),
        "status": text(node.get("status")).lower(),
        "created_at": node.get("createdAt"),
        "updated_at": node.get("updatedAt"),
        "estimated_delivery_at": node.get("estimatedDeliveryAt"),
        "tracking_company": next((company for item in tracking if (company := text(item.get("company")))), None),
        "tracking_numbers": [text(item.get("number")) for item in tracking],
        "tracking_urls": [text(item.get("url")) for item in tracking],
        "line_items": [
            {"id": identifier(mapping(item.get("lineItem")).get("id")), "quantity": item.get("quantity")}
            for item in nodes(node.get("fulfillmentLineItems"))
        ],
    }
    word = text(node.get("displayStatus"))
    if word not in _SILENT:
        shape["shipment_status"] = None if word in _NO_SCAN else word.lower()
    return shape


def _refund(node: Json) -> Json:
    return {
        "id": _id(node),
        "created_at": node.get("createdAt"),
        "updated_at": node.get("updatedAt"),
        "note": node.get("note"),
        "transactions": [transaction(item, "") for item in nodes(node.get("transactions"))],
        "refund_line_items": [
            {
                "line_item_id": identifier(mapping(item.get("lineItem")).get("id")),
                "quantity": item.get("quantity"),
                "restock_type": text(item.get("restockType")).lower(),
            }
            for item in nodes(node.get("refundLineItems"))
        ],
    }


def _line(node: Json) -> Json:
    return {
        "id": identifier(node.get("id")),
        "sku": node.get("sku"),
        "title": node.get("title"),
        "name": node.get("name"),
        "variant_title": node.get("variantTitle"),
        "quantity": node.get("quantity"),
        "current_quantity": node.get("currentQuantity"),
        "price": _amount(node.get("originalUnitPriceSet")),
        "total_discount": _amount(node.get("totalDiscountSet")),
        "discount_allocations": [
            {
                "amount": _amount(part.get("allocatedAmountSet")),
                "discount_application_index": mapping(part.get("discountApplication")).get("index"),
            }
            for part in objects(node.get("discountAllocations"))
        ],
        "tax_lines": _taxes(node),
        "requires_shipping": node.get("requiresShipping"),
        "properties": _attributes(node.get("customAttributes")),
    }


def _customer(node: Any) -> Json | None:
    person = mapping(node)
    if not person:
        return None
    return {
        "first_name": person.get("firstName"),
        "last_name": person.get("lastName"),
        "email": mapping(person.get("defaultEmailAddress")).get("emailAddress"),
        "phone": mapping(person.get("defaultPhoneNumber")).get("phoneNumber"),
    }


def _address(node: Any) -> Json | None:
    address = mapping(node)
    return {rest: address.get(ours) for ours, rest in _ADDRESS.items()} if address else None


def _terms(node: Any) -> Json | None:
    schedules = nodes(mapping(node).get("paymentSchedules"))
    due = [{"due_at": item.get("dueAt"), "completed_at": item.get("completedAt")} for item in schedules]
    return {"payment_schedules": due} if mapping(node) else None


def _shipping(connection: Any) -> list[Json]:
    return [
        {
            "price": _amount(line.get("originalPriceSet")),
            "discounted_price": _amount(line.get("discountedPriceSet")),
            "is_removed": line.get("isRemoved"),
        }
        | ({"tax_lines": _taxes(line)} if "taxLines" in line else {})
        for line in nodes(connection)
    ]


def _taxes(node: Json) -> list[Json]:
    return [{"price": _amount(tax.get("priceSet"))} for tax in objects(node.get("taxLines"))]


def _applications(lines: Any) -> list[Json]:
    """The discounts that the lines have a share of, each at its own place, as webhooks list them."""
    told = [
        mapping(part.get("discountApplication"))
        for line in nodes(lines)
        for part in objects(line.get("discountAllocations"))
    ]
    methods = {
        each["index"]: text(each.get("allocationMethod")).lower() for each in told if _is_place(each.get("index"))
    }
    return [{"allocation_method": methods.get(place)} for place in range(max(methods, default=-1) + 1)]


def _is_place(index: Any) -> bool:
    return type(index) is int and 0 <= index < MOST_DISCOUNTS


def _attributes(items: Any) -> list[Json]:
    return [{"name": item.get("key"), "value": item.get("value")} for item in objects(items)]


def _fulfillment_status(word: Any) -> str | None:
    found = text(word)
    return _FULFILLMENT_STATUS.get(found, found.lower())


def _goods(lines: list[Json]) -> str | None:
    """What webhooks call `total_line_items_price`; the API has no such field."""
    try:
        total = sum((Decimal(text(line["price"])) * int(text(line["quantity"])) for line in lines), Decimal())
    except (InvalidOperation, ValueError):
        return None  # whichever line it is, the reader of lines says what is wrong with it
    return format(total, "f")


def _amount(bag: Any) -> Any:
    return mapping(mapping(bag).get("shopMoney")).get("amount")


def _both(bag: Any) -> Json:
    """An amount in the shop's money and in the customer's."""
    found = mapping(bag)
    halves = {
        "shop_money": mapping(found.get("shopMoney")),
        "presentment_money": mapping(found.get("presentmentMoney")),
    }
    return {
        name: {"amount": half.get("amount"), "currency_code": half.get("currencyCode")} for name, half in halves.items()
    }


def _id(node: Mapping[str, Any]) -> str:
    return identifier(node.get("legacyResourceId") or node.get("id"))
