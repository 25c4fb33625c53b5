"""Tortoise's SQLite engine, made safe against cancellation, tasks that outlive their transaction, and lock upgrades.

A process has two connections, each in a thread of its own: one writes, and one reads what was committed last, so that
nobody who reads waits for a transaction. A statement that was handed to a thread always runs to its end before the next
one gets its turn; a cancelled caller waits for it and is cancelled then.
"""

import asyncio
import contextvars
import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

import aiosqlite
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite import client as upstream
from tortoise.connection import ConnectionHandler, ConnectionToken, get_connections
from tortoise.exceptions import IntegrityError, OperationalError, TransactionManagementError

from core.clock import utc
from core.engines import sqlite_work as work
from core.engines.transactions import (
    Ending,
    SafeTransaction,
    Savepoint,
    Steps,
    Turn,
    TurnInTransaction,
    Uncancelled,
    refuse_when_over,
    uninterrupted,
)

T = TypeVar("T")

log = logging.getLogger(__name__)

# SQLite compares times as text, so a raw query must write them the way the models do.
sqlite3.register_adapter(datetime, lambda value: utc(value).isoformat(" "))


class SqliteClient(upstream.SqliteClient):
    """The connections of a process. Closing them is final."""

    _closed = False
    _reader: aiosqlite.Connection | None = None

    def __init__(self, file_path: str, **kwargs: Any) -> None:
        super().__init__(file_path, **kwargs)
        self._reading = asyncio.Lock()

    async def create_connection(self, with_db: bool) -> None:
        if self._closed:
            raise OperationalError("the database is closed")
        if self._connection is None:
            await uninterrupted(self._open())

    async def close(self) -> None:
        self._closed = True  # a statement that still waits must not connect again: the thread would outlive the app
        await uninterrupted(self._close())

    def acquire_connection(self) -> Turn:
        return Turn(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return SqliteTransactionContext(SqliteTransactionWrapper(self), self._lock)

    async def execute_insert(self, query: str, values: list[Any]) -> int:
        return await self._call(work.insert, query, values)

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        await self._call(work.insert_many, query, values)

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[Any]]:
        return await self._query(query, values)

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        _, rows = await self._query(query, values)
        return [dict(row) for row in rows]

    async def execute_script(self, query: str) -> None:
        await self._call(work.run_script, query)

    async def _open(self) -> None:
        self._connection = await self._connect()
        try:
            self._reader = await self._connect(query_only="ON")
        except BaseException:
            await self._close()
            raise
        await self._post_connect()

    async def _close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()
        await super().close()

    async def _connect(self, **more: str) -> aiosqlite.Connection:
        connection = aiosqlite.connect(self.filename, isolation_level=None)
        try:
            await connection
            connection.row_factory = sqlite3.Row
            for name, value in (self.pragmas | more).items():
                await connection.execute_fetchall(f"PRAGMA {name}={value}")
        except BaseException as error:
            await connection.close()
            await asyncio.to_thread(connection._thread.join)  # or it would speak to a loop that may be gone by then
            if isinstance(error, sqlite3.Error):
                raise OperationalError(f"cannot open {self.filename}: {error}") from error
            raise
        return connection

    async def _query(self, query: str, values: list[Any] | None) -> tuple[int, Sequence[Any]]:
        if query[:6].upper() != "SELECT":
            return await self._call(work.query_rows, query, values)
        if self._reader is None:
            async with self.acquire_connection():
                pass  # opens both, or refuses
        async with self._reading:
            if self._reader is None:
                raise OperationalError("the database is closed")
            self.log.debug("%s", query)
            return await self._in_thread(self._reader, work.query_rows, _quoted(query), values)

    async def _call(self, task: Callable[..., T], query: str, *arguments: Any) -> T:
        async with self.acquire_connection() as connection:
            self.log.debug("%s", query)  # without the values: they are people's data
            return await self._in_thread(connection, task, _quoted(query), *arguments)

    async def _in_thread(self, connection: aiosqlite.Connection, task: Callable[..., T], *arguments: Any) -> T:
        """Let the connection's thread call `task(sqlite3 connection, *arguments)`, and wait for it to the end."""
        if not connection._running or connection._connection is None:
            raise OperationalError("the database is closed")
        future = Uncancelled[T](loop=asyncio.get_running_loop())
        connection._tx.put_nowait((future, partial(task, connection._connection, *arguments)))
        try:
            return await future
        except sqlite3.IntegrityError as error:
            raise IntegrityError(error) from error
        except (sqlite3.DatabaseError, sqlite3.Warning) as error:
            raise OperationalError(error) from error


