"""Shopify's REST objects, as webhooks carry them, turned into the GraphQL Admin API's (field names of 2026-10)."""

from decimal import Decimal
from typing import Any

Json = dict[str, Any]

_SAME = {
    "name": "name",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
    "cancelled_at": "cancelledAt",
    "closed_at": "closedAt",
    "currency": "currencyCode",
    "email": "email",
    "phone": "phone",
    "confirmed": "confirmed",
    "taxes_included": "taxesIncluded",
    "customer_locale": "customerLocale",
    "payment_gateway_names": "paymentGatewayNames",
}
_MONEY = {
    "total_price": "totalPriceSet",
    "current_total_price": "currentTotalPriceSet",
    "total_discounts": "totalDiscountsSet",
    "total_tax": "totalTaxSet",
}
_FULFILLMENT = {None: "UNFULFILLED", "partial": "PARTIALLY_FULFILLED"}
_DISPLAY = {"pending": "SUBMITTED", "open": "SUBMITTED", "cancelled": "CANCELED"}
_ADDRESS = ("name", "company", "address1", "address2", "city", "province", "zip", "country", "phone")


def gid(kind: str, number: Any) -> str:
    return f"gid://shopify/{kind}/{number}"


def order_node(rest: Json, events: dict[int, list[Json]], transactions: list[Json]) -> Json:
    """An order of a webhook with its fulfilments' events and its transactions; its lists are not paged yet."""
    currency = rest.get("currency", "USD")
    return {
        "id": gid("Order", rest["id"]),
        "legacyResourceId": str(rest["id"]),
        **{ours: rest.get(theirs) for theirs, ours in _SAME.items()},
        **{ours: bag(rest.get(theirs), currency) for theirs, ours in _MONEY.items()},
        "totalPriceSet": _both(rest, currency),
        "displayFinancialStatus": _upper(rest.get("financial_status")),
        "displayFulfillmentStatus": _FULFILLMENT.get(rest.get("fulfillment_status"))
        or _upper(rest["fulfillment_status"]),
        "cancelReason": _upper(rest.get("cancel_reason")),
        "tags": [tag.strip() for tag in (rest.get("tags") or "").split(",") if tag.strip()],
        "customAttributes": _attributes(rest.get("note_attributes")),
        "customer": _customer(rest.get("customer")),
        "shippingAddress": _address(rest.get("shipping_address")),
        "billingAddress": _address(rest.get("billing_address")),
        "paymentTerms": _terms(rest.get("payment_terms")),
        "shippingLines": [
            {
                "isRemoved": False,
                "originalPriceSet": bag(line["price"], currency),
                "discountedPriceSet": bag(line.get("discounted_price"), currency),
                "taxLines": _taxes(line, currency),
            }
            for line in rest.get("shipping_lines", [])
        ],
        "lineItems": [
            line_node(line, currency, rest.get("discount_applications") or []) for line in rest.get("line_items", [])
        ],
        "fulfillments": [fulfillment_node(item, events.get(item["id"], [])) for item in rest.get("fulfillments") or []],
        "refunds": [refund_node(refund, currency, rest) for refund in rest.get("refunds") or []],
        "transactions": [transaction_node(item, currency, rest) for item in transactions],
        "fulfillmentOrders": [],
        "returnStatus": "NO_RETURN",
        "risk": {"recommendation": "NONE"},
    }


def line_node(line: Json, currency: str, applications: list[Json]) -> Json:
    return {
        "id": gid("LineItem", line["id"]),
        "sku": line.get("sku"),
        "title": line.get("title"),
        "name": line.get("name"),
        "variantTitle": line.get("variant_title"),
        "currentQuantity": line.get("current_quantity"),
        "quantity": line["quantity"],
        "originalUnitPriceSet": bag(line["price"], currency),
        "totalDiscountSet": bag(line.get("total_discount") or "0.00", currency),
        "discountAllocations": [
            {
                "allocatedAmountSet": bag(part["amount"], currency),
                "discountApplication": _application(part.get("discount_application_index"), applications),
            }
            for part in line.get("discount_allocations", [])
        ],
        "taxLines": _taxes(line, currency),
        "requiresShipping": line.get("requires_shipping"),
        "customAttributes": _attributes(line.get("properties")),
    }


def fulfillment_node(rest: Json, events: list[Json]) -> Json:
    status = rest.get("status", "success")
    numbers = rest.get("tracking_numbers") or [rest[key] for key in ("tracking_number",) if rest.get(key)]
    urls = rest.get("tracking_urls") or [rest[key] for key in ("tracking_url",) if rest.get(key)]
    return {
        "id": gid("Fulfillment", rest["id"]),
        "legacyResourceId": str(rest["id"]),
        "status": _upper(status),
        "displayStatus": _upper(rest.get("shipment_status")) or _DISPLAY.get(status, "FULFILLED"),
        "createdAt": rest.get("created_at"),
        "updatedAt": rest.get("updated_at"),
        "estimatedDeliveryAt": rest.get("estimated_delivery_at"),
        "trackingInfo": [
            {
                "company": rest.get("tracking_company"),
                "number": number,
                "url": urls[place] if place < len(urls) else None,
            }
            for place, number in enumerate(numbers)
        ]
        or (
            [{"company": rest["tracking_company"], "number": None, "url": None}] if rest.get("tracking_company") else []
        ),
        "fulfillmentLineItems": [
            {"lineItem": {"id": gid("LineItem", line["id"])}, "quantity": line["quantity"]}
            for line in rest.get("line_items", [])
        ],
        "events": [event_node(event) for event in events],
    }


