"""The real server on a free port, in the test's own loop, with the sockets and the widget's pages."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from tortoise.context import TortoiseContext

from app.database import DatabaseMiddleware
from app.guards import SafeHeaders
from app.limits import Limiter
from app.realtime import polling, rendering, socket
from app.realtime.client_frames import MAX_FRAME_BYTES
from app.realtime.hub import Hub
from app.realtime.topics import conversation_topic, desk_topic
from app.realtime.wire import SocketProtocol
from app.rendering import STATIC, make_templates, problem
from app.settings import Settings
from app.web import widget
from conversations.events import HandlerChanged, MessagePosted, NoteAdded
from conversations.models import Conversation, Note
from core.errors import WismoError
from core.events import Bus, current_bus, use_bus


class Desk:
    """A running desk: where it is, and its hub."""

    def __init__(self, app: Starlette, hub: Hub, server: "QuietServer") -> None:
        self.app, self.hub, self.server = app, hub, server
        self.port: int = server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"


class QuietServer(uvicorn.Server):
    """Leaves the signals of the test run alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_app(database: TortoiseContext, hub: Hub, folder: Path, *, scale: float = 1.0) -> Starlette:
    """The widget's doors, without what the rest of the desk adds; `scale` is that of the rate limits."""

    def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, WismoError)
        return problem(error, request)

    app = Starlette(
        routes=[
            *socket.routes,
            *polling.routes,
            *widget.routes,
            Route("/shop/{site}", shop_page),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(SafeHeaders, secure=False), Middleware(DatabaseMiddleware)],
        exception_handlers={WismoError: known, HTTPException: _plain},
    )
    settings = Settings(data_dir=folder)
    app.state.settings, app.state.database, app.state.demo = settings, database, True
    app.state.hub, app.state.limiter, app.state.templates = hub, Limiter(scale=scale), make_templates()
    return app


@asynccontextmanager
async def serving(app: Starlette, hub: Hub, *, port: int = 0) -> AsyncIterator[Desk]:
    """Serve on a free port, or on the one it had before, for the length of the block."""
    config = uvicorn.Config(
        app,
        port=port,
        ws=SocketProtocol,
        ws_max_size=2 * MAX_FRAME_BYTES,
        ws_per_message_deflate=False,
        log_config=None,
        lifespan="off",
        timeout_graceful_shutdown=2,
    )
    server = QuietServer(config)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.005)
        try:
            yield Desk(app, hub, server)
        finally:
            server.should_exit = True
            await running
            # What a closed window leaves to be written, before the database goes.
            left = [task for task in asyncio.all_tasks() if task.get_name() == "presence.left"]
            await asyncio.gather(*left)


@contextmanager
def frames_follow_events(hub: Hub) -> Iterator[None]:
    """What the desk does after the commits of this room: frames to whoever listens."""

    async def message_posted(event: MessagePosted) -> None:
        hub.publish(conversation_topic(event.conversation), rendering.message_frame(event.conversation, event.message))

    async def handler_changed(event: HandlerChanged) -> None:
        conversation = await Conversation.get(id=event.conversation_id)
        frame = await rendering.handler_frame(conversation, event.reason)
        hub.publish(conversation_topic(conversation.public_id), frame)

    async def note_added(event: NoteAdded) -> None:
        conversation = await Conversation.get(id=event.conversation_id)
        note = await Note.get(id=event.note_id).select_related("agent")
        frame = rendering.note_frame(conversation.public_id, note, note.agent.name if note.agent else "")
        hub.publish(desk_topic(conversation.public_id), frame)

    before, bus = current_bus(), Bus()
    bus.after = {MessagePosted: (message_posted,), HandlerChanged: (handler_changed,), NoteAdded: (note_added,)}
    use_bus(bus)
    with contextlib.ExitStack() as stack:
        stack.callback(use_bus, before)
        yield


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return Response(error.detail, status_code=error.status_code)


async def shop_page(request: Request) -> Response:
    """Somebody's shop, as strict as a shop can be: it lets the desk's script and frame in, and nothing else."""
    desk = f"http://127.0.0.1:{request.url.port}"
    policy = f"default-src 'none'; script-src {desk}; frame-src {desk}; require-trusted-types-for 'script'"
    page = SHOP_PAGE.format(desk=desk, site=request.path_params["site"])
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"})


SHOP_PAGE = """<!doctype html><html lang="en"><title>A shop</title><h1>A shop</h1><a href="#">A link</a>
<script async src="{desk}/widget.js" data-site="{site}" data-lang="auto"></script>
"""
