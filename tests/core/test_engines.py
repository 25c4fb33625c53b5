"""Both engines: what a transaction promises when tasks are cancelled, outlive it, or fail inside of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connections
from tortoise.context import TortoiseContext
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError, TransactionManagementError
from tortoise.transactions import in_transaction

from app.database import open_database, tortoise_config
from core.engines.transactions import SafeTransaction
from core.tasks import spawn

pytestmark = pytest.mark.usefixtures("both_databases")


@pytest.fixture
async def connection(empty_database_url: str) -> AsyncIterator[BaseDBAsyncClient]:
    """An open database with the tables `account` (id, balance ≥ 0, unique name) and `entry` (goes with its account)."""
    async with open_database(empty_database_url) as context:
        connection = context.db()
        await connection.execute_query(
            "CREATE TABLE account (id INTEGER PRIMARY KEY,"
            " balance BIGINT NOT NULL CHECK (balance >= 0), name TEXT UNIQUE)"
        )
        await connection.execute_query(
            "CREATE TABLE entry (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL"
            " REFERENCES account (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)"
        )
        yield connection


async def balances(connection: BaseDBAsyncClient) -> dict[int, int]:
    rows = await connection.execute_query_dict("SELECT id, balance FROM account ORDER BY id")
    return {row["id"]: row["balance"] for row in rows}


async def change(*statements: str, then: BaseException | None = None, wait: float = 0) -> Any:
    """Run `statements` in one transaction (a savepoint when one is running), wait, raise `then`."""
    async with in_transaction() as client:
        for statement in statements:
            await client.execute_query(statement)
        await asyncio.sleep(wait)
        if then is not None:
            raise then
    return client


async def test_what_a_block_changed_is_there_after_it(connection: BaseDBAsyncClient) -> None:
    async with in_transaction() as client:
        await client.execute_query("INSERT INTO account VALUES (1, 10, 'a')")
        await client.execute_many("INSERT INTO account VALUES (2, 10, 'b')", [[]])
    assert await balances(connection) == {1: 10, 2: 10}
    assert isinstance(client, SafeTransaction)
    assert client.committed


async def test_a_block_that_raises_changed_nothing(connection: BaseDBAsyncClient) -> None:
    with pytest.raises(ZeroDivisionError):
        await change("INSERT INTO account VALUES (1, 10, 'a')", then=ZeroDivisionError())
    assert await balances(connection) == {}


async def test_a_broken_rule_in_a_block_keeps_what_the_database_said(connection: BaseDBAsyncClient) -> None:
    with pytest.raises(IntegrityError):
        await change("INSERT INTO account VALUES (1, -1, 'a')")
    assert await balances(connection) == {}


async def test_a_rule_that_is_checked_at_the_commit_undoes_the_block(connection: BaseDBAsyncClient) -> None:
    with pytest.raises(IntegrityError):
        await change("INSERT INTO account VALUES (1, 10, 'a')", "INSERT INTO entry VALUES (1, 99)")
    assert await balances(connection) == {}
    await change("INSERT INTO account VALUES (1, 10, 'a')")  # and the connection is fit for the next one
    assert await balances(connection) == {1: 10}


async def test_a_savepoint_undoes_only_itself(connection: BaseDBAsyncClient) -> None:
    async with in_transaction() as client:
        await client.execute_query("INSERT INTO account VALUES (1, 10, 'a')")
        with pytest.raises(IntegrityError):
            await change("INSERT INTO account VALUES (2, 10, 'b')", "INSERT INTO account VALUES (3, 10, 'b')")
        await change("INSERT INTO account VALUES (4, 10, 'd')")
        await client.execute_query("INSERT INTO account VALUES (5, 10, 'e')")
    assert list(await balances(connection)) == [1, 4, 5]


async def test_a_time_out_inside_of_a_block_does_not_end_the_block(connection: BaseDBAsyncClient) -> None:
    async with in_transaction() as client:
        await client.execute_query("INSERT INTO account VALUES (1, 10, 'a')")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(change("INSERT INTO account VALUES (2, 10, 'b')", wait=5), 0.05)
        await client.execute_query("INSERT INTO account VALUES (3, 10, 'c')")
    assert list(await balances(connection)) == [1, 3]


async def test_a_task_that_outlives_its_transaction_is_refused(connection: BaseDBAsyncClient) -> None:
    over = asyncio.Event()

    async def late() -> None:
        inherited = get_connections().get(connection.connection_name)
        await over.wait()
        await inherited.execute_query("INSERT INTO account VALUES (9, 10, 'late')")

    async with in_transaction():
        task = asyncio.create_task(late())
        await asyncio.sleep(0)
    async with in_transaction() as other:
        await other.execute_query("INSERT INTO account VALUES (1, 10, 'a')")
        over.set()
        with pytest.raises(TransactionManagementError, match="has ended"):
            await task
    assert list(await balances(connection)) == [1]


async def test_a_savepoint_that_was_kept_after_its_transaction_is_refused(connection: BaseDBAsyncClient) -> None:
    async with in_transaction(), in_transaction() as inner:
        pass
    with pytest.raises(TransactionManagementError, match="has ended"):
        await inner.execute_query("INSERT INTO account VALUES (9, 10, 'late')")
    assert await balances(connection) == {}


async def test_a_spawned_task_has_its_own_connection(connection: BaseDBAsyncClient) -> None:
    async def background() -> str:
        try:
            return type(get_connections().get(connection.connection_name)).__name__
        except RuntimeError:  # spawned without a base context: no database at all
            return "none"

    async with in_transaction():
        task = spawn(background(), name="background")
    assert await task in (type(connection).__name__, "none")


async def test_statements_of_gathered_tasks_end_before_the_commit(connection: BaseDBAsyncClient) -> None:
    async with in_transaction() as client:
        await asyncio.gather(
            *(client.execute_query(f"INSERT INTO account VALUES ({n}, 10, 'n{n}')") for n in range(1, 9))
        )
    assert len(await balances(connection)) == 8


async def test_the_number_of_rows_counts_only_what_was_asked_for(connection: BaseDBAsyncClient) -> None:
    await connection.execute_query("INSERT INTO account VALUES (1, 10, 'a'), (2, 10, 'b')")
    await connection.execute_query("INSERT INTO entry VALUES (1, 1), (2, 1), (3, 1)")
    assert (await connection.execute_query("UPDATE account SET balance = 11"))[0] == 2
    assert (await connection.execute_query("UPDATE account SET balance = 12 WHERE id = 99"))[0] == 0
    assert (await connection.execute_query("SELECT * FROM account"))[0] == 2
    assert (await connection.execute_query("DELETE FROM account WHERE id = 1"))[0] == 1  # not its three entries
    count, rows = await connection.execute_query("UPDATE account SET balance = 13 RETURNING id")
    assert (count, [row["id"] for row in rows]) == (1, [2])


async def test_many_rows_are_all_or_none(connection: BaseDBAsyncClient, both_databases: str) -> None:
    places = "($1, $2, $3)" if both_databases == "pg" else "(?, ?, ?)"
    with pytest.raises(IntegrityError):
        await connection.execute_many(f"INSERT INTO account VALUES {places}", [[1, 10, "a"], [2, -1, "b"]])
    assert await balances(connection) == {}
    await connection.execute_many(f"INSERT INTO account VALUES {places}", [[1, 10, "a"], [2, 10, "b"]])
    assert len(await balances(connection)) == 2


async def test_cancelled_while_it_commits_is_told_but_kept(
    connection: BaseDBAsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = asyncio.Event()
    entered: list[SafeTransaction] = []

    async def change_slowly() -> None:
        async with in_transaction() as client:
            assert isinstance(client, SafeTransaction)
            entered.append(client)
            real = client._commit

            async def slow_commit() -> None:
                commits.set()
                await asyncio.sleep(0.02)
                await real()

            monkeypatch.setattr(client, "_commit", slow_commit)
            await client.execute_query("INSERT INTO account VALUES (1, 10, 'a')")

    task = asyncio.create_task(change_slowly())
    await commits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert entered[0].committed
    assert await balances(connection) == {1: 10}


async def test_a_cancelled_statement_ends_before_the_next_one_begins(connection: BaseDBAsyncClient) -> None:
    await connection.execute_query("INSERT INTO account VALUES (1, 10, 'a')")
    for _ in range(20):
        task = asyncio.create_task(connection.execute_query("UPDATE account SET balance = balance + 1"))
        await asyncio.sleep(0)
        task.cancel()
        count, _rows = await connection.execute_query("UPDATE account SET balance = 0 WHERE id = 99")
        assert count == 0
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_unknown_tables_are_operational_errors(connection: BaseDBAsyncClient) -> None:
    with pytest.raises(OperationalError):
        await connection.execute_query("SELECT * FROM nowhere")
    async with in_transaction() as client:
        with pytest.raises(OperationalError):
            async with in_transaction():
                await client.execute_query("SELECT * FROM nowhere")
        await client.execute_query("INSERT INTO account VALUES (1, 10, 'a')")
    assert await balances(connection) == {1: 10}


async def test_nothing_is_said_after_the_database_was_closed(empty_database_url: str) -> None:
    async with open_database(empty_database_url) as context:
        connection = context.db()
        await connection.execute_query("SELECT 1")
    if connection.capabilities.dialect == "sqlite":  # its thread would keep the process alive
        with pytest.raises(OperationalError, match="closed"):
            await connection.execute_query("SELECT 1")
        with pytest.raises(OperationalError, match="closed"):
            await connection._in_transaction().__aenter__()


async def test_a_database_that_does_not_answer_gives_one_error_after_the_other(
    empty_database_url: str, both_databases: str
) -> None:
    """And not one error, then a hanging queue behind a lock that nobody holds."""
    wrong = empty_database_url.replace("/empty", "/nowhere/empty" if both_databases == "sqlite" else "/nowhere")

    context = TortoiseContext()
    with context:
        await context.init(config=tortoise_config(wrong))
        try:
            for _ in range(3):
                with pytest.raises((OperationalError, DBConnectionError)):
                    await asyncio.wait_for(context.db().execute_query("SELECT 1"), 5)
                with pytest.raises((OperationalError, DBConnectionError)):
                    await asyncio.wait_for(change(), 5)
        finally:
            await context.close_connections()
