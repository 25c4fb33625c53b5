"""What is asked of Shopify's GraphQL Admin API: one order with all of its parts, by page or by id.

Field names are those of API version 2026-10. What an app may not be allowed to read stands behind a flag.
"""

from collections.abc import Mapping
from typing import Final

VERSION: Final = (
    "2026-10"  # Shopify serves a version for a year at least; https://shopify.dev/docs/api/usage/versioning
)

# flag → the fields behind it, which take scopes or approvals of their own
OPTIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "people": ("customer", "email", "phone", "shippingAddress", "billingAddress"),
    "holds": ("fulfillmentOrders",),
    "terms": ("paymentTerms",),
}
# plain lists without pages, and how many of each are asked for with the order: most orders have fewer
LISTED: Final[Mapping[str, int]] = {"fulfillments": 2, "refunds": 2, "transactions": 4}
MOST_LISTED: Final = 250  # the most that Shopify lists

_MONEY = "{ shopMoney { amount currencyCode } }"
_BOTH = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
_ADDRESS = "{ name company address1 address2 city province provinceCode zip country countryCodeV2 phone }"
_PAGE_INFO = "pageInfo { hasNextPage endCursor }"
_TRANSACTION = f"id kind status gateway authorizationCode createdAt processedAt amountSet {_MONEY}"
_CHARGE = _TRANSACTION.replace(_MONEY, _BOTH)

_NODES: Final[Mapping[tuple[str, str], str]] = {
    ("Order", "lineItems"): f"""id sku title name variantTitle quantity currentQuantity requiresShipping
      originalUnitPriceSet {_MONEY} totalDiscountSet {_MONEY}
      discountAllocations {{ allocatedAmountSet {_MONEY} discountApplication {{ index allocationMethod }} }}
      taxLines {{ priceSet {_MONEY} }}
      customAttributes {{ key value }}""",
    (
        "Order",
        "shippingLines",
    ): f"isRemoved originalPriceSet {_MONEY} discountedPriceSet {_MONEY} taxLines {{ priceSet {_MONEY} }}",
    ("Order", "fulfillmentOrders"): "id status updatedAt fulfillmentHolds { reason }",
    ("Fulfillment", "fulfillmentLineItems"): "quantity lineItem { id }",
    ("Fulfillment", "events"): """id status happenedAt createdAt estimatedDeliveryAt message address1 city province
      country""",
    ("Refund", "refundLineItems"): "quantity restockType lineItem { id }",
    ("Refund", "transactions"): _TRANSACTION,
}
# so many with the order, the rest by pages: each costs points whether it is there or not
_FIRST: Final[Mapping[str, int]] = {"lineItems": 5, "events": 10, "fulfillmentLineItems": 5, "refundLineItems": 5}
_FEW = 3
_MANY = 50  # of one connection by itself
PAGED: Final[Mapping[str, tuple[str, ...]]] = {
    kind: tuple(name for owner, name in _NODES if owner == kind) for kind in ("Order", "Fulfillment", "Refund")
}


def _connection(kind: str, name: str, arguments: str = "") -> str:
    sized = arguments or f"first: {_FIRST.get(name, _FEW)}"
    return f"{name}({sized}) {{ nodes {{ {_NODES[kind, name]} }} {_PAGE_INFO} }}"


_PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "fulfillments": (
        "Fulfillment",
        f"""id legacyResourceId status displayStatus createdAt updatedAt estimatedDeliveryAt
    trackingInfo {{ company number url }}
    {_connection("Fulfillment", "fulfillmentLineItems")}
    {_connection("Fulfillment", "events")}""",
    ),
    "refunds": (
        "Refund",
        f"""id legacyResourceId createdAt updatedAt note
    {_connection("Refund", "refundLineItems")}
    {_connection("Refund", "transactions")}""",
    ),
    "transactions": ("OrderTransaction", _CHARGE),
}
_ORDER: Final = f"""fragment order on Order {{
  id legacyResourceId name createdAt updatedAt cancelledAt cancelReason closedAt confirmed currencyCode tags
  customerLocale taxesIncluded displayFinancialStatus displayFulfillmentStatus returnStatus paymentGatewayNames
  totalPriceSet {_BOTH} currentTotalPriceSet {_MONEY} totalDiscountsSet {_MONEY} totalTaxSet {_MONEY}
  customAttributes {{ key value }}
  risk {{ recommendation }}
  email @include(if: $people)
  phone @include(if: $people)
  customer @include(if: $people) {{
    firstName lastName defaultEmailAddress {{ emailAddress }} defaultPhoneNumber {{ phoneNumber }}
  }}
  shippingAddress @include(if: $people) {_ADDRESS}
  billingAddress @include(if: $people) {{ phone }}
  paymentTerms @include(if: $terms) {{ paymentSchedules(first: {_FEW}) {{ nodes {{ dueAt completedAt }} }} }}
  {_connection("Order", "lineItems")}
  {_connection("Order", "shippingLines")}
  {_connection("Order", "fulfillmentOrders").replace(") {", ") @include(if: $holds) {", 1)}
  fulfillments(first: $fulfillments) {{ {_PARTS["fulfillments"][1]} }}
  refunds(first: $refunds) {{ {_PARTS["refunds"][1]} }}
  transactions(first: $transactions) {{ {_PARTS["transactions"][1]} }}
}}"""
_SIZES = "".join(f", ${name}: Boolean!" for name in OPTIONAL) + "".join(f", ${name}: Int!" for name in LISTED)

ORDERS: Final = f"""query orders($first: Int!, $after: String, $query: String!{_SIZES}) {{
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{ ...order }} {_PAGE_INFO}
  }}
}}
{_ORDER}"""
ORDER: Final = f"query order($id: ID!{_SIZES}) {{ order(id: $id) {{ ...order }} }}\n{_ORDER}"


def all_of(name: str) -> str:
    """The question for the ids of everything in one of an order's plain lists; its variable is `id`."""
    return f"query all($id: ID!) {{ order(id: $id) {{ {name}(first: {MOST_LISTED}) {{ id }} }} }}"


def one_of(name: str) -> str:
    """The question for one part of such a list; its variable is `id`."""
    kind, asked = _PARTS[name]
    return f"query one($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {asked} }} }} }}"


def more(kind: str, name: str) -> str:
    """The question for the next page of a connection; its variables are `id` and `after`."""
    page = _connection(kind, name, f"first: {_MANY}, after: $after")
    return f"query more($id: ID!, $after: String!) {{ node(id: $id) {{ ... on {kind} {{ {page} }} }} }}"
