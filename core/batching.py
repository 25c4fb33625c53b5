"""Group commit: callers that come at the same time share one transaction, and each hears of its own part alone.

A commit costs a flush of the disk, whether it holds one row or a hundred. Whoever comes first is served at once;
whoever comes while a transaction runs waits for the next one with all the others. Nobody waits for a clock.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from tortoise.context import TortoiseContext, require_context
from tortoise.exceptions import DBConnectionError

from core.engines.transactions import NotBegun
from core.sql import Program
from core.tasks import spawn
from core.transactions import in_transaction_now, transact

I = TypeVar("I")  # noqa: E741  # an item
R = TypeVar("R")

MOST = 256  # items in one transaction: it stays short
AT_ONCE = 2  # one tells the world what it has committed while the next one has the database


class _Alone(Enum):
    ALONE = "alone"


ALONE = _Alone.ALONE
Outcome: TypeAlias = R | Literal[_Alone.ALONE]


class Batch(Generic[I, R]):
    """A verb whose calls share transactions.

    `together` is a program that does many items at once and returns an outcome for each. It changes nothing for those
    that it answers with ALONE: they are not plain, or not allowed. `alone` does one item in the caller's own
    transaction and may refuse it. It must find what was done before under the same name, because it is also asked
    for each item of a transaction that failed: one bad item fails alone.
    """

    def __init__(
        self, together: Callable[[Sequence[I]], Program[Sequence[Outcome[R]]]], alone: Callable[[I], Awaitable[R]]
    ) -> None:
        self._together = together
        self._alone = alone
        self._queues: WeakKeyDictionary[TortoiseContext, _Queue[I, R]] = WeakKeyDictionary()

    async def do(self, item: I) -> R:
        """Do `item` with others, or within the caller's transaction. When this returns outside of one, it is committed.

        Whoever is cancelled while still waiting has done nothing; later, the cancellation waits for the commit.
        Raises what `alone` raises, and NotBegun or DBConnectionError of a transaction that could not be tried.
        """
        if in_transaction_now():
            return await self._alone(item)
        outcome = await self._queue().join(item)
        return await self._alone(item) if isinstance(outcome, _Alone) else outcome

    def _queue(self) -> "_Queue[I, R]":
        database = require_context()
        queue = self._queues.get(database)
        if queue is None:
            queue = self._queues[database] = _Queue(self._together)
        return queue


class _Place(asyncio.Future[Any]):
    """An item that waits, and the future of what will have come of it.

    As soon as it is taken, whoever awaits it is cancelled only after its end.
    """

    item: Any
    taken = False

    def cancel(self, msg: Any = None) -> bool:
        """Give up waiting, if that is still possible; otherwise the task asks itself again at the end."""
        return not self.taken and super().cancel(msg)

    def abandon(self) -> None:
        """Nobody can say any more what came of it."""
        self.taken = False
        self.cancel()


class _Queue(Generic[I, R]):
    """Who waits for one database."""

    def __init__(self, together: Callable[[Sequence[I]], Program[Sequence[Outcome[R]]]]) -> None:
        self._together = together
        self._waiting: deque[_Place] = deque()
        self._flushing = 0

    async def join(self, item: I) -> Outcome[R]:
        """Wait for the next transaction and the end of it."""
        place = _Place(loop=asyncio.get_running_loop())
        place.item = item
        self._waiting.append(place)
        if self._flushing < AT_ONCE:
            self._flushing += 1
            # The caller's context names the database, and it has no transaction.
            spawn(self._flush(), name="batch", context=contextvars.copy_context())
        outcome: Outcome[R] = await place
        return outcome

    async def _flush(self) -> None:
        try:
            while self._waiting:
                await self._serve()
        finally:
            self._flushing -= 1

    async def _serve(self) -> None:
        """One transaction for all who wait by the time it begins."""
        taken: list[_Place] = []

        def begin() -> Program[Sequence[Outcome[R]]]:
            taken.extend(self._take())
            return self._together([place.item for place in taken])

        try:
            outcomes = await transact(begin)
        except Exception as error:  # noqa: BLE001  # it is raised again, by whom it concerns
            _fail(taken or self._take(), error, finally_=not taken or isinstance(error, NotBegun | DBConnectionError))
        except BaseException:
            for place in taken:
                place.abandon()
            raise
        else:
            for place, outcome in zip(taken, outcomes, strict=True):
                if not place.done():
                    place.set_result(outcome)

    def _take(self) -> list[_Place]:
        taken: list[_Place] = []
        while self._waiting and len(taken) < MOST:
            place = self._waiting.popleft()
            if not place.done():  # nobody was cancelled
                place.taken = True
                taken.append(place)
        return taken


def _fail(places: Sequence[_Place], error: BaseException, *, finally_: bool) -> None:
    """The transaction is undone. What could be tried may have failed because of one item, or because somebody else did
    the same at the same time: each tries again alone."""
    for place in places:
        if place.done():
            continue
        if finally_:
            place.set_exception(error)
        else:
            place.set_result(ALONE)
