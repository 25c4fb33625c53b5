"""What may happen to a house, each by its name. Every fault ends by itself; what was ended has been started again."""

import asyncio
import random
import resource
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

from tests.faults.houses import OneProcess, Several
from tests.faults.proxy import FaultProxy, Weather
from tests.scale.running import Process, customer

Fault = Callable[[Any, random.Random], Awaitable[None]]


async def end_one(house: OneProcess, chance: random.Random, *, by: signal.Signals) -> None:
    await asyncio.to_thread(house.end, by)


async def end_some(house: Several, chance: random.Random, *, command: str, by: signal.Signals) -> None:
    await asyncio.to_thread(house.end, chance.choice(house.any_of(command)), by)


async def freeze_one(house: OneProcess, chance: random.Random) -> None:
    await _freeze(house.process, chance)


async def freeze_some(house: Several, chance: random.Random) -> None:
    await _freeze(chance.choice(house.cluster.processes), chance)


async def full_disk(house: OneProcess, chance: random.Random) -> None:
    """No file of the desk's may grow any more: to a program that is what a full disk is, without rights of root.

    Who has an open chat goes on reading.
    """
    pid = house.process.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    journal = house.folder / "wismo.db-wal"
    async with customer(house.process) as reader:
        await reader.post("I want to talk to a person")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (max(journal.stat().st_size, 65_536), before[1]))
        try:
            for _ in range(3):
                await asyncio.sleep(chance.uniform(0.2, 0.7))
                await reader.send("fetch", after=0)
                assert (await reader.wait("history"))["messages"], "nothing can be read while the disk is full"
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


async def stop_database(house: Several, chance: random.Random, *, by: signal.Signals) -> None:
    await asyncio.to_thread(house.postgres.stop, by)
    await asyncio.sleep(chance.uniform(0, 1))
    await asyncio.to_thread(house.postgres.start)


async def freeze_database(house: Several, chance: random.Random) -> None:
    with house.postgres.frozen():
        await asyncio.sleep(chance.uniform(0.5, 2))


async def kill_redis(house: Several, chance: random.Random) -> None:
    await asyncio.to_thread(house.cluster.redis.kill)
    await asyncio.sleep(chance.uniform(0, 2))
    await asyncio.to_thread(house.cluster.redis.start)


async def flush_redis(house: Several, chance: random.Random) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.cluster.redis.port)
    writer.write(b"FLUSHALL\r\n")
    assert await reader.readline() == b"+OK\r\n"
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def freeze_redis(house: Several, chance: random.Random) -> None:
    process = house.cluster.redis.process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(chance.uniform(0.5, 3))
    process.send_signal(signal.SIGCONT)


async def reset_lines(house: Any, chance: random.Random, *, hop: str) -> None:
    _hop(house, hop).reset()


async def half_close_lines(house: Any, chance: random.Random, *, hop: str) -> None:
    _hop(house, hop).half_close()


async def slow_lines(house: Any, chance: random.Random, *, hop: str) -> None:
    await _weather(_hop(house, hop), Weather(delay=chance.uniform(0.02, 0.2), rate=200_000), chance.uniform(1, 2))


async def cut_answers(house: Any, chance: random.Random, *, hop: str) -> None:
    await _weather(_hop(house, hop), Weather(deaf_after=chance.randint(0, 8_000)), chance.uniform(0.5, 1.5))


async def cut_commits(house: Several, chance: random.Random) -> None:
    """The database has committed, and nobody hears of it."""
    await _weather(house.database, Weather(cut_every=chance.randint(1, 4)), chance.uniform(0.5, 1.5))


async def refuse_lines(house: Any, chance: random.Random, *, hop: str) -> None:
    proxy = _hop(house, hop)
    proxy.weather = Weather(refusing=True)
    proxy.reset()
    await asyncio.sleep(chance.uniform(0.3, 1.5))
    proxy.clear()


async def stall_lines(house: Any, chance: random.Random, *, hop: str) -> None:
    proxy = _hop(house, hop)
    proxy.stall()
    await asyncio.sleep(chance.uniform(0.5, 3))
    proxy.clear()


async def _freeze(process: Process, chance: random.Random) -> None:
    process.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(chance.uniform(0.3, 2))
    process.process.send_signal(signal.SIGCONT)


async def _weather(proxy: FaultProxy, weather: Weather, seconds: float) -> None:
    proxy.weather = weather
    await asyncio.sleep(seconds)
    proxy.clear()


def _hop(house: Any, hop: str) -> FaultProxy:
    proxy: FaultProxy = getattr(house, hop)
    return proxy


def _lines_of(hop: str) -> dict[str, Fault]:
    kinds = {
        "reset": reset_lines,
        "half-close": half_close_lines,
        "slow": slow_lines,
        "cut answers": cut_answers,
        "refuse": refuse_lines,
        "stall": stall_lines,
    }
    return {f"{hop}: {name}": partial(fault, hop=hop) for name, fault in kinds.items()}


ONE_PROCESS: dict[str, Fault] = {
    "kill -9": partial(end_one, by=signal.SIGKILL),
    "SIGTERM": partial(end_one, by=signal.SIGTERM),
    "freeze": freeze_one,
    "disk full": full_disk,
    **_lines_of("front"),
}
SEVERAL: dict[str, Fault] = {
    "web: kill -9": partial(end_some, command="serve", by=signal.SIGKILL),
    "web: SIGTERM": partial(end_some, command="serve", by=signal.SIGTERM),
    "worker: kill -9": partial(end_some, command="work", by=signal.SIGKILL),
    "worker: SIGTERM": partial(end_some, command="work", by=signal.SIGTERM),
    "process: freeze": freeze_some,
    "database: immediate stop": partial(stop_database, by=signal.SIGQUIT),
    "database: fast stop": partial(stop_database, by=signal.SIGINT),
    "database: kill -9": partial(stop_database, by=signal.SIGKILL),
    "database: freeze": freeze_database,
    "database: COMMIT unheard": cut_commits,
    "redis: kill -9": kill_redis,
    "redis: FLUSHALL": flush_redis,
    "redis: freeze": freeze_redis,
    **_lines_of("front"),
    **_lines_of("database"),
    **_lines_of("redis"),
}
