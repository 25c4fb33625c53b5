"""A shop at Shopify: real HTTP on loopback, the Admin API's orders, its pages, points, scopes, and troubles on order.

It holds what its webhooks have told, so that a test can lose some of them and ask for the orders afterwards.
"""

import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes.graphql import Field, NotUnderstood, parse
from tests.fakes.shopify_nodes import CONNECTIONS, gid, order_node

TOKEN = "shpat_0123456789abcdef"
CLIENT = {"client_id": "c0ffee", "client_secret": "shpss_fedcba9876543210"}
PATH = re.compile(r"/admin/api/\d{4}-\d{2}/graphql\.json")
CAPACITY, RESTORED = 2000.0, 100.0  # points, and points a second, of the smallest plan
MOST_COST = 1000
_SEARCH = re.compile(r"updated_at:>='([^']+)' AND updated_at:<='([^']+)'")
_LISTS = ("fulfillments", "refunds", "transactions")

Json = dict[str, Any]


class Shop:
    """What the shop knows, and how it behaves. `troubles` are answered first: (status, headers, body), or "cut"."""

    def __init__(self) -> None:
        self.address = ""
        self.orders: dict[int, Json] = {}
        self.events: dict[int, list[Json]] = {}
        self.transactions: dict[int, list[Json]] = {}
        self.changes: dict[str, Json] = {}  # more fields of an order's node, by its gid
        self.denied: set[str] = set()
        self.troubles: deque[Any] = deque()
        self.points = CAPACITY
        self.token, self.granted = TOKEN, 0  # a granted token replaces it
        self.asked: list[Json] = []
        self.waited: list[float] = []

    def hear(self, topic: str, payload: Json) -> None:
        """Know what a webhook says, whether it arrives or not."""
        if topic.startswith("orders/"):
            self.orders[payload["id"]] = payload
        elif topic == "fulfillment_events/create":
            self.events.setdefault(payload["fulfillment_id"], []).append(payload)
        elif topic == "order_transactions/create":
            self.transactions.setdefault(payload["order_id"], []).append(payload)

    async def wait(self, seconds: float) -> None:
        """Time goes by, without anybody waiting for it."""
        self.waited.append(seconds)
        self.points = min(self.points + seconds * RESTORED, CAPACITY)

    def nodes(self) -> list[Json]:
        """All orders by the time of their change, whole."""
        found = [
            order_node(order, self.events, self.transactions.get(name, [])) | self.changes.get(gid("Order", name), {})
            for name, order in self.orders.items()
        ]
        return sorted(found, key=_place)

    def answer(self, question: Json) -> Json:
        """What GraphQL answers: data, or errors and no data."""
        try:
            (root,) = parse(question["query"])
            variables = question["variables"]
            cost = _cost(root, variables)
            if cost > MOST_COST:
                return _error(
                    "MAX_COST_EXCEEDED", f"Query cost is {cost}, which exceeds the single query max cost limit"
                )
            if cost > self.points:
                return _error("THROTTLED", "Throttled") | self._extensions(cost)
            self.points -= cost
            data = {root.name: self._root(root, variables)}
        except NotUnderstood as error:
            return _error("undefinedField", str(error))
        except PermissionError as error:
            path = error.args[0]
            return _error("ACCESS_DENIED", f"Access denied for {path[-1]} field.", path) | {"data": None}
        return {"data": data} | self._extensions(cost)

    def _extensions(self, cost: int) -> Json:
        status = {"maximumAvailable": CAPACITY, "currentlyAvailable": self.points, "restoreRate": RESTORED}
        return {"extensions": {"cost": {"requestedQueryCost": cost, "actualQueryCost": None, "throttleStatus": status}}}

    def _root(self, root: Field, variables: Json) -> Any:
        value = {name: _value(given, variables) for name, given in root.arguments.items()}
        if root.name == "orders":
            search = _SEARCH.fullmatch(value["query"])
            if search is None or value["sortKey"] != "UPDATED_AT":
                raise NotUnderstood("Search syntax is invalid")
            since, until = (datetime.fromisoformat(at) for at in search.groups())
            chosen = [node for node in self.nodes() if since <= _time(node) <= until]
            return self._page(chosen, value, root, variables, ["orders"], cursor=lambda node: "|".join(_place(node)))
        found = next((part for part in _everything(self.nodes()) if part.get("id") == value["id"]), None)
        return None if found is None else self._project(found, root.fields, variables, [root.name])

    def _project(self, value: Json, fields: list[Field], variables: Json, path: list[Any]) -> Json:
        found: Json = {}
        for asked in fields:
            if not _value(asked.include, variables):
                continue
            if asked.name not in value:
                raise NotUnderstood(f"Field '{asked.name}' doesn't exist on this type")
            here = [*path, asked.name]
            if asked.name in self.denied:
                raise PermissionError(here)
            found[asked.name] = self._field(value[asked.name], asked, variables, here)
        return found

    def _field(self, value: Any, asked: Field, variables: Json, path: list[Any]) -> Any:
        sizes = {name: _value(given, variables) for name, given in asked.arguments.items()}
        if isinstance(value, list) and _is_connection(asked.name, path):
            return self._page(value, sizes, asked, variables, path, cursor=lambda item: f"at:{value.index(item)}")
        if isinstance(value, list):
            chosen = value[: sizes.get("first")]
            return [
                self._project(item, asked.fields, variables, [*path, n]) if asked.fields else item
                for n, item in enumerate(chosen)
            ]
        if isinstance(value, dict) != bool(asked.fields) and value is not None:
            raise NotUnderstood(f"Field '{asked.name}' must have selections, or none")
        return self._project(value, asked.fields, variables, path) if isinstance(value, dict) else value

    def _page(
        self, items: list[Json], sizes: Json, asked: Field, variables: Json, path: list[Any], *, cursor: Any
    ) -> Json:
        after = sizes.get("after")
        start = 0
        if after is not None and after.startswith("at:"):
            start = int(after[3:]) + 1
        elif after is not None:  # an order that has changed meanwhile has left its place: go on behind that place
            start = sum("|".join(_place(item)) <= after for item in items)
        chosen = items[start : start + sizes["first"]]
        info = {
            "hasNextPage": start + len(chosen) < len(items),
            "endCursor": cursor(chosen[-1]) if chosen else None,
        }
        found: Json = {}
        for part in asked.fields:
            if part.name == "nodes":
                found["nodes"] = [
                    self._project(item, part.fields, variables, [*path, "nodes", n]) for n, item in enumerate(chosen)
                ]
            else:
                found[part.name] = self._project(info, part.fields, variables, path)
        return found


