"""Shopify's GraphQL Admin API over HTTP: its errors in three kinds, and its patience, which is counted in points.

A question costs points; the shop's bucket of them fills up at `restoreRate` a second (shopify.dev, "API limits").
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.gateways.feed_http import Answer, ShopHttp, checked_address
from app.gateways.shopify_token import fresh_token
from core.text import clean
from orders.feeds import FeedMalformed, FeedRefused, FeedUnavailable
from orders.sources.reading import mapping, objects, text

TRIES = 6  # throttled answers in a row
LONGEST_WAIT = 30.0  # seconds; whoever asks for more is asked again by the next run
_PASSING = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})

Pause = Callable[[float], Awaitable[None]]


class TooDear(FeedMalformed):
    """One question costs more than the shop allows: ask for less at once."""

    code = "feed_too_dear"


class Denied(FeedRefused):
    """The token may not read some fields; `paths` are the names that lead to each of them."""

    def __init__(self, detail: str, paths: Sequence[frozenset[str]]) -> None:
        super().__init__(detail)
        self.paths = paths


class ShopifyApi:
    """`address` is the shop's `https://….myshopify.com`; credentials: client_id and client_secret, or access_token."""

    def __init__(
        self, address: str, credentials: Mapping[str, str], version: str, *, pause: Pause = asyncio.sleep
    ) -> None:
        self._address = checked_address(address)
        self._credentials = dict(credentials)
        self._http: ShopHttp | None = None
        self._path = f"/admin/api/{version}/graphql.json"
        self._pause = pause

    async def ask(self, query: str, variables: Mapping[str, Any]) -> tuple[dict[str, Any], datetime]:
        """The `data` of the answer, and the shop's time of it. Raises FeedUnavailable, FeedRefused (Denied),
        FeedMalformed (TooDear).
        """
        for _ in range(TRIES):
            answer = await self._post({"query": query, "variables": dict(variables)})
            if answer is None or not isinstance(answer.data, dict):
                raise FeedMalformed("there is no Shopify Admin API at this address", code="feed_answer")
            wait = _throttled(answer.data)
            if wait is None:
                return _data(answer.data), answer.as_of
            if wait > LONGEST_WAIT:
                break
            await self._pause(wait)
        raise FeedUnavailable("the shop asks for patience", retry_after=LONGEST_WAIT)

    async def aclose(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _post(self, document: Mapping[str, Any]) -> Answer | None:
        """A token of a day may have run out since it was given: it is asked for once more."""
        is_new = self._http is None
        try:
            return await (await self._client()).post(self._path, document)
        except FeedRefused:
            if is_new or "access_token" in self._credentials:
                raise
        await self.aclose()
        return await (await self._client()).post(self._path, document)

    async def _client(self) -> ShopHttp:
        if self._http is None:
            token = self._credentials.get("access_token") or await fresh_token(self._address, self._credentials)
            self._http = ShopHttp(self._address, {"x-shopify-access-token": token})
        return self._http


def _throttled(answer: Mapping[str, Any]) -> float | None:
    """Seconds until the bucket holds what the question costs; None when it was answered."""
    if "THROTTLED" not in _codes(answer):
        return None
    cost = mapping(mapping(answer.get("extensions")).get("cost"))
    bucket = mapping(cost.get("throttleStatus"))
    missing = _number(cost.get("requestedQueryCost")) - _number(bucket.get("currentlyAvailable"))
    return max(missing / (_number(bucket.get("restoreRate")) or 50.0), 1.0)


def _data(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Half an answer is none: what is missing in it would look like what is not there."""
    errors, codes = answer.get("errors"), _codes(answer)
    if errors:
        listed = objects(errors)
        said = clean(text(listed[0].get("message")) if listed else text(errors), limit=200)
        if "ACCESS_DENIED" in codes:
            raise Denied(f"the token may not read this: {said}", _paths(listed))
        if "MAX_COST_EXCEEDED" in codes:
            raise TooDear("a question costs more than the shop allows")
        if codes & _PASSING:
            raise FeedUnavailable("the shop could not finish its answer")
        raise FeedMalformed(f"the shop does not understand the question: {said}", code="feed_answer")
    data = answer.get("data")
    if not isinstance(data, dict):
        raise FeedMalformed("the shop's answer holds no data", code="feed_answer")
    return data


def _codes(answer: Mapping[str, Any]) -> set[str]:
    return {text(mapping(error.get("extensions")).get("code")) for error in objects(answer.get("errors"))}


def _paths(errors: list[dict[str, Any]]) -> list[frozenset[str]]:
    """An error without a path is about the question as a whole."""
    paths = [error.get("path") for error in errors]
    return [frozenset(map(text, path)) if isinstance(path, list) else frozenset() for path in paths]


def _number(value: Any) -> float:
    try:
        return max(float(text(value)), 0.0)
    except ValueError:
        return 0.0