class SqliteTransactionContext(TransactionContext):
    """Holds the connection until COMMIT or ROLLBACK, and gives it back whatever happens.

    BEGIN IMMEDIATE goes to the thread with the first statement, so a change of one piece goes there once.
    """

    _connections: ConnectionHandler
    _token: ConnectionToken

    def __init__(self, client: "SqliteTransactionWrapper", lock: asyncio.Lock) -> None:
        self.client: SqliteTransactionWrapper = client
        self._lock = lock

    async def __aenter__(self) -> TransactionalDBClient:
        await self._lock.acquire()
        try:
            await self.client.connect()
            await self.client.begin()
        except BaseException:
            await self._give_up()
            raise
        self._connections = get_connections()
        self._token = self._connections.set(self.client.connection_name, self.client)
        return self.client

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        try:
            if self.client._finalized:
                return
            if exc_type is None:
                await self.client.commit()
            else:
                await self._roll_back()
        finally:
            self._connections.reset(self._token)
            self._lock.release()

    async def _give_up(self) -> None:
        try:
            if self.client._connection is not None:
                await self._roll_back()
        finally:
            self._lock.release()

    async def _roll_back(self) -> None:
        """Roll back; what ended the transaction matters more than a connection that is closed or broken."""
        try:
            await self.client.rollback()
        except OperationalError as error:
            log.warning("rollback failed: %s", error)


class SqliteTransactionWrapper(SafeTransaction, SqliteClient):
    """What statements inside of a transaction run on; with `connection` in a transaction, a savepoint in it."""

    _begun = False

    def __init__(self, connection: SqliteClient) -> None:
        self.capabilities = connection.capabilities
        self.connection_name = connection.connection_name
        self.fetch_inserted = connection.fetch_inserted
        self.filename = connection.filename
        self.log = connection.log
        self._connection = connection._connection
        self._lock = connection._lock if isinstance(connection, SqliteTransactionWrapper) else asyncio.Lock()
        self._parent: SqliteClient = connection

    async def connect(self) -> None:
        """Take over the parent's connection, opened if need be. The caller holds the parent's lock."""
        await self._parent.create_connection(with_db=True)
        self._connection = self._parent._connection

    async def create_connection(self, with_db: bool) -> None:
        refuse_when_over(self)

    async def close(self) -> None:
        raise TransactionManagementError("a transaction cannot close the database")

    def acquire_connection(self) -> TurnInTransaction:
        return TurnInTransaction(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return Savepoint(SqliteTransactionWrapper(self))

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        await self._call(work.many, query, values)

    async def execute_script(self, query: str) -> None:
        """Run one statement. A script of several would commit this transaction silently, so it is refused."""
        await self._call(work.query_rows, query, None)

    async def _query(self, query: str, values: list[Any] | None) -> tuple[int, Sequence[Any]]:
        return await self._call(work.query_rows, query, values)

    async def _call(self, task: Callable[..., T], query: str, *arguments: Any) -> T:
        async with self.acquire_connection() as connection:
            self.log.debug("%s", query)
            return await self._in_thread(connection, self._inside(task), _quoted(query), *arguments)

    async def run_steps(self, steps: Steps[T]) -> T:
        async with self.acquire_connection() as connection:
            return await self._step(connection, work.run_steps, steps)

    async def run_to_end(self, steps: Steps[Ending]) -> Any:
        async with self._lock:
            refuse_when_over(self)
            return (await self._run_to_end(steps)).value

    async def _run_to_end(self, steps: Steps[Ending]) -> Ending:
        return await self._step(self._open_connection, self._end_in_thread, steps)

    def _end_in_thread(self, db: sqlite3.Connection, steps: Steps[Ending]) -> Ending:
        """The thread notes it, since whoever waits for it may be cancelled and hear nothing else."""
        ending = work.run_to_end(db, steps)
        self._finalized = self.committed = ending.commit
        return ending

    async def _step(self, connection: aiosqlite.Connection, task: Callable[..., T], steps: Steps[Any]) -> T:
        """The thread goes through the steps with the variables of this task: they may record events."""
        return await self._in_thread(
            connection, partial(contextvars.copy_context().run, self._inside(task)), self._logged(steps)
        )

    def _logged(self, steps: Steps[T]) -> Steps[T]:
        rows = None
        try:
            while True:
                query, values = steps.send(rows)
                self.log.debug("%s", query)
                rows = yield _quoted(query), values
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()

    def _inside(self, task: Callable[..., T]) -> Callable[..., T]:
        """What the thread does for this transaction: the first to come begins it."""
        root = self
        while isinstance(root._parent, SqliteTransactionWrapper):
            root = root._parent
        how = work.inside if root._begun else work.opening
        root._begun = True
        return partial(how, task)

    async def begin(self) -> None:
        """Nothing yet: it goes along with the first statement."""

    async def _begin(self) -> None: ...

    async def _commit(self) -> None:
        if self._begun:
            await self._in_thread(self._open_connection, work.commit)

    async def _rollback(self) -> None:
        if self._begun:
            await self._in_thread(self._open_connection, work.roll_back)

    async def _command(self, statement: str) -> None:
        await self._in_thread(self._open_connection, self._inside(work.query_rows), statement, None)

    @property
    def _open_connection(self) -> aiosqlite.Connection:
        if self._connection is None:
            raise TransactionManagementError("the transaction has no connection yet")
        return self._connection


def _quoted(query: str) -> str:
    """The query without NUL characters, at which SQLite would stop reading."""
    return query.replace("\x00", "'||CHAR(0)||'")


client_class = SqliteClient
