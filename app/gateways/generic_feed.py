"""Our own feed of orders, which any shop can offer beside its order API (docs/connect/generic.md, "Polling")."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from app.gateways.feed_http import Answer, Params, ShopHttp, dumped
from core.clock import utc
from core.errors import Invalid
from orders.feeds import FeedMalformed, Fetched
from orders.sources import generic
from orders.sources.reading import mapping, text, when

PAGE = 100


class GenericFeed:
    """`address` is that of the list; credentials: token (sent as Bearer)."""

    def __init__(self, address: str, credentials: Mapping[str, str], *, page: int = PAGE) -> None:
        self._http = ShopHttp(address, {"authorization": f"Bearer {credentials['token']}"})
        self._page = page

    async def changed(self, since: datetime, until: datetime) -> AsyncIterator[Fetched]:
        """See OrderFeed. Raises FeedMalformed(feed_loops) when a page leads back to one that was read."""
        cursor, read = "", {""}
        while True:
            params: Params = (
                ("updated_since", utc(since).isoformat().replace("+00:00", "Z")),
                ("limit", str(self._page)),
                *([("cursor", cursor)] if cursor else []),
            )
            answer = await self._http.get("", params)
            if answer is None or not isinstance(mapping(answer.data).get("orders"), list):
                raise FeedMalformed("there is no list of orders at this address", code="feed_answer")
            found = [_fetched(row, answer) for row in answer.data["orders"]]
            for order in found:
                if order.updated_at <= until:
                    yield order
            cursor = text(answer.data.get("next"))
            if not cursor or (found and found[-1].updated_at > until):
                return
            if cursor in read:
                raise FeedMalformed("a page of the feed leads back to one before", code="feed_loops")
            read.add(cursor)

    async def order(self, source_id: str) -> Fetched | None:
        """See OrderFeed."""
        answer = await self._http.get(f"/{quote(source_id, safe='')}")
        return None if answer is None else _fetched(answer.data, answer)

    async def aclose(self) -> None:
        await self._http.aclose()


def _fetched(row: Any, answer: Answer) -> Fetched:
    try:
        source_id, updated_at = text(row.get("id")), when(row.get("updated_at"), "UTC")
    except (Invalid, AttributeError) as error:
        raise FeedMalformed("an order without an id or a readable updated_at", code="feed_order") from error
    if not source_id or updated_at is None:
        raise FeedMalformed("an order without an id or updated_at", code="feed_order")
    return Fetched(
        source=generic.NAME,
        source_id=source_id,
        topic=generic.TOPIC,
        body=dumped(row),
        updated_at=updated_at,
        as_of=answer.as_of,
    )