def event_node(rest: Json) -> Json:
    return {
        "id": gid("FulfillmentEvent", rest["id"]),
        "status": _upper(rest["status"]),
        "happenedAt": rest["happened_at"],
        "createdAt": rest.get("created_at"),
        "estimatedDeliveryAt": rest.get("estimated_delivery_at"),
        **{name: rest.get(name) for name in ("message", "address1", "city", "province", "country")},
    }


def refund_node(rest: Json, currency: str, order: Json) -> Json:
    return {
        "id": gid("Refund", rest["id"]),
        "legacyResourceId": str(rest["id"]),
        "createdAt": rest["created_at"],
        "updatedAt": rest.get("updated_at") or rest["created_at"],
        "note": rest.get("note"),
        "refundLineItems": [
            {
                "lineItem": {"id": gid("LineItem", item["line_item_id"])},
                "quantity": item["quantity"],
                "restockType": _upper(item.get("restock_type")),
            }
            for item in rest.get("refund_line_items", [])
        ],
        "transactions": [transaction_node(item, currency, order) for item in rest.get("transactions", [])],
    }


def transaction_node(rest: Json, currency: str, order: Json) -> Json:
    """Webhooks tell an amount in the customer's money, the API in both."""
    told, theirs = rest.get("currency") or currency, (order.get("total_price_set") or {}).get("presentment_money")
    amounts = {"shopMoney": money(rest["amount"], told), "presentmentMoney": money(rest["amount"], told)}
    if theirs and told == theirs["currency_code"]:
        worth = Decimal(rest["amount"]) * Decimal(order["total_price"]) / Decimal(theirs["amount"])
        amounts["shopMoney"] = money(worth.quantize(Decimal("0.01")), currency)
    return {
        "id": gid("OrderTransaction", rest["id"]),
        "kind": _upper(rest["kind"]),
        "status": _upper(rest["status"]),
        "gateway": rest.get("gateway"),
        "authorizationCode": rest.get("authorization"),
        "amountSet": amounts,
        "createdAt": rest.get("created_at"),
        "processedAt": rest.get("processed_at"),
    }


def money(amount: Any, currency: str) -> Json:
    return {"amount": str(amount), "currencyCode": currency}


def bag(amount: Any, currency: str) -> Json | None:
    """A money bag; the buyer's own currency is another one, so that whoever reads the wrong half is found out."""
    if amount is None:
        return None
    other = {"amount": "123456.78", "currencyCode": "XTS"}
    return {"shopMoney": {"amount": str(amount), "currencyCode": currency}, "presentmentMoney": other}


def _both(rest: Json, currency: str) -> Json | None:
    """The total in the shop's money and in the customer's."""
    ours = money(rest.get("total_price"), currency)
    theirs = (rest.get("total_price_set") or {}).get("presentment_money")
    foreign = money(theirs["amount"], theirs["currency_code"]) if theirs else ours
    return {"shopMoney": ours, "presentmentMoney": foreign} if rest.get("total_price") is not None else None


def _taxes(rest: Json, currency: str) -> list[Json]:
    return [{"priceSet": bag(tax["price"], currency)} for tax in rest.get("tax_lines", [])]


def _application(index: int | None, applications: list[Json]) -> Json | None:
    if index is None:
        return None
    method = applications[index].get("allocation_method") or "each"
    return {"index": index, "allocationMethod": method.upper()}


def _customer(rest: Json | None) -> Json | None:
    if not rest:
        return None
    return {
        "firstName": rest.get("first_name"),
        "lastName": rest.get("last_name"),
        "defaultEmailAddress": {"emailAddress": rest["email"]} if rest.get("email") else None,
        "defaultPhoneNumber": {"phoneNumber": rest["phone"]} if rest.get("phone") else None,
    }


def _address(rest: Json | None) -> Json | None:
    if not rest:
        return None
    codes = {"provinceCode": rest.get("province_code"), "countryCodeV2": rest.get("country_code")}
    return {name: rest.get(name) for name in _ADDRESS} | codes


def _terms(rest: Json | None) -> Json | None:
    if not rest:
        return None
    due = [{"dueAt": item["due_at"], "completedAt": item["completed_at"]} for item in rest["payment_schedules"]]
    return {"paymentSchedules": due}


def _attributes(items: list[Json] | None) -> list[Json]:
    return [{"key": item["name"], "value": item["value"]} for item in items or []]


def _upper(word: str | None) -> str | None:
    return word.upper() if word else None


CONNECTIONS = frozenset(
    {"lineItems", "shippingLines", "fulfillmentLineItems", "events", "refundLineItems", "fulfillmentOrders"}
    | {"paymentSchedules"}
)


def whole(node: Any, inside: str = "") -> Any:
    """A node with all of its connections in one page each, as `{ nodes }`. An order's transactions are a plain list."""
    if isinstance(node, dict):
        return {name: _connected(value, name, inside) for name, value in node.items()}
    return [whole(item, inside) for item in node] if isinstance(node, list) else node


def _connected(value: Any, name: str, inside: str) -> Any:
    if value is not None and (name in CONNECTIONS or (name == "transactions" and inside == "refunds")):
        return {"nodes": whole(value, name)}
    return whole(value, name)
