"""Shopify's orders over the GraphQL Admin API, oldest change first, each with all of its parts.

A page's cursor names its last order by time and id, so orders that change meanwhile move behind us; none is left
out.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import structlog

from app.gateways.feed_http import dumped
from app.gateways.shopify_api import Denied, Pause, ShopifyApi, TooDear
from app.gateways.shopify_query import LISTED, OPTIONAL, ORDER, ORDERS, PAGED, VERSION, all_of, more, one_of
from core.clock import utc
from core.errors import Invalid
from orders.facts import stamp
from orders.feeds import FeedMalformed, Fetched
from orders.sources import shopify, shopify_graphql
from orders.sources.reading import identifier, mapping, objects, text, when

log = structlog.get_logger(__name__)

PAGE = 4  # orders at once: about 950 of the 1000 points that one question may cost
_MOST_PAGES = 100  # of one connection of one order

Json = dict[str, Any]


class ShopifyFeed:
    """`address` is the shop's `https://….myshopify.com`; credentials: client_id and client_secret, or access_token."""

    def __init__(
        self, address: str, credentials: Mapping[str, str], *, page: int = PAGE, pause: Pause = asyncio.sleep
    ) -> None:
        self._api = ShopifyApi(address, credentials, VERSION, pause=pause)
        self._page = page
        self._allowed = dict.fromkeys(OPTIONAL, True)

    async def changed(self, since: datetime, until: datetime) -> AsyncIterator[Fetched]:
        """See OrderFeed. Raises FeedMalformed(feed_loops) when a page leads back to one that was read."""
        search = f"updated_at:>='{_written(since)}' AND updated_at:<='{_written(until)}'"
        after, read = None, set[str]()
        while True:
            data, as_of = await self._ask(ORDERS, {"query": search, "after": after, **LISTED}, paged=True)
            found, after = _page_of(data.get("orders"))
            for node in found:
                yield _fetched(await self._whole(node), as_of)
            if after is None:
                return
            if after in read:
                raise FeedMalformed("a page of orders leads back to one before", code="feed_loops")
            read.add(after)

    async def order(self, source_id: str) -> Fetched | None:
        """See OrderFeed."""
        name = f"gid://shopify/Order/{identifier(source_id)}"
        data, as_of = await self._ask(ORDER, {"id": name, **LISTED})
        node = mapping(data.get("order"))
        return _fetched(await self._whole(node), as_of) if node else None

    async def aclose(self) -> None:
        await self._api.aclose()

    async def _ask(self, query: str, variables: Json, *, paged: bool = False) -> tuple[Json, datetime]:
        """Ask for what the token may read, and for fewer orders at once when that costs too much."""
        while True:
            sized = {"first": self._page} if paged else {}
            try:
                return await self._api.ask(query, variables | self._allowed | sized)
            except Denied as refused:
                flags = _flags(refused)
                if not any(self._allowed[flag] for flag in flags):
                    raise
                log.warning("shopify_scope_missing", fields=sorted(flags))
                self._allowed |= dict.fromkeys(flags, False)
            except TooDear:
                if not paged or self._page == 1:
                    raise
                self._page //= 2

    async def _whole(self, node: Json) -> Json:
        """The order with every part: lists that are full may have been cut, pages are followed to their end."""
        for name, size in LISTED.items():
            if len(objects(node.get(name))) >= size:
                node[name] = await self._all(node, name)
        await self._follow("Order", node)
        for kind, name in (("Fulfillment", "fulfillments"), ("Refund", "refunds")):
            for part in objects(node.get(name)):
                await self._follow(kind, part)
        return node

    async def _all(self, node: Json, name: str) -> list[Json]:
        data, _ = await self._api.ask(all_of(name), {"id": node.get("id")})
        parts = {text(part.get("id")): part for part in objects(node.get(name))}
        for listed in objects(mapping(data.get("order")).get(name)):
            if text(listed.get("id")) not in parts:
                told, _ = await self._api.ask(one_of(name), {"id": listed.get("id")})
                parts |= {text(listed.get("id")): part for part in objects([told.get("node")])}
        return list(parts.values())

    async def _follow(self, kind: str, part: Json) -> None:
        for name in PAGED[kind]:
            if part.get(name) is None:
                continue
            found, after = _page_of(part[name])
            for _ in range(_MOST_PAGES):
                if after is None:
                    break
                data, _as_of = await self._api.ask(more(kind, name), {"id": part.get("id"), "after": after})
                others, after = _page_of(mapping(data.get("node")).get(name))
                found += others
            else:
                raise FeedMalformed(f"the {name} of an order never end", code="feed_loops")
            part[name] = {"nodes": found}


def _flags(refused: Denied) -> set[str]:
    """What can be left out of the question so that the answer is allowed; nothing when that would not do."""
    of_each = [{flag for flag, names in OPTIONAL.items() if path & set(names)} for path in refused.paths]
    return set().union(*of_each) if all(of_each) else set()


def _page_of(connection: Any) -> tuple[list[Json], str | None]:
    """The objects of a page and the cursor of the next one."""
    page = mapping(connection)
    if not isinstance(page.get("nodes"), list):
        raise FeedMalformed("a page of the shop's answer holds no list", code="feed_answer")
    info = mapping(page.get("pageInfo"))
    cursor = text(info.get("endCursor"))
    if info.get("hasNextPage") is True and not cursor:
        raise FeedMalformed("a page of the shop's answer does not say where the next one begins", code="feed_answer")
    return objects(page["nodes"]), cursor if info.get("hasNextPage") is True else None


def _fetched(node: Json, as_of: datetime) -> Fetched:
    try:
        source_id = identifier(node.get("legacyResourceId") or node.get("id"))
        updated_at = when(node.get("updatedAt"), "UTC")
    except Invalid as error:
        raise FeedMalformed("an order without an id or a readable time", code="feed_order") from error
    if updated_at is None:
        raise FeedMalformed("an order without the time of its change", code="feed_order")
    return Fetched(
        source=shopify.NAME,
        source_id=source_id,
        topic=shopify_graphql.TOPIC,
        body=dumped(node),
        updated_at=updated_at,
        as_of=as_of,
        headers={"x-shopify-fetched-at": stamp(as_of).replace("+00:00", "Z")},
    )


def _written(at: datetime) -> str:
    return utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")
