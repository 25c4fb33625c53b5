"""What both engines share: waiting to the end in spite of a cancellation, turns on one connection, transactions."""

import abc
import asyncio
from collections.abc import Awaitable, Callable, Generator
from itertools import count
from types import TracebackType
from typing import Any, NamedTuple, TypeVar

from tortoise.backends.base.client import ConnectionWrapper, NestedTransactionContext, TransactionalDBClient
from tortoise.exceptions import OperationalError, TransactionManagementError

T = TypeVar("T")

Steps = Generator[tuple[str, list[Any]], Any, T]  # yields a statement with its values, is sent the rows it gave


class Rows(list[list[Any]]):
    """The values of a statement that is run once for each row of them, and gives none."""


class Ending(NamedTuple):
    """What steps come to, and whether the transaction may be committed right behind them."""

    value: Any
    commit: bool


class NotBegun(OperationalError):
    """The transaction could not begin (the file is locked, for one): nothing of it was tried."""


_savepoint_numbers = count(1)


async def uninterrupted(awaitable: Awaitable[T]) -> T:
    """Wait until `awaitable` has ended, even when the caller is cancelled meanwhile; then raise the cancellation.

    BEGIN, COMMIT and ROLLBACK must not be left half done: nobody else could put the connection right.
    """
    inner = asyncio.ensure_future(awaitable)
    try:
        return await asyncio.shield(inner)
    except asyncio.CancelledError:
        while not inner.done():
            try:
                await asyncio.wait([inner])
            except asyncio.CancelledError:
                continue  # the first one is raised below
        if not inner.cancelled():
            inner.exception()  # seen, so that asyncio does not report it as forgotten
        raise


class Uncancelled(asyncio.Future[T]):
    """A future that whoever awaits it awaits to its end; a cancellation comes then. `uninterrupted` without a task."""

    def cancel(self, msg: Any = None) -> bool:
        """Not now: the task asks itself again when this is done."""
        return False


class Turn(ConnectionWrapper[Any]):
    """One statement's turn on a connection that others use too. A failure to connect gives the turn back."""

    __slots__ = ()

    async def __aenter__(self) -> Any:
        await self._lock.acquire()
        try:
            self.connection = self.client._connection
            await self.ensure_connection()
        except BaseException:
            self._lock.release()
            raise
        return self.connection


class TurnInTransaction(Turn):
    """A turn that is refused after the end of the transaction.

    A task that was started inside inherits the transaction; its late statements would land in somebody else's.
    """

    __slots__ = ()

    async def ensure_connection(self) -> None:
        refuse_when_over(self.client)


class SafeTransaction(TransactionalDBClient):
    """The statements that open and end a transaction, each carried to its end.

    `committed` tells the truth when a cancellation arrived during the commit: the block then raises CancelledError
    although the change is durable.
    """

    committed = False
    _lock: asyncio.Lock
    _savepoint: str | None = None

    @abc.abstractmethod
    async def _begin(self) -> None: ...

    @abc.abstractmethod
    async def _commit(self) -> None:
        """Commit, or roll back and raise."""

    @abc.abstractmethod
    async def _rollback(self) -> None: ...

    @abc.abstractmethod
    async def run_steps(self, steps: Steps[T]) -> T:
        """Run statement after statement, nobody else's in between, and return what the steps return."""

    @abc.abstractmethod
    async def _run_to_end(self, steps: Steps[Ending]) -> Ending:
        """Run steps, and commit behind them if they say so."""

    @abc.abstractmethod
    async def _command(self, statement: str) -> None:
        """Run one statement without parameters on the connection of this transaction."""

    async def begin(self) -> None:
        await uninterrupted(self._begin())

    async def commit(self) -> None:
        await uninterrupted(self._end(self._commit, commits=True))

    async def rollback(self) -> None:
        await uninterrupted(self._end(self._rollback, commits=False))

    async def run_to_end(self, steps: Steps[Ending]) -> Any:
        """Run steps, commit behind them if they say so, and return their value; on SQLite in one go."""
        return await uninterrupted(self._finish_with(steps))

    async def savepoint(self) -> None:
        await uninterrupted(self._set_savepoint())

    async def release_savepoint(self) -> None:
        await uninterrupted(self._end(self._release, commits=False))

    async def savepoint_rollback(self) -> None:
        await uninterrupted(self._end(self._roll_back_to, commits=False))

    async def _end(self, how: Callable[[], Awaitable[None]], *, commits: bool) -> None:
        async with self._lock:  # a statement of a gathered task may still be running
            refuse_when_over(self)
            self._finalized = True
            await how()
            self.committed = commits

    async def _finish_with(self, steps: Steps[Ending]) -> Any:
        async with self._lock:
            refuse_when_over(self)
            ending = await self._run_to_end(steps)
            self._finalized = self.committed = ending.commit
            return ending.value

    async def _set_savepoint(self) -> None:
        async with self._lock:
            refuse_when_over(self)
            name = f"wismo_{next(_savepoint_numbers)}"
            await self._command(f"SAVEPOINT {name}")
            self._savepoint = name

    async def _release(self) -> None:
        await self._command(f"RELEASE SAVEPOINT {self._savepoint}")

    async def _roll_back_to(self) -> None:
        await self._command(f"ROLLBACK TO SAVEPOINT {self._savepoint}")
        await self._command(f"RELEASE SAVEPOINT {self._savepoint}")


class Savepoint(NestedTransactionContext):
    """A nested transaction: undone by any error, and nothing to do when the one around it has ended already."""

    __slots__ = ()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        if _is_over(self.client):
            return
        if exc_type is None:
            await self.client.release_savepoint()
        else:
            await self.client.savepoint_rollback()


def refuse_when_over(client: Any) -> None:
    """Raise TransactionManagementError when the transaction of `client`, or one around it, has ended."""
    if _is_over(client):
        raise TransactionManagementError("this transaction has ended: a task that outlives it needs its own")


def _is_over(client: Any) -> bool:
    while isinstance(client, TransactionalDBClient):
        if client._finalized:
            return True
        client = client._parent
    return False
