"""What an error looks like from outside: an answer for every failure, whoever asked and wherever it happened."""

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.database import database_busy
from app.rendering import error_page
from core.errors import Invalid, Malformed, NotFound, TooLarge, WismoError

log = structlog.get_logger(__name__)

_STARLETTES: dict[int, type[WismoError]] = {404: NotFound, 413: TooLarge}


class FaultPages:
    """Answers requests that failed. It stands inside of what sets headers, so that error pages have them, too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answered = False

        async def send_noting(message: Message) -> None:
            nonlocal answered
            answered = answered or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        except Exception as error:  # `understood` logs it
            if answered:
                raise
            request = Request(scope, receive)
            await error_page(understood(error, request.url.path), request)(scope, receive, send)


def understood(error: Exception, where: str) -> WismoError:
    """The error in our terms. What was nobody's intention is logged with its trace."""
    if isinstance(error, WismoError):
        if error.status >= 500:
            log.error("request_failed", path=where, code=error.code, detail=error.detail)
        return error
    if isinstance(error, ClientDisconnect):
        return Malformed("the sender left before the end", code="cut_short")  # nobody hears it, and it is no crash
    busy = database_busy(error)
    if busy is not None:
        log.error("database_busy", path=where, error=f"{type(error).__name__}: {error}")
        return busy
    log.error("request_crashed", path=where, exc_info=error)
    return WismoError()


async def refuse(request: Request, error: Exception) -> Response:
    """Starlette's own refusals in our clothes."""
    assert isinstance(error, HTTPException)
    own = _STARLETTES.get(error.status_code, Invalid)()
    if error.status_code not in _STARLETTES:
        own.status, own.code = error.status_code, f"http_{error.status_code}"
    answer = error_page(own, request)
    answer.headers.update(error.headers or {})  # which methods are allowed
    return answer
