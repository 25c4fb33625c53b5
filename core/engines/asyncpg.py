"""Tortoise's asyncpg engine, made safe against cancellation and tasks that outlive their transaction.

Connections of the pool carry no session state: nothing may use SET (but SET LOCAL), LISTEN, temporary tables or
session-level advisory locks on them. That saves the reset, a round trip per statement.
"""

import asyncio
import logging
import re
from types import TracebackType
from typing import Any, TypeVar

import asyncpg
from tortoise.backends.asyncpg import client as upstream
from tortoise.backends.base.client import PoolConnectionWrapper, TransactionalDBClient, TransactionContext
from tortoise.backends.base_postgres.client import translate_exceptions
from tortoise.connection import ConnectionHandler, ConnectionToken, get_connections
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError, TransactionManagementError

from core.engines.transactions import (
    Ending,
    Rows,
    SafeTransaction,
    Savepoint,
    Steps,
    TurnInTransaction,
    refuse_when_over,
    uninterrupted,
)

T = TypeVar("T")

log = logging.getLogger(__name__)

ACQUIRE_SECONDS = 30.0  # waiting longer for a connection of the pool means that it is too small, or leaking
RELEASE_SECONDS = 10.0  # a server that does not answer by then loses the connection

_RETURNING = re.compile(r"\bRETURNING\b", re.IGNORECASE)


class PlainConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection that is not reset when it goes back to the pool; an open transaction is still rolled back."""

    def get_reset_query(self) -> str:
        return ""


class AsyncpgDBClient(upstream.AsyncpgDBClient):
    """The pool of a process."""

    connection_class = PlainConnection

    async def create_connection(self, with_db: bool) -> None:
        try:
            await uninterrupted(super().create_connection(with_db))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise DBConnectionError(
                f"cannot connect to database {self.database} at {self.host}:{self.port}: {error}"
            ) from error

    async def create_pool(self, **kwargs: Any) -> Any:
        return await asyncpg.create_pool(None, connect=_connect, **kwargs)

    async def close(self) -> None:
        await uninterrupted(super().close())

    def acquire_connection(self) -> Any:
        return PooledTurn(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return AsyncpgTransactionContext(TransactionWrapper(self))

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        return await self._run("fetchrow", query, *values)

    async def execute_many(self, query: str, values: list[Any]) -> None:
        await self._run("executemany", query, values)  # atomic by itself

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, list[Any]]:
        if _changes_rows(query):
            tag: str = await self._run("execute", query, *(values or ()))
            return int(tag.rpartition(" ")[2]), []
        rows = await self._run("fetch", query, *(values or ()))
        return len(rows), rows

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._run("fetch", query, *(values or ()))]

    async def execute_script(self, query: str) -> None:
        await self._run("execute", query)

    @translate_exceptions
    async def _run(self, method: str, query: str, *arguments: Any) -> Any:
        async with self.acquire_connection() as connection:
            self.log.debug("%s", query)  # without the values: they are people's data
            return await getattr(connection, method)(query, *arguments)

    async def _translate_exceptions(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await func(self, *args, **kwargs)
        except asyncpg.IntegrityConstraintViolationError as error:
            raise IntegrityError(error) from error
        except asyncpg.InvalidTransactionStateError as error:
            raise TransactionManagementError(error) from error
        except (asyncpg.PostgresConnectionError, ConnectionError) as error:
            raise DBConnectionError(error) from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise OperationalError(error) from error


class PooledTurn(PoolConnectionWrapper[Any]):
    """A connection of the pool for one statement."""

    __slots__ = ("_pool",)

    async def __aenter__(self) -> Any:
        await self.ensure_connection()
        self._pool = self.client._pool
        self.connection = await _acquire(self._pool)
        return self.connection

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self._pool.release(self.connection, timeout=RELEASE_SECONDS)  # goes on by itself when cancelled


class AsyncpgTransactionContext(TransactionContext):
    """Holds a connection of the pool from BEGIN to COMMIT or ROLLBACK, and gives it back whatever happens."""

    _pool: Any
    _connections: ConnectionHandler
    _token: ConnectionToken

    def __init__(self, client: "TransactionWrapper") -> None:
        self.client: TransactionWrapper = client

    async def __aenter__(self) -> TransactionalDBClient:
        parent = self.client._parent
        await PooledTurn(parent, parent._pool_init_lock).ensure_connection()
        self._pool = parent._pool
        self.client._connection = await _acquire(self._pool)
        try:
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
            await _release(self._pool, self.client._connection)

    async def _give_up(self) -> None:
        try:
            await self._roll_back()
        finally:
            await _release(self._pool, self.client._connection)

    async def _roll_back(self) -> None:
        """Roll back; what ended the transaction matters more than a connection that is lost anyway."""
        try:
            await self.client.rollback()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("rollback failed, the connection is dropped: %s", error)


class TransactionWrapper(SafeTransaction, AsyncpgDBClient):
    """What statements inside of a transaction run on; with `connection` in a transaction, a savepoint in it."""

    _connection: Any

    def __init__(self, connection: AsyncpgDBClient) -> None:
        self.capabilities = connection.capabilities
        self.connection_name = connection.connection_name
        self.fetch_inserted = connection.fetch_inserted
        self.log = connection.log
        self._connection = connection._connection
        self._lock = connection._lock if isinstance(connection, TransactionWrapper) else asyncio.Lock()
        self._parent: AsyncpgDBClient = connection

    async def create_connection(self, with_db: bool) -> None:
        refuse_when_over(self)

    async def close(self) -> None:
        raise TransactionManagementError("a transaction cannot close the database")

    def acquire_connection(self) -> TurnInTransaction:
        return TurnInTransaction(self._lock, self)

    def _in_transaction(self) -> TransactionContext:
        return Savepoint(TransactionWrapper(self))

    async def run_steps(self, steps: Steps[T]) -> T:
        async with self.acquire_connection() as connection:
            result: T = await self._take(connection, steps)
            return result

    async def _run_to_end(self, steps: Steps[Ending]) -> Ending:
        ending: Ending = await self._take(self._connection, steps)
        if ending.commit:
            await self._commit()
        return ending

    @translate_exceptions
    async def _take(self, connection: Any, steps: Steps[T]) -> T:
        rows: list[Any] | None = None
        try:
            while True:
                query, values = steps.send(rows)
                self.log.debug("%s", query)
                if isinstance(values, Rows):
                    await connection.executemany(query, values)
                    rows = []
                else:
                    rows = await connection.fetch(query, *values)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()

    @translate_exceptions
    async def _begin(self) -> None:
        await self._connection.execute("BEGIN")

    @translate_exceptions
    async def _commit(self) -> None:
        # After a failed statement PostgreSQL answers COMMIT with a rollback, and no error.
        if await self._connection.execute("COMMIT") != "COMMIT":
            raise TransactionManagementError("a statement had failed: nothing of this transaction was kept")

    async def _rollback(self) -> None:
        if self._connection.is_in_transaction():
            await self._connection.execute("ROLLBACK")

    @translate_exceptions
    async def _command(self, statement: str) -> None:
        await self._connection.execute(statement)


def _changes_rows(query: str) -> bool:
    """Whether the answer to `query` is a count. Rows that were asked for by RETURNING are worth more than it."""
    return query.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE") and _RETURNING.search(query) is None


async def _connect(*arguments: Any, **options: Any) -> Any:
    """Connect, or tidy up when the caller is cancelled: a connection in the making cannot be dropped cleanly."""

    connection: Any = None

    async def connect() -> None:
        nonlocal connection
        connection = await asyncpg.connect(*arguments, **options)

    try:
        await uninterrupted(connect())
    except asyncio.CancelledError:
        if connection is not None:
            await uninterrupted(connection.close(timeout=RELEASE_SECONDS))
        raise
    return connection


async def _acquire(pool: Any) -> Any:
    try:
        return await pool.acquire(timeout=ACQUIRE_SECONDS)
    except TimeoutError as error:
        raise OperationalError("no connection of the pool became free in time") from error
    except (OSError, asyncpg.PostgresError) as error:
        raise DBConnectionError(f"cannot connect to the database: {error}") from error
    except asyncpg.InterfaceError as error:
        raise OperationalError("the database is closed") from error


async def _release(pool: Any, connection: Any) -> None:
    """Give the connection back and wait for it. A connection that cannot be cleaned is dropped by the pool."""
    try:
        await uninterrupted(pool.release(connection, timeout=RELEASE_SECONDS))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:  # OSError includes TimeoutError
        log.warning("a connection was dropped instead of going back to the pool: %s", error)


client_class = AsyncpgDBClient
