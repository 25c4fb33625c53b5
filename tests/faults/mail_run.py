"""A desk's mail while everything goes wrong: two ways in, answers out, processes killed, lines cut at any byte.

What the desk has taken with 250, and what lies in the mailbox, has to become one message each; what an agent has said
has to leave as one mail. A mail may leave twice only where the line broke after it was taken, and then under one name.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import aiosmtplib

from app.database import open_database, sqlite_url
from app.mail.fetching.following import look
from app.mail.mailbox_models import PLAIN
from app.mail.mailboxes import Place, add_mailbox
from app.mail.models import IncomingMail, OutgoingMail
from app.migrating import migrate
from app.reactions import connect
from app.realtime.hub import Hub
from app.settings import Settings
from conversations.models import EMAIL, Message
from conversations.posting import post
from core.clock import now
from core.errors import Unavailable
from core.events import use_bus
from core.jobs import DEAD, DONE, READY, RUNNING, Job
from core.people import Actor, Agent
from tests.faults.proxy import FaultProxy, Weather, proxy_to
from tests.mail.certificates import make_certificate
from tests.mail.dovecot import PASSWORD, Dovecot, dovecot_server
from tests.mail.sink import Sink, listening
from tests.people import make_world
from tests.scale.running import Process
from tests.servers import free_port

USER = "shop"
SENDERS = 6
STORMY = 5.0  # seconds for which things go on to break when all has been sent
PATIENCE = 300.0  # seconds for all that is left, once nothing breaks any more
LETTER = """From: Person {n} <p{n}@d{n}.example>
To: help@lumen.example
Subject: Question {n}
Message-ID: <n{n}.{seed}@d{n}.example>
Date: Mon, 2 Mar 2026 09:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Where is parcel number {n}, please? 包裹到哪了？
"""


@dataclass
class Carried:
    """What the run has seen; empty lists are what it hopes for."""

    mails: int = 0
    both_ways: int = 0
    sent_again: int = 0  # the sender did not hear our 250
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    answers: int = 0
    left: int = 0  # mails that the world has got
    may_leave_twice: int = 0
    lost: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    never_left: list[int] = field(default_factory=list)
    left_twice: int = 0
    left_under_two_names: list[int] = field(default_factory=list)
    dead_jobs: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing doubled but what nobody can know."""
        wrong = self.lost or self.doubled or self.never_left or self.left_under_two_names or self.dead_jobs
        return not wrong and self.left_twice <= self.may_leave_twice


class Desk:
    """One process on SQLite with a mailbox to read and a server to send to, each behind a bad line."""

    def __init__(self, folder: Path, door: FaultProxy, out: FaultProxy) -> None:
        self.door = door
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "WISMO_DATA_DIR": str(folder),
            "WISMO_PORT": "0",
            "WISMO_MAIL_PORT": str(door.target),
            "WISMO_SMTP_URL": f"smtp://127.0.0.1:{out.port}",
            "WISMO_PRIVATE_HOSTS": "1",
            "WISMO_LOG_LEVEL": "error",
        }
        self.process: Process | None = None

    def start(self) -> None:
        self.process = Process(self.environment, "serve")
        self.process.wait_until_open()

    def kill(self) -> None:
        if self.process is not None:
            self.process.end(signal.SIGKILL)


