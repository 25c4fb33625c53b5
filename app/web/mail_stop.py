"""The page behind "no automatic messages": looking changes nothing, because mail programs look, too."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import LANGUAGES
from app.mail.stopping import Wish, go_on, stop, wish_of
from app.rendering import render
from app.web.forms import fields

PATH = "/mail/stop/{mail}/{signature}"


async def page(request: Request) -> Response:
    """GET: what it is about, and a button."""
    return render(request, "mail_stop.html", _shown(await _wish(request), request))


async def settle(request: Request) -> Response:
    """POST: stop (one click in a mail program, RFC 8058, or the button), or with `do=again` go on. May be repeated."""
    wish, form = await _wish(request), await fields(request)
    await (go_on(wish) if form.get("do") == "again" else stop(wish))
    return render(request, "mail_stop.html", _shown(await _wish(request), request))


def _shown(wish: Wish, request: Request) -> dict[str, Any]:
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        request.state.language = chosen
    return {"shop": wish.shop, "stopped": wish.stopped}


async def _wish(request: Request) -> Wish:
    path = request.path_params
    return await wish_of(request.app.state.settings.secret, path["mail"], path["signature"])


routes = [Route(PATH, page, methods=["GET"], name="mail_stop"), Route(PATH, settle, methods=["POST"])]
