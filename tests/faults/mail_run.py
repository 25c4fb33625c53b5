"""A desk's mail while everything goes wrong: four ways in, answers out, processes killed, lines cut at any byte.

What the desk has taken, and what lies in the mailbox, has to become one message each, word for word and byte for byte;
what an agent has said has to leave as one mail. A mail may leave twice only where a line or the desk broke between the
last dot and the note of its answer, and then under one name.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import asyncpg
from tortoise.exceptions import BaseORMException

from app.mail.models import IncomingMail
from conversations.models import EMAIL, Message
from conversations.posting import post
from core.clock import now
from core.errors import WismoError
from core.jobs import DEAD, DONE, Job
from core.people import Actor
from tests.faults.mail_audit import WE_LOOK, Carried, audit
from tests.faults.mail_desks import MailDesk
from tests.faults.mail_faults import KILL, TRIES, faults_at_random, make_due
from tests.faults.mail_letters import Letter, make_letter
from tests.faults.mail_ways import Ways

SENDERS = 6
MOST_OPEN = 60  # mails that wait for their answer: else all would be in before the first has left
WINDOW = 500  # messages behind the newest in which one without an answer may be
PAUSE = 0.2  # seconds between two looks
LONGEST_CALM = 60.0  # seconds without a fault
IMPATIENCE = 1.0  # seconds after which everybody tries again
STORMY = 20.0  # seconds for which things go on to break when all has been sent
PATIENCE = 300.0  # seconds for all that is left, once nothing breaks any more
_AWAY = (BaseORMException, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, WismoError)


class MailRun:
    """So many mails in and as many answers out, by one seed."""

    def __init__(self, desk: MailDesk, seed: int) -> None:
        self.desk, self.seed, self.chance = desk, seed, Random(seed)
        self.ways = Ways(desk, self.chance)
        self.letters: dict[int, Letter] = {}
        self._waiting: list[Letter] = []
        self._answered: set[int] = set()  # messages
        self._calm = asyncio.Event()

    async def go(self, mails: int, *, every: int) -> Carried:
        """Until all of it has come to its end. `every`: so many mails are answered between two faults, on average."""
        started = time.monotonic()
        self.letters = {number: make_letter(number, self.seed) for number in range(mails)}
        self._waiting = list(self.letters.values())
        seen = Carried(mails, self.ways.sent)
        async with asyncio.TaskGroup() as group:  # a desk that does not start again ends the run
            helpers = [group.create_task(self._answer()), group.create_task(self._hurry())]
            trouble = group.create_task(self._trouble(seen, every))
            await asyncio.gather(*(self._send() for _ in range(SENDERS)))
            await self._until(self._is_done, STORMY)
            self._calm.set()
            await trouble
            for hop in self.desk.hops.values():
                hop.clear()
            await self._until(self._is_done, PATIENCE)
            for helper in helpers:
                helper.cancel()
        seen.answers = await Message.filter(author_kind="agent").count()
        seen.seconds = round(time.monotonic() - started, 1)
        return await self.judge(seen)

    async def judge(self, seen: Carried) -> Carried:
        """Compare everything with what was sent."""
        files = Path(self.desk.environment["WISMO_DATA_DIR"]) / "files"
        return await audit(seen, self.letters, self.desk.outside, files)

    async def _send(self) -> None:
        while self._waiting:
            if len(self.letters) - len(self._waiting) - len(self._answered) > MOST_OPEN:
                await asyncio.sleep(PAUSE)
                continue
            await self.ways.send(self._waiting.pop())

    async def _answer(self) -> None:
        """An agent answers every mail once, as soon as it is there."""
        while len(self._answered) < len(self.letters):
            with suppress(*_AWAY):
                newest = max(self._answered, default=0) - WINDOW
                for message in await Message.filter(
                    author_kind="customer", conversation__channel=EMAIL, id__gt=newest
                ).exclude(id__in=[number for number in self._answered if number > newest] or [0]):
                    words, key = f"{WE_LOOK}{message.text}", f"answer-{message.id}"
                    await post(message.conversation_id, Actor.of(self.desk.agent), words, client_id=key, channel=EMAIL)
                    self._answered.add(message.id)
            await asyncio.sleep(PAUSE)

    async def _hurry(self) -> None:
        while True:
            await asyncio.sleep(IMPATIENCE)
            with suppress(*_AWAY):
                await make_due(now(), tries=1_000 if self._calm.is_set() else TRIES)

    async def _trouble(self, seen: Carried, every: int) -> None:
        for name, act in faults_at_random(self.desk, self.chance):
            enough = len(self._answered) + self.chance.uniform(0, 2 * every)
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_CALM):
                    while len(self._answered) < enough and not self._calm.is_set():
                        await asyncio.sleep(PAUSE)
            if self._calm.is_set():
                return
            await asyncio.sleep(self.chance.uniform(0, 2 * PAUSE))
            seen.faults[name] += 1
            seen.kills += name == KILL
            await act(self.desk, self.chance)

    async def _is_done(self) -> bool:
        """Each copy is a row, also a second one, which came by another way; all is answered, and nothing waits."""
        if await IncomingMail.all().count() < len(self.letters) + self.ways.sent.both:
            return False
        waiting = Job.filter(kind__startswith="mail.").exclude(state__in=[DONE, DEAD])
        return len(self._answered) >= len(self.letters) and not await waiting.exists()

    async def _until(self, done: Callable[[], Awaitable[bool]], seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not await self._surely(done):
                    await asyncio.sleep(PAUSE)

    async def _surely(self, done: Callable[[], Awaitable[bool]]) -> bool:
        """A database that is away has not said yes."""
        with suppress(*_AWAY):
            return await done()
        return False
