"""WooCommerce's twin: the part of the REST API (v3) that reconciliation uses, with its habits.

Pages have numbers and shift while orders change; times are compared by the second and exclusively; the bin is not
listed.
"""

import base64
from datetime import datetime
from math import ceil
from typing import Any

from tests.fakes.http import Asked, FakeShop, Reply

KEY, SECRET = "ck_reads_orders", "cs_of_the_key"
_ORDERS = "/wp-json/wc/v3/orders"


class FakeWooCommerce(FakeShop):
    """`orders` by id, as the REST API shows them."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[int, dict[str, Any]] = {}

    def put(self, *orders: dict[str, Any]) -> None:
        self.orders |= {order["id"]: order for order in orders}

    def answer(self, asked: Asked) -> Reply:
        expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if asked.headers.get("authorization") != expected:
            problem = {"code": "woocommerce_rest_cannot_view", "message": "…", "data": {"status": 401}}
            return Reply(401, problem)
        if asked.path == _ORDERS:
            return self._list(asked.params)
        name = asked.path.removeprefix(_ORDERS + "/")
        if asked.path.startswith(_ORDERS + "/") and name.isdecimal() and int(name) in self.orders:
            return Reply(data=self.orders[int(name)])
        return Reply(404, {"code": "woocommerce_rest_shop_order_invalid_id", "message": "…", "data": {"status": 404}})

    def _list(self, params: Any) -> Reply:
        size, page = int(params.get("per_page", "10")), int(params.get("page", "1"))
        if not 1 <= size <= 100 or params.get("dates_are_gmt") != "true":
            return Reply(400, {"code": "rest_invalid_param", "message": "…", "data": {"status": 400}})
        after, before = (datetime.fromisoformat(params[name]) for name in ("modified_after", "modified_before"))
        found = [o for o in self.orders.values() if after < _modified(o) < before and o["status"] != "trash"]
        by_id = params["orderby"] == "id"
        found.sort(key=lambda order: order["id"] if by_id else (_modified(order), -order["id"]))
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(ceil(len(found) / size))}
        return Reply(data=found[(page - 1) * size : page * size], headers=headers)


def _modified(order: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(order["date_modified_gmt"])
