"""What only SQLite can do to us: one writer per process, one file for many processes, and silent rollbacks."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from tortoise.exceptions import OperationalError, TransactionManagementError

from app.database import open_database, sqlite_url
from core.engines.sqlite import SqliteClient
from core.engines.transactions import NotBegun


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[SqliteClient]:
    async with open_database(sqlite_url(tmp_path / "one.db")) as context:
        connection = context.db()
        assert isinstance(connection, SqliteClient)
        await connection.execute_query("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER)")
        await connection.execute_query("INSERT INTO account VALUES (1, 0)")
        yield connection


@pytest.fixture
def other_process(connection: SqliteClient) -> Iterator[sqlite3.Connection]:
    """Somebody else with the same file open."""
    other = sqlite3.connect(connection.filename, isolation_level=None, timeout=0)
    yield other
    other.close()


async def number(connection: SqliteClient, question: str = "SELECT balance FROM account") -> int:
    _, rows = await connection.execute_query(question)
    return int(next(iter(rows[0])))


async def test_what_was_acknowledged_survives_a_power_cut(connection: SqliteClient) -> None:
    assert await number(connection, "PRAGMA synchronous") == 2  # FULL
    assert await number(connection, "PRAGMA foreign_keys") == 1
    assert await number(connection, "PRAGMA busy_timeout") == 5000
    _, rows = await connection.execute_query("PRAGMA journal_mode")
    assert tuple(rows[0]) == ("wal",)


async def test_reading_before_writing_never_finds_the_file_locked(connection: SqliteClient) -> None:
    """With a deferred BEGIN, most of these fail at once: what they read has changed when they want to write."""

    async def add_ten() -> None:
        async with open_database(sqlite_url(Path(connection.filename))) as context:
            own = context.db()
            assert isinstance(own, SqliteClient)
            for _ in range(10):
                async with own._in_transaction() as client:
                    assert isinstance(client, SqliteClient)
                    before = await number(client)
                    await client.execute_query("UPDATE account SET balance = ?", [before + 1])

    await asyncio.gather(*(asyncio.to_thread(asyncio.run, add_ten()) for _ in range(3)))
    assert await number(connection) == 30


async def test_cancelled_while_another_process_holds_the_file(
    connection: SqliteClient, other_process: sqlite3.Connection
) -> None:
    other_process.execute("BEGIN IMMEDIATE")

    async def change() -> None:
        async with connection._in_transaction() as transaction:
            await transaction.execute_query("SELECT 1")  # begins it

    task = asyncio.create_task(change())
    while not connection._lock.locked():
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)  # now it waits for the file, in BEGIN
    task.cancel()
    await asyncio.sleep(0.01)
    assert not task.done()  # for what the thread does cannot be taken back
    other_process.execute("COMMIT")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not connection._lock.locked()
    other_process.execute("BEGIN IMMEDIATE")  # and nothing is left open
    other_process.execute("ROLLBACK")


async def test_a_file_that_stays_locked_is_an_error_and_no_hang(
    tmp_path: Path, connection: SqliteClient, other_process: sqlite3.Connection
) -> None:
    await connection.execute_query("PRAGMA busy_timeout = 10")
    other_process.execute("BEGIN IMMEDIATE")
    with pytest.raises(NotBegun, match="locked"):
        async with connection._in_transaction() as client:
            await client.execute_query("UPDATE account SET balance = 7")
    other_process.execute("ROLLBACK")
    async with connection._in_transaction() as client:
        await client.execute_query("UPDATE account SET balance = 7")
    assert await number(connection) == 7


async def test_a_transaction_that_sqlite_ended_is_not_reported_as_kept(connection: SqliteClient) -> None:
    """SQLite rolls back by itself when the disk is full; a plain ROLLBACK stands for that here."""

    async def change(*statements: str) -> None:
        async with connection._in_transaction() as client:
            for statement in statements:
                await client.execute_query(statement)

    with pytest.raises(TransactionManagementError, match="nothing of it was kept"):
        await change("UPDATE account SET balance = 7", "ROLLBACK")
    with pytest.raises(TransactionManagementError, match="nothing of it was kept"):
        await change("ROLLBACK", "UPDATE account SET balance = 7")
    assert await number(connection) == 0
    await change("UPDATE account SET balance = 7")
    assert await number(connection) == 7


async def test_a_transaction_that_somebody_left_open_does_not_swallow_the_next_one(connection: SqliteClient) -> None:
    await connection.execute_query("BEGIN")
    async with connection._in_transaction() as client:
        await client.execute_query("UPDATE account SET balance = 7")
    assert await number(connection) == 7


async def test_a_script_cannot_commit_a_transaction(connection: SqliteClient) -> None:
    async def change() -> None:
        async with connection._in_transaction() as client:
            await client.execute_query("UPDATE account SET balance = 7")
            await client.execute_script("SELECT 1; SELECT 2;")

    with pytest.raises(OperationalError, match="one statement"):
        await change()
    assert await number(connection) == 0


async def test_nobody_who_reads_waits_for_a_transaction(connection: SqliteClient) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def change() -> None:
        async with connection._in_transaction() as client:
            assert isinstance(client, SqliteClient)
            await client.execute_query("UPDATE account SET balance = 7")
            assert await number(client) == 7, "who is inside sees it"
            started.set()
            await release.wait()

    task = asyncio.create_task(change())
    await started.wait()
    async with asyncio.timeout(2):
        assert await number(connection) == 0, "what was committed last"
    release.set()
    await task
    assert await number(connection) == 7


async def test_everybody_reads_what_they_have_written(connection: SqliteClient) -> None:
    for balance in range(200):
        await connection.execute_query("UPDATE account SET balance = ?", [balance])
        assert await number(connection) == balance


async def test_times_in_raw_statements_are_written_as_utc(connection: SqliteClient) -> None:
    shanghai = datetime(2026, 3, 2, 17, 0, tzinfo=timezone(timedelta(hours=8)))
    _, rows = await connection.execute_query("SELECT ? AS at", [shanghai])
    assert rows[0]["at"] == "2026-03-02 09:00:00+00:00"
    assert datetime.fromisoformat(rows[0]["at"]) == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def test_no_thread_is_left_when_the_database_is_closed(tmp_path: Path) -> None:
    before = threading.active_count()
    async with open_database(sqlite_url(tmp_path / "two.db")) as context:
        assert threading.active_count() == before + 2
        connection = context.db()
    assert isinstance(connection, SqliteClient)
    for _ in range(200):
        if threading.active_count() == before:
            break
        await asyncio.sleep(0.01)
    assert threading.active_count() == before


async def test_closing_waits_for_what_was_begun(tmp_path: Path) -> None:
    async with open_database(sqlite_url(tmp_path / "three.db")) as context:
        connection = context.db()
        await connection.execute_query("CREATE TABLE t (n INTEGER)")
        task = asyncio.create_task(
            connection.execute_query(
                "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 50000)"
                " INSERT INTO t SELECT n FROM c"
            )
        )
        await asyncio.sleep(0)
    await task
    with sqlite3.connect(tmp_path / "three.db") as reader:
        assert reader.execute("SELECT COUNT(*) FROM t").fetchone() == (50000,)
    reader.close()
