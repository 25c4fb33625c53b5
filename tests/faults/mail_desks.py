"""Desks that take and send mail, in two settings, with a bad line on each hop and real servers behind them."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from app.database import open_database, sqlite_url
from app.mail.fetching.following import look
from app.mail.mailbox_models import PLAIN
from app.mail.mailboxes import Place, add_mailbox
from app.migrating import migrate
from app.reactions import connect
from app.realtime.hub import Hub
from app.settings import Settings
from core.events import use_bus
from core.people import Actor, Agent
from core.shops import add_secret
from tests.faults.last_words import LastWords
from tests.faults.mail_letters import HELP
from tests.faults.postgres import Postgres, restartable_postgres
from tests.faults.proxy import FaultProxy, proxy_to
from tests.mail.certificates import make_certificate
from tests.mail.dovecot import PASSWORD, Dovecot, dovecot_server
from tests.mail.smtp_sink import SmtpSink, smtp_sink
from tests.people import World, make_world
from tests.scale.running import Process, Redis
from tests.servers import free_port

USER = "shop"


@dataclass
class Outside:
    """What is not ours: the mailbox, the world's mail server, and one that takes a whole mail and then says 450."""

    post_box: Dovecot
    sink: SmtpSink
    grumpy: SmtpSink
    last_words: LastWords = field(default_factory=LastWords)


class MailDesk:
    """The processes of one desk, as (command, web port) by the part that they play. One part is killed at a time:
    what its processes had claimed is then nobody's, and may be given to others before the lease runs out."""

    def __init__(
        self,
        name: str,
        environment: dict[str, str],
        parts: dict[str, Sequence[tuple[Sequence[str], int]]],
        hops: dict[str, FaultProxy],
        outside: Outside,
    ) -> None:
        self.name, self.environment, self.parts, self.hops, self.outside = name, environment, parts, hops, outside
        self.agent: Agent
        self.hook_secret = ""
        self.postgres: Postgres | None = None
        self.redis: Redis | None = None
        self._running: dict[str, list[Process]] = {}

    def start(self, *parts: str) -> None:
        """Start these parts, or all, and wait until their doors are open."""
        for part in parts or self.parts:
            self._running[part] = [
                Process(self.environment | {"WISMO_PORT": str(port)}, *command) for command, port in self.parts[part]
            ]
        for part in parts or self.parts:
            for process in self._running[part]:
                if "serve" in process.command:
                    process.wait_until_open()

    def kill(self, *parts: str) -> None:
        """No warning, no last word."""
        for part in parts or self.parts:
            for process in self._running.pop(part, []):
                process.end(signal.SIGKILL)

    def said(self) -> str:
        """What the processes that run now have logged."""
        return "".join(process.said() for started in self._running.values() for process in started)


@asynccontextmanager
async def one_desk(folder: Path) -> AsyncIterator[MailDesk]:
    """One process on SQLite does everything."""
    async with AsyncExitStack() as stack:
        outside = await _outside(stack, folder)
        hops = await _hops(stack, outside, web=free_port())
        url = sqlite_url(folder / "wismo.db")
        desk = MailDesk(
            "one process, SQLite",
            _environment(folder, hops),
            {"all": [(("serve",), hops["web"].target)]},
            hops,
            outside,
        )
        await _furnish(stack, desk, folder, url)
        yield desk


@asynccontextmanager
async def several_desk(folder: Path) -> AsyncIterator[MailDesk]:
    """One process takes mail, one web process more, two workers: on PostgreSQL and Redis."""
    async with AsyncExitStack() as stack:
        outside = await _outside(stack, folder)
        hops = await _hops(stack, outside, web=free_port())
        postgres = await asyncio.to_thread(stack.enter_context, restartable_postgres())
        await asyncio.to_thread(_make_database, postgres)
        hops["database"] = await stack.enter_async_context(proxy_to(postgres.port))
        redis = Redis(folder)
        await asyncio.to_thread(redis.start)
        stack.callback(redis.close)
        url = f"postgresql://postgres@127.0.0.1:{postgres.port}/wismo"
        environment = _environment(folder, hops) | {
            "WISMO_DATABASE_URL": url.replace(str(postgres.port), str(hops["database"].port)),
            "WISMO_REDIS_URL": redis.url,
        }
        parts: dict[str, Sequence[tuple[Sequence[str], int]]] = {
            "intake": [(("serve", "--no-work"), free_port())],
            "web": [(("serve", "--no-work", "--no-intake"), hops["web"].target)],
            "workers": [(("work",), 0), (("work",), 0)],
        }
        desk = MailDesk("four processes, PostgreSQL, Redis", environment, parts, hops, outside)
        desk.postgres, desk.redis = postgres, redis
        await _furnish(stack, desk, folder, url)
        yield desk


def any_part(desk: MailDesk, chance: Random) -> str:
    """One of the parts of a desk."""
    return chance.choice(list(desk.parts))


async def _outside(stack: AsyncExitStack, folder: Path) -> Outside:
    """Raises ServerMissing."""
    post_box = await asyncio.to_thread(stack.enter_context, dovecot_server(*make_certificate(folder)))
    post_box.box(USER)
    sink = await asyncio.to_thread(stack.enter_context, smtp_sink())
    return Outside(post_box, sink, await asyncio.to_thread(stack.enter_context, smtp_sink("-r", ".")))


async def _hops(stack: AsyncExitStack, outside: Outside, *, web: int) -> dict[str, FaultProxy]:
    """One for each way in and out: SMTP door, mailbox, HTTP, and the mail server that answers leave by."""
    targets = {"door": free_port(), "imap": outside.post_box.port, "web": web, "out": outside.sink.port}
    hops = {name: await stack.enter_async_context(proxy_to(port)) for name, port in targets.items()}
    hops["out"].watch = outside.last_words
    return hops


def _environment(folder: Path, hops: dict[str, FaultProxy]) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "WISMO_DATA_DIR": str(folder),
        "WISMO_MAIL_PORT": str(hops["door"].target),
        "WISMO_SMTP_URL": f"smtp://127.0.0.1:{hops['out'].port}",
        "WISMO_PRIVATE_HOSTS": "1",
        "WISMO_RATE_SCALE": "1000",
        "WISMO_LOG_LEVEL": "error",
    }


async def _furnish(stack: AsyncExitStack, desk: MailDesk, folder: Path, url: str) -> None:
    """One shop with a mailbox and a secret for the hook; the processes run when this returns."""
    settings = Settings(data_dir=folder, private_hosts=True)
    await migrate(url)
    await stack.enter_async_context(open_database(url))
    bus = connect(Hub())
    bus.after = {}  # nobody listens here
    use_bus(bus)
    people = await make_world()
    await _add_mailbox(people, desk, settings)
    desk.hook_secret, desk.agent = await add_secret(people.lumen, "mail"), people.omar
    stack.callback(desk.kill)
    await asyncio.to_thread(desk.start)


async def _add_mailbox(people: World, desk: MailDesk, settings: Settings) -> None:
    given = {"password": PASSWORD}
    place = Place(address=HELP, host="127.0.0.1", port=desk.hops["imap"].port, user=USER, security=PLAIN)
    begin = (await look(place, given, private=True)).cursor
    await add_mailbox(people.lumen, place, given, Actor.of(people.ada), secret=settings.secret, begin=begin)


def _make_database(postgres: Postgres) -> None:
    server = ["-h", "127.0.0.1", "-p", str(postgres.port), "-U", "postgres"]
    subprocess.run([str(postgres.programs / "createdb"), *server, "wismo"], check=True)
