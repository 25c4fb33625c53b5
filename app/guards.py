"""Pure-ASGI layers around every request: an id for the logs, headers that keep browsers safe, a language."""

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import suppress
from posixpath import normpath
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import TooLarge
from core.ids import new_id

log = structlog.get_logger("wismo.http")

requests_total = Counter(
    "wismo_http_requests_total", "Requests answered, by method and status class", ["method", "status"]
)
request_seconds = Histogram("wismo_http_request_seconds", "Time to the first byte of the answer")

PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_UPLOAD = re.compile(r"/console/conversations/[^/]+/files")
WAITING = ("/chat/poll", "/console/poll")  # how long these take says nothing about the desk
LARGEST_DRAINED, DRAIN_SECONDS = 4, 2.0  # times the limit; what is longer, or slow, is cut off
QUIET = ("/livez", "/readyz", "/metrics", "/static/", *WAITING)


class RequestLog:
    """One log line a request, with an id that the answer carries too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, started, status = new_id("req"), time.perf_counter(), 500
        structlog.contextvars.bind_contextvars(request=request_id)

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
                if scope["path"] not in WAITING:
                    request_seconds.observe(time.perf_counter() - started)
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        finally:
            requests_total.labels(scope["method"], f"{status // 100}xx").inc()
            if not scope["path"].startswith(QUIET):
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                log.info("request", method=scope["method"], path=scope["path"], status=status, ms=milliseconds)
            structlog.contextvars.unbind_contextvars("request")


class PlainAddresses:
    """Puts U+FFFD where an address has a NUL, before anybody reads it: PostgreSQL refuses to look for a NUL, so that a
    door would stumble where there is simply nothing of that name."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            query = scope["query_string"].replace(b"%00", b"%EF%BF%BD")
            scope = {**scope, "path": scope["path"].replace("\0", "\ufffd"), "query_string": query}
        await self.app(scope, receive, send)


class SafeHeaders:
    """Headers for every answer that does not set its own."""

    def __init__(self, app: ASGIApp, secure: bool) -> None:
        self.app = app
        defaults = {
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=()",
            "cache-control": "no-store",
            "content-security-policy": PAGE_POLICY,
        }
        if secure:
            defaults["strict-transport-security"] = "max-age=31536000"
        self.defaults = [(name.encode(), value.encode()) for name, value in defaults.items()]  # as ASGI wants them

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                names = {name.lower() for name, _ in own}
                message["headers"] = own + [pair for pair in self.defaults if pair[0] not in names]
            await send(message)

        await self.app(scope, receive, send_safely)


class BodyLimit:
    """Refuses what is longer than `limit` bytes with TooLarge, before or while somebody reads it; files may have
    `files` bytes where the door writes them to the disk as they come, and mails `mails`."""

    def __init__(self, app: ASGIApp, limit: int, files: int = 0, mails: int = 0) -> None:
        self.app, self.limit, self.files, self.mails = app, limit, files, mails

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit, taken = self._limit_of(scope["path"], headers), 0
        announced = _announced(headers)
        if announced > limit:
            if announced <= LARGEST_DRAINED * limit:
                await _drain(receive)
            raise _too_large(limit)

        async def receive_counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _too_large(limit)
            return message

        await self.app(scope, receive_counting, send)

    def _limit_of(self, path: str, headers: Headers) -> int:
        """Without its token in a header, an agent's form would be read into memory to look for it."""
        if path.startswith("/hooks/mail/"):
            return max(self.limit, self.mails)
        streamed = path == "/chat/files" or (_UPLOAD.fullmatch(path) and "x-form-token" in headers)
        return max(self.limit, self.files) if streamed else self.limit


def _announced(headers: Headers) -> int:
    length = headers.get("content-length", "")
    return int(length[:20]) if length.isascii() and length.isdigit() else 0


async def _drain(receive: Receive) -> None:
    """Let a body pass that is not much too long: closing on its sender resets the line, and a proxy says 502."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while (await receive()).get("more_body"):
                continue


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"a body has at most {limit} bytes", limit=limit)


class KeptStatic:
    """Static files may be kept for ever if they were asked for by the `address` that names their content.

    While processes are exchanged, one of the old version may be asked for a file by its new address: what it answers
    must not be kept under that.
    """

    def __init__(self, app: ASGIApp, address: Callable[[str], str]) -> None:
        self.app, self.address = app, address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = f"{scope['path']}?{scope.get('query_string', b'').decode('latin-1')}"

        async def send_kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = message["status"] == 200 and asked == self._own(scope["path"])
                policy = "public, max-age=31536000, immutable" if kept else "no-cache"
                MutableHeaders(scope=message)["Cache-Control"] = policy
            await send(message)

        await self.app(scope, receive, send_kept)

    def _own(self, path: str) -> str:
        """The address of a file that exists; none for other spellings of its path, so that nobody fills the memory."""
        return self.address(path.removeprefix("/static/")) if path == normpath(path) else ""


def own_path(target: str | None, otherwise: str) -> str:
    """`target` if it is a path of this site, else `otherwise`: no open redirects by `//`, `\\` or a scheme."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return otherwise
    parts = urlsplit(target)
    clean = all(character.isprintable() for character in target)
    return target if not parts.scheme and not parts.netloc and clean else otherwise
