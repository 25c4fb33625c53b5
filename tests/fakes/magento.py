"""Magento's twin: search criteria over orders and shipments, and the last page again for whoever asks past the end."""

import re
from collections import defaultdict
from math import ceil
from typing import Any

from tests.fakes.http import Asked, FakeShop, Reply

TOKEN = "integration-token"
_FILTER = re.compile(r"searchCriteria\[filter_groups\]\[(\d+)\]\[filters\]\[(\d+)\]\[(\w+)\]")
_SORT = re.compile(r"searchCriteria\[sortOrders\]\[(\d+)\]\[field\]")


class FakeMagento(FakeShop):
    """`orders` and `shipments` by entity id, as the REST API shows them."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[int, dict[str, Any]] = {}
        self.shipments: dict[int, dict[str, Any]] = {}

    def put(self, *orders: dict[str, Any]) -> None:
        """Orders with their shipments inside are kept apart, as the shop does."""
        for order in orders:
            alone = {name: value for name, value in order.items() if name != "extension_attributes"}
            self.orders[order["entity_id"]] = alone
            for shipment in order.get("extension_attributes", {}).get("shipments", []):
                self.shipments[shipment["entity_id"]] = shipment

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, {"message": "The consumer isn't authorized to access %resources."})
        if asked.path in {"/rest/V1/orders", "/rest/V1/shipments"}:
            return self._search(self.orders if asked.path.endswith("orders") else self.shipments, asked.params)
        name = asked.path.removeprefix("/rest/V1/orders/")
        if name.isdecimal() and int(name) in self.orders:
            return Reply(data=self.orders[int(name)])
        return Reply(404, {"message": "The entity that was requested doesn't exist. Verify the entity and try again."})

    def _search(self, table: dict[int, dict[str, Any]], params: Any) -> Reply:
        groups: dict[str, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
        for name, value in params.items():
            if match := _FILTER.fullmatch(name):
                groups[match[1]][match[2]][match[3]] = value
        rows = [row for row in table.values() if all(any(_fits(row, f) for f in g.values()) for g in groups.values())]
        by = [value for name, value in sorted(params.items()) if _SORT.fullmatch(name)]
        rows.sort(key=lambda row: [row[field] for field in by])
        size, page = int(params["searchCriteria[pageSize]"]), int(params["searchCriteria[currentPage]"])
        page = min(page, max(ceil(len(rows) / size), 1))
        items = rows[(page - 1) * size : page * size]
        return Reply(data={"items": items, "search_criteria": {}, "total_count": len(rows)})


def _fits(row: dict[str, Any], wanted: dict[str, str]) -> bool:
    have, value = row[wanted["field"]], wanted["value"]
    if wanted["condition_type"] == "in":
        return str(have) in value.split(",")
    want: Any = int(value) if isinstance(have, int) else value
    kinds = {"eq": have == want, "gt": have > want, "gteq": have >= want, "lteq": have <= want}
    return bool(kinds[wanted["condition_type"]])
