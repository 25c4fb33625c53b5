"""Writers and readers at work for as long as a block lasts, and the judgement when all is at rest."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.faults.history import History, Verdict
from tests.faults.people import AWAY, Address, Reader, Writer, stored

REST_SECONDS = 40.0  # until everybody is acknowledged and has caught up, after the last fault


class Load:
    """What is going on at a desk."""

    def __init__(self, address: Address, chance: random.Random, *, writers: int, pause: float) -> None:
        self.history = History()
        self.writers = [Writer(f"w{n:02}", address, self.history, chance, pause) for n in range(writers)]
        self.readers = [Reader(writer, address, self.history, chance) for writer in self.writers]
        self.verdict = Verdict()

    @property
    def acked(self) -> int:
        return len(self.history.waits)

    async def more(self, count: int, seconds: float = REST_SECONDS) -> None:
        """Wait until `count` further posts are acknowledged: the desk works. Raises TimeoutError."""
        goal = self.acked + count
        async with asyncio.timeout(seconds):
            while self.acked < goal:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def under_load(address: Address, chance: random.Random, *, writers: int, pause: float) -> AsyncIterator[Load]:
    """Everybody talks during the block; after it `load.verdict` says what became of it."""
    load = Load(address, chance, writers=writers, pause=pause)
    stop, end = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        writing = [group.create_task(writer.write(stop)) for writer in load.writers]
        reading = [group.create_task(reader.read(end)) for reader in load.readers]
        try:
            yield load
            stop.set()
            await asyncio.wait(writing, timeout=REST_SECONDS)
            final = {writer.name: await _stored(writer) for writer in load.writers}
            await _caught_up(load, {name: len(messages) for name, messages in final.items()})
            load.verdict = load.history.judge(final)
        finally:
            stop.set()
            end.set()
            await asyncio.wait(reading, timeout=5)
            for task in (*writing, *reading):
                task.cancel()


async def _stored(writer: Writer) -> list[tuple[int, str]]:
    async with asyncio.timeout(REST_SECONDS):
        while True:
            try:
                return await stored(writer)
            except AWAY:
                await asyncio.sleep(0.2)


async def _caught_up(load: Load, lengths: dict[str, int]) -> None:
    """Wait until every reader has what there is, or for so long that it never will."""
    try:
        async with asyncio.timeout(REST_SECONDS / 4):
            while any(reader.last < lengths[reader.writer.name] for reader in load.readers):
                await asyncio.sleep(0.05)
    except TimeoutError:
        return  # the verdict counts the gaps
