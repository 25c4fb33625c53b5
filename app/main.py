"""The composition root: builds the application from settings, and takes replacements for what touches the outside."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from app import health
from app.api import orders as orders_api
from app.api import stock as stock_api
from app.auth.csrf import CsrfMiddleware
from app.database import DatabaseMiddleware, open_database
from app.demo import is_demo
from app.faults import FaultPages, refuse
from app.files.intake import Intake
from app.files.storage import FolderStorage
from app.gateways.mail import DemoMailbox, Mailer
from app.gateways.remote_pictures import RemotePictures
from app.gateways.smtp import SmtpMailer
from app.guards import BodyLimit, KeptStatic, PlainAddresses, RequestLog, SafeHeaders
from app.intake import hook
from app.intake.listener import MAX_BYTES, start_listener
from app.intake.mailboxes import MailboxReader
from app.jobs import BULK, HANDLERS, LAST_RESORTS, TOGETHER
from app.jobs.context import JobContext
from app.jobs.housekeeping import schedule
from app.jobs.runner import Worker
from app.limits import Limiter
from app.mail.arriving.filing import MAX_FILE
from app.mail.arriving.reader import Reader
from app.mail.leaving.servers import Servers, desk_server
from app.migrating import require_migrated
from app.reactions import connect
from app.realtime import polling, socket
from app.realtime.doors import SocketsFirst
from app.realtime.hub import Hub
from app.realtime.keeping import watch_presence
from app.realtime.relay import RedisRelay
from app.rendering import STATIC, asset, make_templates
from app.rulebook_shelf import Shelf
from app.settings import Settings
from app.stopping import STOP_SECONDS
from app.web import console, demo_mailbox, demo_shop, files, login, mail_stop, widget, withdrawal
from app.webhooks import alipay, carriers, saleor, shopify, stripe, wechatpay, woocommerce
from bots.rulebook import own_rulebook
from core import jobs
from core.events import use_bus
from core.tasks import cut_loose_ends, remember_base_context, spawn

MAX_BODY_BYTES = 1 << 20
JOB_PATIENCE = STOP_SECONDS - 2.0  # seconds for jobs that run when the process is told to stop


async def front_page(request: Request) -> Response:
    """Where somebody lands who opens the bare address."""
    return RedirectResponse("/demo" if request.app.state.demo else "/console", status_code=303)


ROUTES: Sequence[BaseRoute] = [  # asked from above: the busiest doors come first
    *shopify.routes,
    *woocommerce.routes,
    *saleor.routes,
    *stripe.routes,
    *alipay.routes,
    *wechatpay.routes,
    *carriers.routes,
    *orders_api.routes,
    *stock_api.routes,
    *hook.routes,
    Route("/", front_page),
    *health.routes,
    *login.routes,
    *console.routes,
    *widget.routes,
    *withdrawal.routes,
    *mail_stop.routes,
    *files.routes,
    *socket.routes,
    *polling.routes,
    *demo_mailbox.routes,
    *demo_shop.routes,
    Mount("/static", KeptStatic(StaticFiles(directory=STATIC), asset), name="static"),
]


def create_app(
    settings: Settings, *, mailer: Mailer | None = None, work: bool = True, intake: bool = True
) -> Starlette:
    """The desk as an ASGI application. `work` runs jobs in this process, `intake` listens for mail and fetches it."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.database = await stack.enter_async_context(open_database(settings.database))
            await require_migrated(settings.database)
            app.state.demo = await is_demo() if settings.demo is None else settings.demo
            parts = await open_parts(settings, stack, mailer=mailer, work=work, intake=intake)
            app.state.hub, app.state.limiter, app.state.mail_port = parts.hub, parts.limiter, parts.mail_port
            app.state.begin_to_stop = parts.begin_to_stop
            app.state.ready = True
            yield
            app.state.ready = False

    app = Starlette(
        routes=ROUTES,
        lifespan=lifespan,
        middleware=[
            Middleware(SocketsFirst, doors=socket.doors),
            Middleware(RequestLog),
            Middleware(SafeHeaders, secure=settings.secure),
            Middleware(FaultPages),
            Middleware(PlainAddresses),
            Middleware(BodyLimit, limit=MAX_BODY_BYTES, files=settings.file_bytes, mails=MAX_BYTES),
            Middleware(DatabaseMiddleware),
            Middleware(CsrfMiddleware),
        ],
        exception_handlers={HTTPException: refuse},
    )
    app.state.settings = settings
    app.state.templates = make_templates()
    app.state.files = Intake(FolderStorage(settings.files_folder), settings.file_bytes)
    app.state.remote_pictures = RemotePictures()
    app.state.ready = False
    app.state.begin_to_stop = _nothing_runs
    return app


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs beside the requests."""

    hub: Hub
    limiter: Limiter
    mail_port: int | None
    worker: Worker | None

    def begin_to_stop(self) -> None:
        """Take no more jobs, and tell every connection to come back in a moment. Nothing is waited for."""
        self.hub.dismiss()
        if self.worker is not None:
            self.worker.stop(JOB_PATIENCE)


async def open_parts(
    settings: Settings, stack: AsyncExitStack, *, mailer: Mailer | None = None, work: bool = True, intake: bool = True
) -> Parts:
    """Start what runs beside the requests, in a task that has the database open; it stops in the opposite order."""
    remember_base_context()
    stack.push_async_callback(cut_loose_ends)
    redis_url = settings.redis_url.get_secret_value()
    limiter = Limiter(redis_url, scale=settings.rate_scale)
    stack.push_async_callback(limiter.close)
    mailer = mailer or _mailer(settings)
    stack.push_async_callback(mailer.close)
    relay = RedisRelay(redis_url) if redis_url else None
    hub = relay or Hub()
    await hub.start()
    stack.push_async_callback(hub.stop)
    use_bus(connect(hub, settings.weights))
    watch_presence(hub)
    worker = None
    if work:
        files_of_mails = Intake(FolderStorage(settings.files_folder), MAX_FILE)
        mail_reader = Reader()
        stack.push_async_callback(mail_reader.close)
        servers = Servers(mailer, settings)
        stack.push_async_callback(servers.close)
        context = JobContext(settings, mailer, Shelf(own_rulebook()), files_of_mails, mail_reader, servers)
        worker = Worker(context, HANDLERS, LAST_RESORTS, TOGETHER, BULK)
        jobs.use_waker(worker.wake)
        if relay is not None:
            relay.on_work = worker.wake
        running = spawn(worker.run(), name="worker")
        stack.push_async_callback(_stop_worker, worker, running)
        await schedule(demo=await is_demo())
    elif relay is not None:
        jobs.use_waker(relay.call_workers)
    mail_port = None
    if intake:
        reader = MailboxReader(settings)
        reader.start()
        stack.push_async_callback(reader.close)
    if intake and settings.intake_port >= 0:
        listener = await start_listener(settings)
        mail_port = listener.port
        stack.push_async_callback(listener.close)
    return Parts(hub, limiter, mail_port, worker)


def _nothing_runs() -> None:
    """There is nothing to stop before the start is over."""


async def _stop_worker(worker: Worker, running: asyncio.Task[None]) -> None:
    worker.stop(JOB_PATIENCE)
    await running


def _mailer(settings: Settings) -> Mailer:
    server = desk_server(settings)
    return SmtpMailer(server) if server else DemoMailbox()
