"""Twins of two shops with one order of two lines: holds, cancelling, new addresses, and the troubles of real ones."""

import json
from typing import Any

from tests.fakes.graphql import parse
from tests.fakes.http import Asked, FakeShop, Reply

TOKEN, ORDER, LINES = "shpat_may_write", "450789469", {"11": 1, "12": 2}
KEY, SECRET = "ck_may_write", "cs_of_the_key"
Json = dict[str, Any]


class FakeShopifyOrder(FakeShop):
    """`left` are units by line that have not been sent; `refuse` is the next user error."""

    def __init__(self) -> None:
        super().__init__()
        self.left = dict(LINES)
        self.holds: dict[str, str] = {}  # the shop's id → handle
        self.cancelled = False
        self.status = "OPEN"
        self.ship_to = {"address1": "18 Willow Lane", "city": "Burlington", "countryCodeV2": "US"}
        self.refuse = ""
        self.notes: list[str] = []

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("x-shopify-access-token") != TOKEN:
            return Reply(401, {"errors": "[API] Invalid API key or access token"})
        question = json.loads(asked.body)
        (root,) = parse(question["query"])
        given = question["variables"]
        made = {
            "order": self._order,
            "fulfillmentOrderHold": self._hold,
            "fulfillmentOrderReleaseHold": self._release,
            "orderCancel": self._cancel,
            "orderUpdate": self._update,
        }[root.name]
        return Reply(data={"data": {root.name: made(given)}})

    def _order(self, given: Json) -> Json | None:
        if not given["id"].endswith("/" + ORDER):
            return None
        lines = [
            {"remainingQuantity": units, "lineItem": {"id": f"gid://shopify/LineItem/{line}"}}
            for line, units in self.left.items()
        ]
        part = {
            "id": "gid://shopify/FulfillmentOrder/1",
            "status": "ON_HOLD" if self.holds else self.status,
            "fulfillmentHolds": [{"id": name, "handle": handle} for name, handle in self.holds.items()],
            "lineItems": {"nodes": lines},
        }
        when = "2026-03-02T09:00:00Z" if self.cancelled else None
        nodes = [part] if any(self.left.values()) else []
        return {
            "id": given["id"],
            "cancelledAt": when,
            "shippingAddress": self.ship_to,
            "fulfillmentOrders": {"nodes": nodes},
        }

    def _hold(self, given: Json) -> Json:
        if errors := self._errors():
            return {"fulfillmentHold": None, "userErrors": errors}
        handle = given["hold"]["handle"]
        if handle in self.holds.values():
            return {"fulfillmentHold": None, "userErrors": [{"field": None, "message": "Handle is taken"}]}
        self.holds[f"gid://shopify/FulfillmentHold/{len(self.holds) + 1}"] = handle
        return {"fulfillmentHold": {"id": "…"}, "userErrors": []}

    def _release(self, given: Json) -> Json:
        for name in given["holds"]:
            self.holds.pop(name)
        return {"fulfillmentOrder": {"id": given["id"]}, "userErrors": []}

    def _cancel(self, given: Json) -> Json:
        if errors := self._errors():
            return {"job": None, "orderCancelUserErrors": errors}
        self.cancelled, self.holds = True, {}
        self.notes.append(given["note"])
        return {"job": {"id": "gid://shopify/Job/1"}, "orderCancelUserErrors": []}

    def _update(self, given: Json) -> Json:
        if errors := self._errors():
            return {"order": None, "userErrors": errors}
        to = given["input"]["shippingAddress"]
        self.ship_to = {"address1": to["address1"], "city": to["city"], "countryCodeV2": to["countryCode"]}
        return {"order": {"id": given["input"]["id"]}, "userErrors": []}

    def _errors(self) -> list[Json]:
        said, self.refuse = self.refuse, ""
        return [{"field": None, "message": said}] if said else []


class FakeWooOrder(FakeShop):
    """One order by its number; a PUT changes what it names, and meta data by its key."""

    def __init__(self) -> None:
        super().__init__()
        self.order: Json = {"id": int(ORDER), "status": "processing", "shipping": {"city": "Burlington"}}
        self.meta: dict[str, str] = {}

    def answer(self, asked: Asked) -> Reply:
        if asked.path != f"/wp-json/wc/v3/orders/{ORDER}":
            return Reply(404, {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID."})
        if asked.method == "PUT":
            given = json.loads(asked.body)
            self.meta |= {item["key"]: item["value"] for item in given.pop("meta_data", [])}
            self.order["shipping"] |= given.pop("shipping", {})
            self.order |= given
        meta = [{"key": name, "value": value} for name, value in self.meta.items()]
        return Reply(data={**self.order, "meta_data": meta})
