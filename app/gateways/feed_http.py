"""HTTP towards a shop: short answers, few tries, no redirects, nothing secret outside of headers and errors."""

import asyncio
import json
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from ipaddress import ip_address
from typing import Any

import httpx2

from core.clock import now
from core.errors import Invalid
from core.jobs import backoff
from orders.feeds import FeedMalformed, FeedRefused, FeedUnavailable

LARGEST = 32 << 20  # bytes of one answer, unpacked
LONGEST = 60.0  # seconds for one answer as a whole
TRIES = 3
PATIENCE = 5.0  # seconds that a shop may ask us to wait within a run; for longer we come back
_TIMEOUTS = httpx2.Timeout(20.0, connect=10.0)
_WAIT = frozenset({408, 425, 429})
_REFUSED = frozenset({401, 402, 403})  # Shopify answers 402 for a shop that is frozen
_NOT_THERE = frozenset({404, 410})

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a shop answered: the JSON (fractions as text, as no amount goes through a float), headers, its own time."""

    data: Any
    headers: Mapping[str, str]
    as_of: datetime


class ShopHttp:
    """A client for one shop. `headers` hold the credentials and go to `address` and nowhere else."""

    def __init__(self, address: str, headers: Mapping[str, str], *, auth: tuple[str, str] | None = None) -> None:
        self.address = checked_address(address)
        self._client = httpx2.AsyncClient(
            headers={"accept": "application/json", "user-agent": "wismo", **headers},
            auth=auth,
            timeout=_TIMEOUTS,
            follow_redirects=False,
            trust_env=False,
            verify=certificates(),
        )

    async def get(self, path: str, params: Params = ()) -> Answer | None:
        """GET; None when there is no such thing. Raises FeedUnavailable, FeedRefused, FeedMalformed."""
        return await self._ask("GET", path, params=params)

    async def post(self, path: str, document: Any) -> Answer | None:
        """POST a question as JSON (it must change nothing, as it may be repeated); otherwise like `get`."""
        return await self._ask("POST", path, document=document)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _ask(self, method: str, path: str, *, params: Params = (), document: Any = None) -> Answer | None:
        request = self._client.build_request(method, self.address + path, params=list(params) or None, json=document)
        for attempt in range(1, TRIES + 1):
            try:
                return await self._once(request)
            except FeedUnavailable as trouble:
                asked = trouble.data.get("retry_after")
                pause = float(asked) if isinstance(asked, int | float) else pause_before(attempt)
                if attempt == TRIES or pause > PATIENCE:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError  # the last try returns or raises

    async def _once(self, request: httpx2.Request) -> Answer | None:
        try:
            async with asyncio.timeout(LONGEST):
                response = await self._client.send(request, stream=True)
                try:
                    body = await _body(response) if response.status_code not in _NOT_THERE else b""
                finally:
                    await response.aclose()
        except (TimeoutError, httpx2.TransportError) as error:
            raise FeedUnavailable(f"the shop does not answer ({type(error).__name__})") from error
        except httpx2.DecodingError as error:
            raise FeedMalformed("the shop's answer is packed in a way that cannot be unpacked") from error
        return _answer(response, body)


def checked_address(address: str) -> str:
    """A base URL without a slash at its end. Raises Invalid(bad_address): https is required, but not on loopback."""
    with suppress(httpx2.InvalidURL):
        url = httpx2.URL(address.strip())
        plain = url.scheme == "http" and _is_loopback(url.host)
        if url.host and (url.scheme == "https" or plain) and not (url.userinfo or url.query or url.fragment):
            return str(url).rstrip("/")
    raise Invalid("an address begins with https:// and holds no password and no question mark", code="bad_address")


def pause_before(attempt: int) -> float:
    """Seconds to the next try after `attempt` tries, when the shop names none."""
    return backoff(attempt).total_seconds() / 4


def dumped(document: Any) -> bytes:
    """One order out of a page as bytes, the same for the same order."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")


@cache
def certificates() -> ssl.SSLContext:
    """Reading the system's certificates takes longer than most questions."""
    return httpx2.create_ssl_context(trust_env=False)


def seconds_asked(value: str) -> float | None:
    """Seconds from a number or from a date (RFC 9110 §10.2.3)."""
    with suppress(ValueError):
        return min(max(float(value), 0.0), 86_400.0)
    at = _time(value)
    return None if at is None else min(max((at - now()).total_seconds(), 0.0), 86_400.0)


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host.strip("[]")).is_loopback
    return host == "localhost"


async def _body(response: httpx2.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > LARGEST:
            raise FeedMalformed("the shop's answer is too large", code="feed_too_large")
        parts.append(part)
    return b"".join(parts)


def _answer(response: httpx2.Response, body: bytes) -> Answer | None:
    status = response.status_code
    if status in _WAIT or status >= httpx2.codes.INTERNAL_SERVER_ERROR:
        wait = seconds_asked(response.headers.get("retry-after", ""))
        raise FeedUnavailable(f"the shop answered {status}", retry_after=wait)
    if status in _REFUSED:
        raise FeedRefused(f"the shop refuses the credentials ({status})")
    if status in _NOT_THERE:
        return None
    if status != httpx2.codes.OK:
        raise FeedMalformed(f"the shop answered {status}: is the address right?", code="feed_answer")
    try:
        data = json.loads(body, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise FeedMalformed("the shop's answer is not JSON: is the address right?", code="feed_answer") from error
    return Answer(data, response.headers, _time(response.headers.get("date", "")) or now())


def _time(value: str) -> datetime | None:
    with suppress(ValueError, TypeError):
        return parsedate_to_datetime(value).astimezone(UTC)
    return None
