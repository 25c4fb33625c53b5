"""WooCommerce's REST API (v3) as a feed of orders, read by a key that may only read.

Times have whole seconds, and page numbers shift while orders change. So a page is always the first one after a time:
what changes meanwhile moves behind us, and nothing moves out of sight.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.gateways.feed_http import Answer, Params, ShopHttp, dumped
from core.clock import utc
from core.errors import Invalid
from orders.feeds import FeedMalformed, Fetched
from orders.sources import woocommerce
from orders.sources.reading import identifier, objects, when

PAGE = 100  # the most that the API gives
_ORDERS = "/wp-json/wc/v3/orders"
_SECOND = timedelta(seconds=1)


class WooCommerceFeed:
    """`address` is the shop's home page; credentials: consumer_key and consumer_secret (sent as Basic over TLS)."""

    def __init__(self, address: str, credentials: Mapping[str, str], *, page: int = PAGE) -> None:
        self._http = ShopHttp(address, {}, auth=(credentials["consumer_key"], credentials["consumer_secret"]))
        self._page = page

    async def changed(self, since: datetime, until: datetime) -> AsyncIterator[Fetched]:
        """See OrderFeed. The last second of a page may be cut, so the next page begins with it."""
        after, told = _whole(since) - _SECOND, set[tuple[str, datetime]]()
        while True:
            found, pages = await self._list(after, _whole(until) + _SECOND, ("orderby", "modified"))
            last = max((order.updated_at for order in found), default=after)
            for order in found:
                if (order.source_id, order.updated_at) not in told:
                    yield order
            told = {(order.source_id, order.updated_at) for order in found if order.updated_at == last}
            if pages <= 1:
                return
            if last - _SECOND > after:
                after = last - _SECOND
            else:
                async for order in self._second(after + _SECOND):
                    if (order.source_id, order.updated_at) not in told:
                        yield order
                after = after + _SECOND

    async def order(self, source_id: str) -> Fetched | None:
        """See OrderFeed. An order in the bin is still known, with the status `trash`."""
        answer = await self._http.get(f"{_ORDERS}/{identifier(source_id)}")
        return None if answer is None else _fetched(answer.data, answer)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _second(self, at: datetime) -> AsyncIterator[Fetched]:
        """Orders of one past second that fills more than a page. Orders can only leave it, and those behind them move
        forward: from the last page to the first one, nobody moves to where we have been."""
        by_id = ("orderby", "id")
        _, pages = await self._list(at - _SECOND, at + _SECOND, by_id)
        for page in range(pages, 0, -1):
            found, _ = await self._list(at - _SECOND, at + _SECOND, by_id, page)
            for order in found:
                yield order

    async def _list(
        self, after: datetime, before: datetime, by: tuple[str, str], page: int = 1
    ) -> tuple[list[Fetched], int]:
        """One page of the orders changed between the two times, both excluded; and how many pages there are."""
        params: Params = (
            ("modified_after", _written(after)),
            ("modified_before", _written(before)),
            ("dates_are_gmt", "true"),
            by,
            ("order", "asc"),
            ("per_page", str(self._page)),
            ("page", str(page)),
        )
        answer = await self._http.get(_ORDERS, params)
        if answer is None or not isinstance(answer.data, list):
            raise FeedMalformed("there is no WooCommerce REST API at this address", code="feed_answer")
        rows, pages = objects(answer.data), answer.headers.get("x-wp-totalpages", "")
        counted = int(pages) if pages.isdecimal() else page + (len(rows) >= self._page)
        return [_fetched(row, answer) for row in rows], counted


def _fetched(row: Any, answer: Answer) -> Fetched:
    try:
        updated_at = when(row.get("date_modified_gmt"), "UTC") or when(row.get("date_created_gmt"), "UTC")
        source_id = identifier(row.get("id"))
    except (Invalid, AttributeError) as error:
        raise FeedMalformed("an order without an id or a readable time", code="feed_order") from error
    if updated_at is None:
        raise FeedMalformed("an order without the time of its change", code="feed_order")
    return Fetched(
        source=woocommerce.NAME,
        source_id=source_id,
        topic="",
        body=dumped(row),
        updated_at=updated_at,
        as_of=answer.as_of,
    )


def _whole(at: datetime) -> datetime:
    return utc(at).replace(microsecond=0)


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")