@contextmanager
def shopify() -> Iterator[Shop]:
    """Serve a shop on a free port of this machine."""
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if shop.troubles:
                trouble = shop.troubles.popleft()
                return self._cut() if trouble == "cut" else self._send(*trouble)
            if self.path == "/admin/oauth/access_token":
                return self._grant(json.loads(body))
            if not PATH.fullmatch(self.path):
                return self._send(404, {}, b'{"errors":"Not Found"}')
            if self.headers["x-shopify-access-token"] != shop.token:
                return self._send(401, {}, b'{"errors":"[API] Invalid API key or access token"}')
            question = json.loads(body)
            shop.asked.append(question)
            return self._send(200, {}, json.dumps(shop.answer(question)).encode())

        def _grant(self, asked: Json) -> None:
            if asked != CLIENT | {"grant_type": "client_credentials"}:
                return self._send(400, {}, b"<html>Oauth error invalid_client</html>")
            shop.granted += 1
            shop.token = f"shpat_of_a_day_{shop.granted}"
            given = {"access_token": shop.token, "scope": "read_orders", "expires_in": 86399}
            return self._send(200, {}, json.dumps(given).encode())

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _cut(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "10000")
            self.end_headers()
            self.wfile.write(b'{"data": {"ord')
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    shop.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _cost(asked: Field, variables: Json) -> int:
    """A point for an object, two and its objects for a connection, each with what is in it; scalars are free."""
    if not asked.fields or not _value(asked.include, variables):
        return 0
    first = _value(asked.arguments.get("first", 0), variables)
    inner = [part for part in asked.fields if part.name != "pageInfo"]
    if [part.name for part in inner] == ["nodes"]:
        return 2 + int(first) * (1 + sum(_cost(part, variables) for part in inner[0].fields))
    return (int(first) or 1) * (1 + sum(_cost(part, variables) for part in inner))


def _error(code: str, message: str, path: list[Any] | None = None) -> Json:
    return {"errors": [{"message": message, "extensions": {"code": code}} | ({"path": path} if path else {})]}


def _value(given: Any, variables: Json) -> Any:
    return variables.get(given[1:]) if isinstance(given, str) and given.startswith("$") else given


def _is_connection(name: str, path: list[Any]) -> bool:
    return name in CONNECTIONS or (name == "transactions" and ("refunds" in path or path[0] == "node"))


def _time(node: Json) -> datetime:
    return datetime.fromisoformat(node["updatedAt"]).astimezone(UTC)


def _place(node: Json) -> tuple[str, str]:
    return _time(node).isoformat(), str(node["legacyResourceId"]).zfill(20)


def _everything(nodes: list[Json]) -> Iterator[Json]:
    for node in nodes:
        yield node
        for name in _LISTS:
            yield from node[name]
