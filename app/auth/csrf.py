"""Requests that change something must come from our own pages: checked for each, once, before any door.

Two locks. The browser says where a request comes from (`Sec-Fetch-Site`, or `Origin` where that is missing), which also
covers the login form. And whoever is logged in sends the session's form token, which no foreign page can read.
"""

import hmac

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.auth.sessions import session_of
from app.rendering import error_page
from core.errors import Forbidden, Malformed, WismoError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# These prove themselves by signature or token, never by cookie.
EXEMPT = ("/webhooks/", "/hooks/", "/api/", "/mail/stop/", "/livez", "/readyz")
GUARDED = "/console/"  # where the session's cookie is an authority
LOGIN = "/console/login"


class CsrfMiddleware:
    """Answers 403 to changing requests that are not ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or scope["path"].startswith(EXEMPT):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        if not comes_from_us(request):
            foreign = Forbidden("the request comes from another site", code="foreign_origin")
            await error_page(foreign, request)(scope, receive, send)
            return
        if scope["path"].startswith(GUARDED) and scope["path"] != LOGIN:
            receive = await _with_body_kept(request)
            if (error := await _wrong_with_form(request)) is not None:
                await error_page(error, request)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def comes_from_us(request: Request) -> bool:
    """Whether the browser says that one of our own pages (or the person's own typing) sent this."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    own = (f"{request.url.scheme}://{request.url.netloc}", request.app.state.settings.public_url)
    return origin is not None and origin in own


async def _wrong_with_form(request: Request) -> WismoError | None:
    try:
        fits = await _has_form_token(request)
    except HTTPException:  # Starlette's word for a form that cannot be read
        return Malformed("the form cannot be read", code="bad_form")
    return None if fits else Forbidden("the form is out of date", code="bad_form_token")


async def _has_form_token(request: Request) -> bool:
    session = await session_of(request)
    if session is None:
        return True  # the door asks for a login
    given: object = request.headers.get("x-form-token")
    if given is None:
        async with request.form() as form:
            given = form.get("form_token")
    return isinstance(given, str) and hmac.compare_digest(given.encode(), session.form_token.encode())


async def _with_body_kept(request: Request) -> Receive:
    """Read the body once and hand it to the door a second time; the server's limit bounds it."""
    if "x-form-token" in request.headers:
        return request.receive
    body, receive, told = await request.body(), request.receive, False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
