"""Pages and problems: one Jinja environment, one way to answer with HTML or with an error."""

import hashlib
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from app.i18n import clock_time, day, gettext, ngettext, request_language, when
from core.errors import WismoError
from core.money import format_money

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "static"
KEPT_FRAGMENTS = 4096  # about 2 kB each


@cache
def make_templates() -> Environment:
    """The template environment of this process: everything is escaped, an unknown name is an error."""
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        auto_reload=False,  # or each page asks the disk whether its templates have changed
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = asset
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
    return environment


def wording(environment: Environment, language: str) -> dict[str, Any]:
    """The names every template has in `language`."""

    def worded(message: str, **values: Any) -> str:
        text = gettext(message, language)
        return text % values if values else text

    return {
        "language": language,
        "kept": partial(_kept, environment, language),
        "_": worded,
        "gettext": worded,
        "ngettext": lambda one, many, count, **values: ngettext(one, many, count, language) % {"num": count, **values},
        "format_money": lambda money: format_money(money, language),
        "format_time": lambda moment, timezone="UTC": when(moment, timezone, language),
        "format_day": lambda moment, timezone="UTC": day(moment, timezone, language),
        "format_clock": lambda moment, timezone="UTC": clock_time(moment, timezone, language),
    }


def render(
    request: HTTPConnection,
    name: str,
    context: dict[str, Any] | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> HTMLResponse:
    """Answer with the page `name` in the person's language."""
    return HTMLResponse(render_text(request, name, context), status_code=status, headers=headers)


def render_text(request: HTTPConnection, name: str, context: dict[str, Any] | None = None) -> str:
    """The HTML of the page or fragment `name` in the person's language."""
    environment: Environment = request.app.state.templates
    names = wording(environment, request_language(request)) | {
        "request": request,
        "path": request.url.path,
        "agent": getattr(request.state, "agent", None),
        "csrf_token": getattr(request.state, "form_token", ""),
    }
    return environment.get_template(name).render(names | (context or {}))


@lru_cache(maxsize=KEPT_FRAGMENTS)
def _kept(environment: Environment, language: str, name: str, /, **values: Any) -> Markup:
    """The fragment `name`, which depends on its values and the language alone. They are hashable."""
    text = environment.get_template(name).render(wording(environment, language) | values)
    return Markup(text)  # noqa: S704 (escaped by the template)


@cache
def asset(path: str) -> str:
    """The address of a static file with its content in it, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"


def problem(error: WismoError, request: Request) -> Response:
    """An RFC 9457 problem document; `code` is stable, `title` is in the caller's language."""
    body = {
        "type": "about:blank",
        "title": gettext(TITLES.get(error.status, TITLES[500]), request_language(request)),
        "status": error.status,
        "code": error.code,
        "detail": error.detail if error.status < 500 else "",
        "instance": request.url.path,
    }
    if error.data:
        body["data"] = error.data
    return JSONResponse(
        body, status_code=error.status, media_type="application/problem+json", headers=_when_again(error)
    )


def wants_html(request: Request) -> bool:
    """Whether a person's browser asks for a page, rather than a program for data."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(("/api/", "/webhooks/"))


def error_page(error: WismoError, request: Request) -> Response:
    """The error as a page for people or as a problem document for programs."""
    if not wants_html(request):
        return problem(error, request)
    title = TITLES.get(error.status, TITLES[500])
    return render(
        request,
        "error.html",
        {"status": error.status, "title": gettext(title, request_language(request)), "code": error.code},
        status=error.status,
        headers=_when_again(error),
    )


def _when_again(error: WismoError) -> dict[str, str] | None:
    if error.status == 413:  # nobody waits for the rest
        return {"Connection": "close"}
    return {"Retry-After": str(error.data["retry_after"])} if "retry_after" in error.data else None


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


TITLES = {
    400: _("That could not be read"),
    401: _("Please sign in"),
    403: _("You can’t do that"),
    404: _("Nothing here"),
    405: _("That’s not possible here"),
    409: _("Something changed in the meantime"),
    413: _("That’s too large"),
    422: _("Something is missing or wrong"),
    429: _("Too many tries. Please wait a moment"),
    500: _("Something went wrong on our side"),
    503: _("Wismo is starting or busy. Please try again in a moment"),
}
