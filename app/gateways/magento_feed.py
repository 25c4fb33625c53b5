"""Magento's REST API as a feed of orders, each with its shipments.

Past its end the API gives the last page again, and page numbers shift while orders change. So no page has a number:
each begins behind the time and the id where the one before has ended.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.gateways.feed_http import ShopHttp, dumped
from core.clock import utc
from core.errors import Invalid
from orders.feeds import FeedMalformed, Fetched
from orders.sources import magento, pulled
from orders.sources.reading import identifier, mapping, objects, text, when

PAGE = 100
_ORDERS, _SHIPMENTS = "/rest/V1/orders", "/rest/V1/shipments"

Filter = tuple[str, str, str]  # field, condition, value
Row = dict[str, Any]


class MagentoFeed:
    """`address` is the shop's home page; credentials: access_token of an integration (orders and shipments)."""

    def __init__(self, address: str, credentials: Mapping[str, str], *, page: int = PAGE) -> None:
        self._http = ShopHttp(address, {"authorization": f"Bearer {credentials['access_token']}"})
        self._page = page

    async def changed(self, since: datetime, until: datetime) -> AsyncIterator[Fetched]:
        """See OrderFeed. A new tracking number changes the shipment, not the order: both are listed, side by side."""
        low = utc(since)
        async for rows, high, as_of in self._slices(_ORDERS, low, until):
            found = await self._with_shipments(rows, as_of)
            if high is not None:
                found += await self._shipped({order.source_id for order in found}, low, high)
                low = high
            for order in sorted(found, key=_by_time):
                yield order

    async def order(self, source_id: str) -> Fetched | None:
        """See OrderFeed."""
        answer = await self._http.get(f"{_ORDERS}/{identifier(source_id)}")
        if answer is None:
            return None
        if not isinstance(answer.data, dict):
            raise FeedMalformed("an order that is no object", code="feed_order")
        (order,) = await self._with_shipments([answer.data], answer.as_of)
        return order

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _shipped(self, known: set[str], low: datetime, high: datetime) -> list[Fetched]:
        """Orders not among `known` whose shipments changed."""
        changed: dict[str, datetime] = {}
        async for rows, _, _ in self._slices(_SHIPMENTS, low, high):
            changed |= {_id(row, "order_id"): _time(row) for row in rows}
        found = []
        for source_id, at in changed.items():
            order = await self.order(source_id) if source_id not in known else None
            found += [order] if order is not None and at <= high else []
        return found

    async def _slices(
        self, path: str, low: datetime, high: datetime
    ) -> AsyncIterator[tuple[list[Row], datetime | None, datetime]]:
        """Rows changed from `low` to `high` by time: each page, the time up to which all has been given with it (None
        in the middle of one second), and the shop's time."""
        start: tuple[Filter, ...] = (("updated_at", "gteq", _written(low)),)
        until = ("updated_at", "lteq", _written(high))
        while True:
            rows, more, as_of = await self._page_of(path, *start, until)
            if not more or not rows:
                yield rows, high, as_of
                return
            yield rows, None, as_of
            last, last_id = _time(rows[-1]), _id(rows[-1])
            while more:  # the rest of that second
                rest = ("updated_at", "eq", _written(last)), ("entity_id", "gt", last_id)
                rows, more, as_of = await self._page_of(path, *rest)
                last_id = _id(rows[-1]) if rows else last_id
                more = more and bool(rows)
                yield rows, None if more else last, as_of
            start = (("updated_at", "gt", _written(last)),)

    async def _with_shipments(self, rows: list[Row], as_of: datetime) -> list[Fetched]:
        """The orders, each with all of its shipments where the source looks for them."""
        shipments: dict[str, list[Row]] = {_id(row): [] for row in rows}
        of_these, behind, more = ("order_id", "in", ",".join(shipments)), "0", bool(rows)
        while more:
            found, more, _ = await self._page_of(_SHIPMENTS, of_these, ("entity_id", "gt", behind), by="entity_id")
            for shipment in found:
                shipments.setdefault(_id(shipment, "order_id"), []).append(shipment)
                behind = _id(shipment)
            more = more and bool(found)
        return [_fetched(row, shipments[_id(row)], as_of) for row in rows]

    async def _page_of(self, path: str, *filters: Filter, by: str = "updated_at") -> tuple[list[Row], bool, datetime]:
        """The first rows that fit all filters, whether there are more, and the shop's time."""
        answer = await self._http.get(path, _criteria(filters, by, self._page))
        if answer is None or "total_count" not in mapping(answer.data):
            raise FeedMalformed("there is no Magento REST API at this address", code="feed_answer")
        rows = objects(answer.data.get("items"))
        total = text(answer.data["total_count"])
        return rows, total.isdecimal() and int(total) > len(rows), answer.as_of


def _criteria(filters: Sequence[Filter], by: str, page: int) -> list[tuple[str, str]]:
    """Filters of different groups must all hold."""
    found = []
    for number, (field, condition, value) in enumerate(filters):
        name = f"searchCriteria[filter_groups][{number}][filters][0]"
        found += [(f"{name}[field]", field), (f"{name}[value]", value), (f"{name}[condition_type]", condition)]
    for number, field in enumerate(dict.fromkeys((by, "entity_id"))):
        name = f"searchCriteria[sortOrders][{number}]"
        found += [(f"{name}[field]", field), (f"{name}[direction]", "ASC")]
    return [*found, ("searchCriteria[pageSize]", str(page)), ("searchCriteria[currentPage]", "1")]


def _fetched(row: Row, shipments: list[Row], as_of: datetime) -> Fetched:
    updated_at = max([_time(row), *map(_time, shipments)])
    if shipments:
        row = row | {"extension_attributes": mapping(row.get("extension_attributes")) | {"shipments": shipments}}
    return Fetched(
        source=magento.NAME,
        source_id=_id(row),
        topic=pulled.TOPIC,
        body=dumped(row),
        updated_at=updated_at,
        as_of=as_of,
    )


def _by_time(order: Fetched) -> datetime:
    return order.updated_at


def _id(row: Row, name: str = "entity_id") -> str:
    try:
        return identifier(row.get(name))
    except Invalid as error:
        raise FeedMalformed("an order without an id", code="feed_order") from error


def _time(row: Row) -> datetime:
    try:
        found = when(row.get("updated_at"), "UTC") or when(row.get("created_at"), "UTC")
    except Invalid as error:
        raise FeedMalformed("a time that cannot be read", code="feed_order") from error
    if found is None:
        raise FeedMalformed("an order without the time of its change", code="feed_order")
    return found


def _written(at: datetime) -> str:
    return utc(at).strftime("%Y-%m-%d %H:%M:%S")
