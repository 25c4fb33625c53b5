"""The door of the desk: signing in and out, and the language and theme a person prefers."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.auth.logins import log_in
from app.auth.sessions import agent_of, clear_cookie, client_address, end_session, session_of, set_cookie, start_session
from app.guards import own_path
from app.i18n import LANGUAGES, gettext, request_language
from app.rendering import error_page, render, wants_html
from app.web.forms import fields
from core.errors import TooMany, Unauthenticated
from core.people import Agent

LOGIN, HOME = "/console/login", "/console"
THEMES = ("auto", "light", "dark")
_YEAR = 365 * 24 * 3600


async def login_page(request: Request) -> Response:
    """GET: the form, or the desk for whoever is signed in already."""
    wish = own_path(request.query_params.get("next"), HOME)
    if await agent_of(request) is not None:
        return _see_other(wish)
    return _form(request, wish)


async def login(request: Request) -> Response:
    """POST: sign in. Each login is a new session; the one the browser came with ends."""
    form = await fields(request)
    wish, email = own_path(form.get("next"), HOME), form.get("email", "")
    try:
        agent = await log_in(
            request.app.state.limiter, email, form.get("password", ""), address=client_address(request)
        )
    except (Unauthenticated, TooMany) as error:
        return _refusal(request, wish, email, error)
    if (previous := await session_of(request)) is not None:
        await end_session(previous)
    token = await start_session(agent, ip=client_address(request), user_agent=request.headers.get("user-agent", ""))
    response = _see_other(wish)
    set_cookie(request, response, token)
    return response


async def logout(request: Request) -> Response:
    """POST: end the session everywhere it is open."""
    if (session := await session_of(request)) is not None:
        await end_session(session)
    response = _see_other(LOGIN)
    clear_cookie(request, response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


async def preferences(request: Request) -> Response:
    """POST: change language or theme; for a guest the browser keeps the language."""
    form = await fields(request)
    response = _see_other(own_path(form.get("next"), HOME))
    changes = {}
    if (language := form.get("language")) in LANGUAGES:
        changes["language"] = language
        secure = request.app.state.settings.secure
        response.set_cookie("wismo_language", language, max_age=_YEAR, secure=secure, httponly=True, samesite="lax")
    if (theme := form.get("theme")) in THEMES:
        changes["theme"] = theme
    agent = await agent_of(request)
    if agent is not None and changes:
        await Agent.filter(id=agent.id).update(**changes)
    return response


def _see_other(path: str) -> Response:
    return RedirectResponse(path, status_code=303)


def _refusal(request: Request, wish: str, email: str, error: Unauthenticated | TooMany) -> Response:
    if not wants_html(request):
        return error_page(error, request)
    language = request_language(request)
    if isinstance(error, TooMany):
        minutes = -(-int(str(error.data["retry_after"])) // 60)
        text = gettext("Too many tries. Please wait %(minutes)s minutes.", language) % {"minutes": minutes}
        return _form(request, wish, email, text, 429, {"Retry-After": str(error.data["retry_after"])})
    return _form(request, wish, email, gettext("Wrong email or password.", language), 401)


def _form(
    request: Request,
    wish: str,
    email: str = "",
    error: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    context = {"next": wish if wish != HOME else "", "email": email, "error": error}
    return render(request, "console/login.html", context, status, headers)


routes = [
    Route(LOGIN, login_page, methods=["GET"]),
    Route(LOGIN, login, methods=["POST"]),
    Route("/console/logout", logout, methods=["POST"]),
    Route("/console/preferences", preferences, methods=["POST"]),
]