class MailRun:
    """So many mails in and as many answers out, by one seed."""

    def __init__(self, desk: Desk, hops: dict[str, FaultProxy], sink: Sink, post_box: Dovecot, seed: int) -> None:
        self.desk, self.hops, self.sink, self.post_box, self.seed = desk, hops, sink, post_box, seed
        self.chance, self.seen = Random(seed), Carried()
        self._numbers: list[int] = []
        self._calm = asyncio.Event()
        self._faults: list[tuple[str, Fault, FaultProxy]] = []

    async def go(self, mails: int, agent: Agent, *, pause: float) -> Carried:
        """Until all of it has come to its end. `pause`: seconds between two faults at most."""
        self._numbers = list(range(mails))
        self.seen.mails = mails
        trouble = asyncio.create_task(self._trouble(pause))
        answering = asyncio.create_task(self._answer(agent, mails))
        await asyncio.gather(*(self._send() for _ in range(SENDERS)))
        await self._until(lambda: self._arrived(mails), STORMY)
        self._calm.set()
        await trouble
        await self._heal()
        await self._until(lambda: self._arrived(mails), PATIENCE)
        await answering
        await self._due(now())
        await self._until(self._is_done, PATIENCE)
        await self._audit(mails)
        return self.seen

    async def _send(self) -> None:
        while self._numbers:
            number = self._numbers.pop()
            way = self.chance.random()
            content = LETTER.format(n=number, seed=self.seed).replace("\n", "\r\n").encode()
            if way > 0.55:
                await asyncio.to_thread(self.post_box.deliver, USER, content)
            if way < 0.7:
                await self._hand_over(number, content)
            self.seen.both_ways += 0.55 < way < 0.7

    async def _hand_over(self, number: int, content: bytes) -> None:
        """As mail servers do: again and again until the desk has said that it has it."""
        while True:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                sender, to = f"p{number}@d{number}.example", ["help@lumen.example"]
                await aiosmtplib.send(
                    content, sender=sender, recipients=to, hostname="127.0.0.1", port=self.desk.door.port, timeout=5
                )
                return
            self.seen.sent_again += 1
            await asyncio.sleep(0.05)

    async def _answer(self, agent: Agent, mails: int) -> None:
        """An agent answers every mail once, as soon as it is there."""
        answered: set[int] = set()
        while len(answered) < mails:
            asked = await Message.filter(author_kind="customer", conversation__channel=EMAIL).exclude(
                id__in=answered or [0]
            )
            for message in asked:
                with suppress(Unavailable):
                    words, key = f"We look for it: {message.text}", f"answer-{message.id}"
                    await post(message.conversation_id, Actor.of(agent), words, client_id=key, channel=EMAIL)
                    answered.add(message.id)
            await asyncio.sleep(0.2)
        self.seen.answers = len(answered)

    async def _trouble(self, pause: float) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.chance.uniform(0.1, pause)):
                    await self._calm.wait()
                return
            name, act, hop = self._next_fault()
            self.seen.faults[name] += 1
            lines, before = self.sink.open, self.sink.connections
            await act(self, hop)
            if act is MailRun.kill or hop is self.hops["out"]:  # each line may just have been in its last word
                self.seen.may_leave_twice += lines + self.sink.connections - before

    def _next_fault(self) -> "tuple[str, Fault, FaultProxy]":
        """Each fault on each hop comes before any comes again; the first one is a kill."""
        if not self._faults:
            self._faults = [(name, act, hop) for name, act in FAULTS for hop in self.hops.values()]
            self.chance.shuffle(self._faults)
            if not self.seen.faults:
                self._faults.sort(key=lambda fault: fault[1] is MailRun.kill)
        return self._faults.pop()

    async def kill(self, _hop: FaultProxy) -> None:
        """No warning, no last word."""
        self.seen.kills += 1
        await asyncio.to_thread(self.desk.kill)
        await asyncio.to_thread(self.desk.start)

    async def reset(self, hop: FaultProxy) -> None:
        hop.reset()

    async def half_close(self, hop: FaultProxy) -> None:
        hop.half_close()

    async def cut_answers(self, hop: FaultProxy) -> None:
        """Lines break in the middle of what the other side says, wherever that is."""
        hop.weather = Weather(deaf_after=self.chance.randrange(20, 600))
        await asyncio.sleep(self.chance.uniform(0.1, 0.6))
        hop.clear()

    async def stall(self, hop: FaultProxy) -> None:
        hop.stall()
        await asyncio.sleep(self.chance.uniform(0.1, 0.8))
        hop.clear()

    async def refuse(self, hop: FaultProxy) -> None:
        hop.weather = Weather(refusing=True)
        await asyncio.sleep(self.chance.uniform(0.1, 0.6))
        hop.clear()

    async def _heal(self) -> None:
        """A last start, after which nothing breaks. Nobody waits an hour for a second try: it is due at once."""
        for hop in self.hops.values():
            hop.clear()
        await asyncio.to_thread(self.desk.kill)
        await self._due(now() - timedelta(seconds=1))
        await asyncio.to_thread(self.desk.start)

    async def _due(self, moment: datetime) -> None:
        await Job.filter(state=RUNNING).update(lease_until=moment)
        await Job.filter(state=READY, kind__startswith="mail.").update(run_at=moment)

    async def _arrived(self, mails: int) -> bool:
        return await IncomingMail.exclude(state="duplicate").count() >= mails

    async def _is_done(self) -> bool:
        waiting = Job.filter(kind__startswith="mail.").exclude(state__in=[DONE, DEAD])
        return not await waiting.exists()

    async def _until(self, done: Callable[[], Awaitable[bool]], seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not await done():
                    await asyncio.sleep(0.2)

    async def _audit(self, mails: int) -> None:
        """What the senders know against what the desk believes, and the desk against what the world has got."""
        seen = self.seen
        posted = Counter(_number(text) for text in await _texts(author_kind="customer"))
        seen.lost = [number for number in range(mails) if not posted[number]]
        seen.doubled = [number for number, count in posted.items() if count > 1]
        out = [_answer_in(content) for _, _, content in self.sink.mails]
        names: dict[int, Counter[bytes]] = {}
        for number, header_id in (pair for pair in out if pair is not None):
            names.setdefault(number, Counter())[header_id] += 1
        seen.left = len([pair for pair in out if pair is not None])
        seen.never_left = [number for number in range(mails) if number not in names]
        seen.left_under_two_names = [number for number, ids in names.items() if len(ids) > 1]
        seen.left_twice = sum(sum(ids.values()) - 1 for ids in names.values())
        unsent = OutgoingMail.filter(key__startswith="message:").exclude(state="sent")
        seen.never_left += list(await unsent.values_list("id", flat=True))  # type: ignore[arg-type]
        seen.dead_jobs = [f"{job.kind}: {job.error}" for job in await Job.filter(state=DEAD, kind__startswith="mail.")]


Fault = Callable[[MailRun, FaultProxy], Awaitable[None]]
FAULTS: Sequence[tuple[str, Fault]] = (
    ("kill -9", MailRun.kill),
    ("reset", MailRun.reset),
    ("half-close", MailRun.half_close),
    ("cut answers", MailRun.cut_answers),
    ("stall", MailRun.stall),
    ("refuse", MailRun.refuse),
)


@asynccontextmanager
async def mail_desk(folder: Path, seed: int, sink: Sink | None = None) -> AsyncIterator[tuple[MailRun, Agent]]:
    """An empty desk with one shop, its mailbox at a real Dovecot, and its mail server."""
    settings = Settings(data_dir=folder, private_hosts=True)
    url = sqlite_url(folder / "wismo.db")
    await migrate(url)
    with ExitStack() as servers:
        post_box = await asyncio.to_thread(servers.enter_context, dovecot_server(*make_certificate(folder)))
        post_box.box(USER)
        async with (
            open_database(url),
            listening(sink or Sink()) as world,
            proxy_to(free_port()) as door,
            proxy_to(post_box.port) as imap,
            proxy_to(world.port) as out,
        ):
            bus = connect(Hub())
            bus.after = {}  # nobody listens here
            use_bus(bus)
            people = await make_world()
            given = {"password": PASSWORD}
            place = Place(address="help@lumen.example", host="127.0.0.1", port=imap.port, user=USER, security=PLAIN)
            begin = (await look(place, given, private=True)).cursor
            await add_mailbox(people.lumen, place, given, Actor.of(people.ada), secret=settings.secret, begin=begin)
            desk = Desk(folder, door, out)
            try:
                await asyncio.to_thread(desk.start)
                yield MailRun(desk, {"door": door, "imap": imap, "out": out}, world, post_box, seed), people.omar
            finally:
                await asyncio.to_thread(desk.kill)


async def _texts(**which: str) -> list[str]:
    return [message.text for message in await Message.filter(**which)]


def _number(text: str) -> int:
    return int(text.split("parcel number ")[1].split(",", maxsplit=1)[0])


def _answer_in(content: bytes) -> tuple[int, bytes] | None:
    """Which mail this one answers, and its Message-ID; None for automatic ones."""
    plain = content.replace(b"=\r\n", b"")
    if b"We look for it: Where is parcel number " not in plain:
        return None
    number = int(plain.split(b"We look for it: Where is parcel number ")[1].split(b",")[0])
    return number, plain.split(b"Message-ID: <")[1].split(b">")[0]
