"""A desk to knock at: the console's doors over real HTTP requests, and browsers of the people who work there."""

import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from argon2 import PasswordHasher
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page
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
from app.guards import PlainAddresses, SafeHeaders
from app.limits import Limiter
from app.reactions import connect
from app.realtime import polling, socket
from app.realtime.hub import Hub
from app.rendering import STATIC, error_page, make_templates
from app.settings import Settings
from app.web import console, login
from conversations.models import Conversation, Message
from conversations.opening import open_conversation
from conversations.posting import post
from core.clock import now
from core.errors import NotFound, WismoError
from core.events import current_bus, use_bus
from core.people import BOT, Actor, Agent, Customer
from core.shops import Shop
from orders.models import Order, OrderLine, Shipment, TrackingEvent
from tests.browsing import wait_for_scripts
from tests.people import World, make_order, make_world
from tests.realtime.serving import serving
from tickets.models import Ticket
from tickets.opening import open_ticket

PASSWORD = "correct horse battery"
BASE = "http://desk.test"
OpenPage = Callable[..., Awaitable[Page]]


class Browser:
    """What a person's browser does: keeps cookies, says where requests come from, sends the forms' hidden fields."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client
        self.page = ""
        self.token = ""

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        answer = await self.client.get(path, headers={"sec-fetch-site": "none"} | headers)
        if "text/html" in answer.headers.get("content-type", ""):
            self.page = answer.text
        return answer

    async def post(self, path: str, /, headers: Any = None, **fields: Any) -> httpx2.Response:
        token = {"form_token": self.form_token} if self.form_token else {}
        answer = await self.client.post(
            path, data=token | fields, headers={"sec-fetch-site": "same-origin"} | (headers or {})
        )
        if "text/html" in answer.headers.get("content-type", ""):
            self.page = answer.text
        return answer

    async def fetch(self, path: str, **fields: Any) -> httpx2.Response:
        """What the page's scripts do."""
        return await self.post(path, {"accept": "application/json", "x-form-token": self.form_token}, **fields)

    async def sign_in(self, agent: Agent, password: str = PASSWORD) -> httpx2.Response:
        answer = await self.post("/console/login", email=agent.email, password=password)
        await self.get("/console/whoami")
        return answer

    @property
    def form_token(self) -> str:
        """Of the newest page that had one."""
        found = re.search(r'name="form_token" value="([^"]+)"', self.page)
        self.token = html.unescape(found[1]) if found else self.token
        return self.token

    def hidden(self, name: str) -> str:
        """The value of a hidden field of the page."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found, f"no field {name} on the page"
        return html.unescape(found[1])


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
        routes=[
            *login.routes,
            *console.routes,
            Route("/console/whoami", whoami),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        max_body_size=1 << 20,
        middleware=[
            Middleware(SafeHeaders, secure=False),
            Middleware(PlainAddresses),
            Middleware(DatabaseMiddleware),
            Middleware(CsrfMiddleware),
        ],
        exception_handlers={WismoError: refuse, HTTPException: refuse},
    )
    app.state.settings = Settings(data_dir=tmp_path, base_url=BASE)
    app.state.database = database
    app.state.templates = make_templates()
    app.state.limiter, app.state.hub = Limiter(), Hub()
    app.state.demo = False
    return app


@pytest.fixture
def hub() -> Iterator[Hub]:
    """The reactions are on, and frames go nowhere but to whoever subscribes."""
    previous, hub = current_bus(), Hub()
    use_bus(connect(hub))
    yield hub
    use_bus(previous)


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
            transport = httpx2.ASGITransport(app=desk, client=(address, 40000), raise_app_exceptions=True)
            headers = {"accept": "text/html", "accept-language": language}
            client = httpx2.AsyncClient(transport=transport, base_url=BASE, headers=headers)
            browser = Browser(await stack.enter_async_context(client))
            if agent is not None:
                await browser.sign_in(agent)
            return browser

        yield open_one


class Talk:
    """Ines and Lin say things; the bot opens tickets about them."""

    def __init__(self) -> None:
        self._said = 0

    async def says(self, conversation: Conversation, who: Actor | Customer, text: str, **more: Any) -> Message:
        self._said += 1
        actor = who if isinstance(who, Actor) else Actor.of(who)
        return await post(conversation.id, actor, text, client_id=f"said-{self._said:08d}", **more)

    async def ticket(self, shop: Shop, customer: Customer, text: str, **more: Any) -> tuple[Ticket, Conversation]:
        conversation = await open_conversation(shop, customer, channel="chat", language=customer.language)
        await self.says(conversation, customer, text)
        ticket = await open_ticket(conversation.id, more.pop("kind", "question"), BOT, subject=text, **more)
        return ticket, conversation


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest.fixture
async def story(world: World, talk: Talk, hub: Hub) -> tuple[Ticket, Conversation]:
    """Ines's lamp is on its way, and she asks for it."""
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    await Order.filter(id=order.id).update(headline="shipped", confirmation="confirmed", payment="paid")
    await OrderLine.create(order=order, source_id="1", title="Halo floor lamp", quantity=1, unit_price=14900)
    parcel = await Shipment.create(
        public_id="par_1", order=order, source_id="1", carrier="DHL", tracking_number="JD01", state="in_transit"
    )
    await TrackingEvent.create(
        shipment=parcel, at=now(), received_at=now(), state="in_transit", text="Left Leipzig", digest="1"
    )
    return await talk.ticket(world.lumen, world.ines, "Where is my lamp?", order_ids=[order.id], summary="It is late.")


@pytest.fixture
async def open_page(desk: Starlette, hub: Hub, chromium: Chromium) -> AsyncIterator[OpenPage]:
    """A window of Chromium in which an agent is signed in."""
    desk.state.hub = hub
    desk.router.routes[:0] = [*socket.routes, *polling.routes]
    async with serving(desk, hub) as running:

        async def open_one(agent: Agent, path: str = "/console", **options: object) -> Page:
            context = await chromium.new_context(base_url=running.address, locale="en-GB", **options)  # type: ignore[arg-type]
            page = await context.new_page()
            if options.get("java_script_enabled", True):
                await wait_for_scripts(page)
            page.on("pageerror", lambda error: pytest.fail(f"a script stumbled: {error}"))
            account: dict[str, str | float | bool] = {"email": agent.email, "password": PASSWORD}
            await context.request.post("/console/login", form=account, headers={"Origin": running.address})
            await page.goto(path)
            return page

        yield open_one
        for context in list(chromium.contexts):
            await context.close()
