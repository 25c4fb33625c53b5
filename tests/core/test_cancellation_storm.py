"""Tasks are cancelled at any moment: closed tabs, time-outs, shutdowns. Nothing then hangs or is half done."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext

from core.engines.transactions import SafeTransaction
from core.transactions import transaction

CANCELLATIONS = 600
AT_ONCE = 8
SECONDS = 90.0  # it takes a few; what takes longer hangs

pytestmark = [pytest.mark.usefixtures("both_databases"), pytest.mark.slow]


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Both event loops: the one of the tests and the one of the servers."""
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


class Ledger:
    """Two rows that every transaction raises together, and a third for single statements."""

    def __init__(self, context: TortoiseContext, seed: int) -> None:
        self.context = context
        self.random = random.Random(seed)
        self.transactions: list[SafeTransaction] = []

    @property
    def connection(self) -> BaseDBAsyncClient:
        """What this task's statements run on: inside of a transaction, that."""
        return self.context.db()

    async def prepare(self) -> None:
        await self.connection.execute_query("CREATE TABLE ledger (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)")
        await self.connection.execute_query("INSERT INTO ledger VALUES (1, 0), (2, 0), (3, 0)")

    async def raise_both(self) -> None:
        async with transaction():
            client = self.connection
            assert isinstance(client, SafeTransaction)
            self.transactions.append(client)
            await self._add(1)
            await self._pause()
            await self._add(2)
            await self._pause()

    async def raise_both_in_steps(self) -> None:
        async with transaction():
            client = self.connection
            assert isinstance(client, SafeTransaction)
            self.transactions.append(client)
            await self._add(1)
            async with client._in_transaction():
                await self._add(2)
                await self._pause()

    async def raise_third(self) -> None:
        await self._add(3)

    async def read(self) -> None:
        await self.totals()

    async def write_many(self) -> None:
        await self.connection.execute_many("UPDATE ledger SET n = n + 1 WHERE id = 3", [[], []])

    async def totals(self) -> dict[int, int]:
        rows = await self.connection.execute_query_dict("SELECT id, n FROM ledger ORDER BY id")
        return {row["id"]: row["n"] for row in rows}

    async def _add(self, row: int) -> None:
        count, _ = await self.connection.execute_query(f"UPDATE ledger SET n = n + 1 WHERE id = {row}")
        assert count == 1

    async def _pause(self) -> None:
        for _ in range(self.random.randrange(3)):
            await asyncio.sleep(0)


async def test_a_storm_of_cancellations(database: TortoiseContext) -> None:
    ledger = Ledger(database, seed=20260302)
    await ledger.prepare()
    async with asyncio.timeout(SECONDS):
        cancelled = await storm(ledger)
        totals = await ledger.totals()
        committed = sum(client.committed for client in ledger.transactions)
        assert totals[1] == totals[2] == committed
        assert 0 < committed < len(ledger.transactions)
        assert cancelled == CANCELLATIONS
        await still_healthy(ledger)


async def storm(ledger: Ledger) -> int:
    """Start tasks and cancel them at random moments until `CANCELLATIONS` of them died of it."""
    acts: list[Callable[[], Awaitable[None]]] = [
        ledger.raise_both,
        ledger.raise_both_in_steps,
        ledger.raise_both,
        ledger.raise_third,
        ledger.read,
        ledger.write_many,
    ]
    cancelled = 0
    started = time.monotonic()
    await asyncio.gather(*(ledger.raise_both() for _ in range(AT_ONCE)))
    span = max(0.004, 1.5 * (time.monotonic() - started))  # a busy machine needs longer to come as far as the commit

    async def victims() -> None:
        nonlocal cancelled
        while cancelled < CANCELLATIONS:
            task = asyncio.ensure_future(ledger.random.choice(acts)())
            if ledger.random.random() < 0.5:
                for _ in range(ledger.random.randrange(12)):
                    await asyncio.sleep(0)
            else:
                await asyncio.sleep(ledger.random.random() * span)
            for _ in range(ledger.random.choice((1, 1, 1, 2, 5))):  # some are cancelled again while they tidy up
                task.cancel()
                await asyncio.sleep(0)
            (end,) = await asyncio.gather(task, return_exceptions=True)
            if isinstance(end, asyncio.CancelledError):
                cancelled += cancelled < CANCELLATIONS
            else:
                assert end is None

    await asyncio.gather(*(victims() for _ in range(AT_ONCE)))
    return cancelled


async def still_healthy(ledger: Ledger) -> None:
    before = await ledger.totals()
    await asyncio.gather(*(ledger.raise_both() for _ in range(40)))
    after = await ledger.totals()
    assert after[1] == after[2] == before[1] + 40
    if ledger.connection.capabilities.dialect == "postgres":
        rows = await ledger.connection.execute_query_dict(
            "SELECT COUNT(*) AS n FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        assert rows == [{"n": 0}]
