"""What only PostgreSQL can do to us: a pool that runs dry, and a COMMIT that rolls back without an error."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import DBConnectionError, OperationalError, TransactionManagementError

from app.database import open_database
from core.engines import asyncpg as engine
from core.engines.asyncpg import AsyncpgDBClient

pytestmark = pytest.mark.pg


@pytest.fixture
async def connection(empty_database_url: str) -> AsyncIterator[AsyncpgDBClient]:
    """An open database whose pool holds two connections at most."""
    async with open_database(f"{empty_database_url}?maxsize=2") as context:
        connection = context.db()
        assert isinstance(connection, AsyncpgDBClient)
        await connection.execute_query(
            "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER CHECK (balance >= 0))"
        )
        await connection.execute_query("INSERT INTO account VALUES (1, 0)")
        yield connection


async def number(connection: BaseDBAsyncClient, question: str = "SELECT balance AS n FROM account") -> int:
    rows = await connection.execute_query_dict(question)
    return int(rows[0]["n"])


async def run(connection: AsyncpgDBClient, *statements: str, until: Any = None) -> None:
    async with connection._in_transaction() as client:
        for statement in statements:
            await client.execute_query(statement)
        if until is not None:
            await until.wait()


async def test_a_failed_statement_that_was_caught_is_not_reported_as_kept(connection: AsyncpgDBClient) -> None:
    async def careless() -> None:
        async with connection._in_transaction() as client:
            await client.execute_query("UPDATE account SET balance = 7")
            with pytest.raises(OperationalError):
                await client.execute_query("SELECT * FROM nowhere")

    with pytest.raises(TransactionManagementError, match="nothing of this transaction was kept"):
        await careless()
    assert await number(connection) == 0


async def test_cancelled_while_waiting_for_a_connection(connection: AsyncpgDBClient) -> None:
    release = asyncio.Event()
    holders = [asyncio.create_task(run(connection, until=release)) for _ in range(2)]
    await asyncio.sleep(0.05)
    waiting = [asyncio.create_task(run(connection, "UPDATE account SET balance = 7")) for _ in range(5)]
    await asyncio.sleep(0.05)
    for task in waiting:
        task.cancel()
    assert all(
        isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*waiting, return_exceptions=True)
    )
    release.set()
    await asyncio.gather(*holders)
    await asyncio.wait_for(asyncio.gather(*(run(connection, "SELECT 1") for _ in range(8))), 5)
    assert await number(connection) == 0


async def test_a_long_statement_is_stopped_when_its_task_is_cancelled(connection: AsyncpgDBClient) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(run(connection, "UPDATE account SET balance = 7", "SELECT pg_sleep(30)"), 0.1)
    running = (
        "SELECT COUNT(*) AS n FROM pg_stat_activity"
        " WHERE query LIKE '%pg_sleep(30)%' AND state = 'active' AND pid <> pg_backend_pid()"
    )
    assert await number(connection, running) == 0
    assert await number(connection) == 0


async def test_a_pool_that_stays_empty_is_an_error_and_no_hang(
    connection: AsyncpgDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ACQUIRE_SECONDS", 0.1)
    release = asyncio.Event()
    holders = [asyncio.create_task(run(connection, until=release)) for _ in range(2)]
    await asyncio.sleep(0.05)
    with pytest.raises(OperationalError, match="no connection of the pool"):
        await connection.execute_query("SELECT 1")
    release.set()
    await asyncio.gather(*holders)
    assert await number(connection) == 0


async def test_a_connection_that_dies_in_a_transaction_is_replaced(connection: AsyncpgDBClient) -> None:
    with pytest.raises(DBConnectionError):
        await run(connection, "UPDATE account SET balance = 7", "SELECT pg_terminate_backend(pg_backend_pid())")
    for _ in range(4):
        assert await number(connection) == 0


async def test_what_ended_a_block_is_told_although_the_rollback_failed(connection: AsyncpgDBClient) -> None:
    async def change() -> None:
        async with connection._in_transaction() as client:
            client._connection.terminate()
            raise LookupError("the reason")

    with pytest.raises(LookupError, match="the reason"):
        await change()
    assert await number(connection) == 0


async def test_the_commit_waits_for_a_statement_that_is_still_running(connection: AsyncpgDBClient) -> None:
    async with connection._in_transaction() as client:
        task = asyncio.create_task(client.execute_query_dict("SELECT pg_sleep(0.1)"))
        await asyncio.sleep(0.02)
    assert task.done()
    assert len(await task) == 1


async def test_local_settings_of_a_transaction_do_not_reach_the_next_user(connection: AsyncpgDBClient) -> None:
    await run(connection, "SET LOCAL statement_timeout = '1234ms'")
    for _ in range(4):
        rows = await connection.execute_query_dict("SHOW statement_timeout")
        assert rows == [{"statement_timeout": "0"}]


async def test_the_number_of_inserted_rows_is_told(connection: AsyncpgDBClient) -> None:
    assert (await connection.execute_query("INSERT INTO account VALUES (2, 0), (3, 0)"))[0] == 2
