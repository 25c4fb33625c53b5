"""A desk to knock at: the console's doors over real HTTP requests, and browsers of the people who work there."""

import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from tortoise.context import TortoiseContext

from app.auth import passwords
from app.auth.csrf import CsrfMiddleware
from app.auth.sessions import agent_of
from app.database import DatabaseMiddleware
from app.guards import SafeHeaders
from app.limits import Limiter
from app.rendering import STATIC, error_page, make_templates
from app.settings import Settings
from app.web import login
from core.errors import NotFound, WismoError
from core.people import Agent
from tests.people import World, make_world

PASSWORD = "correct horse battery"
BASE = "http://desk.test"


class Browser:
    """What a person's browser does: keeps cookies, says where requests come from, sends the forms' hidden fields."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.page = ""

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        answer = await self.client.get(path, headers={"sec-fetch-site": "none"} | headers)
        if "text/html" in answer.headers.get("content-type", ""):
            self.page = answer.text
        return answer

    async def post(self, path: str, headers: dict[str, str] | None = None, **fields: Any) -> httpx2.Response:
        token = {"form_token": self.form_token} if self.form_token else {}
        answer = await self.client.post(
            path, data=token | fields, headers={"sec-fetch-site": "same-origin"} | (headers or {})
        )
        if "text/html" in answer.headers.get("content-type", ""):
            self.page = answer.text
        return answer

    async def sign_in(self, agent: Agent, password: str = PASSWORD) -> httpx2.Response:
        answer = await self.post("/console/login", email=agent.email, password=password)
        await self.get("/console/whoami")
        return answer

    @property
    def form_token(self) -> str:
        found = re.search(r'name="form_token" value="([^"]+)"', self.page)
        return html.unescape(found[1]) if found else ""


async def whoami(request: Request) -> Response:
    """A page of the tests' own: who is signed in, and the hidden field that every form has."""
    agent = await agent_of(request)
    token = f'<input name="form_token" value="{request.state.form_token}">' if agent else ""
    return Response(f"{agent.name if agent else 'nobody'}{token}", media_type="text/html")


async def refuse(request: Request, error: Exception) -> Response:
    return error_page(error if isinstance(error, WismoError) else NotFound(), request)


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real hashes cost 0.2 s each on purpose."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", hasher)
    monkeypatch.setattr(passwords, "_NOBODY", hasher.hash("nobody's"))


@pytest.fixture
def desk(database: TortoiseContext, tmp_path: Path) -> Starlette:
    """The doors without what runs beside them: no jobs, no mail, no sockets to the outside."""
    app = Starlette(
        routes=[*login.routes, Route("/console/whoami", whoami), Mount("/static", StaticFiles(directory=STATIC))],
        max_body_size=1 << 20,
        middleware=[Middleware(SafeHeaders, secure=False), Middleware(DatabaseMiddleware), Middleware(CsrfMiddleware)],
        exception_handlers={WismoError: refuse, HTTPException: refuse},
    )
    app.state.settings = Settings(data_dir=tmp_path, base_url=BASE)
    app.state.database = database
    app.state.templates = make_templates()
    app.state.limiter = Limiter()
    app.state.demo = False
    return app


@pytest.fixture
async def world(database: TortoiseContext) -> World:
    """The named world, in which everybody knows their password."""
    world = await make_world()
    await Agent.all().update(password_hash=passwords._hasher.hash(PASSWORD))
    return world


@pytest.fixture
async def open_browser(desk: Starlette) -> AsyncIterator[Callable[..., Awaitable[Browser]]]:
    """Open browsers; each has its own cookies. With an agent they are signed in."""
    async with AsyncExitStack() as stack:

        async def open_one(agent: Agent | None = None, *, address: str = "192.0.2.1", language: str = "en") -> Browser:
            transport = httpx2.ASGITransport(app=desk, client=(address, 40000), raise_app_exceptions=False)
            headers = {"accept": "text/html", "accept-language": language}
            client = httpx2.AsyncClient(transport=transport, base_url=BASE, headers=headers)
            browser = Browser(await stack.enter_async_context(client))
            if agent is not None:
                await browser.sign_in(agent)
            return browser

        yield open_one
