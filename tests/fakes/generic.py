"""The twin of a shop that offers the feed of docs/connect/generic.md, with a cursor of time and id."""

from datetime import datetime
from typing import Any

from tests.fakes.http import Asked, FakeShop, Reply

TOKEN = "feed-token"
_PATH = "/wismo/orders"


class FakeGeneric(FakeShop):
    """`orders` by id, as documents of the order API."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, dict[str, Any]] = {}

    def put(self, *orders: dict[str, Any]) -> None:
        self.orders |= {order["id"]: order for order in orders}

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(403, {"error": "no"})
        if asked.path == _PATH:
            return self._list(asked.params)
        order = self.orders.get(asked.path.removeprefix(_PATH + "/"))
        return Reply(data=order) if order else Reply(404, {"error": "no such order"})

    def _list(self, params: Any) -> Reply:
        since, limit = datetime.fromisoformat(params["updated_since"]), int(params["limit"])
        start = (since, "") if "cursor" not in params else _place(params["cursor"])
        rows = sorted((_key(order), order) for order in self.orders.values() if _key(order) > start)
        page = [order for _, order in rows[:limit]]
        following = "|".join(map(str, _key(page[-1]))) if len(rows) > limit else None
        return Reply(data={"orders": page, "next": following})


def _key(order: dict[str, Any]) -> tuple[datetime, str]:
    return datetime.fromisoformat(order["updated_at"]), order["id"]


def _place(cursor: str) -> tuple[datetime, str]:
    at, _, name = cursor.partition("|")
    return datetime.fromisoformat(at), name
