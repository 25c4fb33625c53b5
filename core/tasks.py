"""Background tasks that start from a clean context."""

import asyncio
import contextvars
from collections.abc import Awaitable, Coroutine, Generator, Iterable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

_ASK_AGAIN_SECONDS = 0.1

_running: set[asyncio.Task[Any]] = set()
_loose: set[asyncio.Task[Any]] = set()
_base: contextvars.Context | None = None


def remember_base_context() -> None:
    """Note the caller's context as the one tasks start from. Call once, at start-up, outside any transaction."""
    global _base
    _base = contextvars.copy_context()


def spawn(
    coroutine: Coroutine[Any, Any, T], *, name: str, context: contextvars.Context | None = None, loose: bool = False
) -> asyncio.Task[T]:
    """Start a task and keep it alive until it ends. `context` is that of a caller without a transaction.

    Nothing is lost when a `loose` one never ends: `cut_loose_ends` stops it before the database is closed.

    A bare `create_task` copies the caller's context, and with it the connection of a transaction that may be over
    when the task first runs; such a task would write into somebody else's transaction.
    """
    if context is None:
        context = _base.copy() if _base is not None else contextvars.Context()
    task = asyncio.get_running_loop().create_task(coroutine, name=name, context=context)
    _running.add(task)
    task.add_done_callback(_running.discard)
    if loose:
        _loose.add(task)
        task.add_done_callback(_loose.discard)
    return task


async def cut_loose_ends() -> None:
    """Stop the loose tasks of this loop, and wait until they have stopped."""
    loop = asyncio.get_running_loop()
    await end([task for task in _loose if task.get_loop() is loop])


def as_far_as_it_goes(coroutine: Coroutine[Any, Any, None]) -> Awaitable[None] | None:
    """Run `coroutine` here and now until it must wait for something; None when it need not. Otherwise await the rest.

    For what seldom waits, a task would be dearer than the work. It must not ask for the current task (no time-outs).
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration:
        return None
    return _Rest(coroutine, waits_for)


class _Rest:
    """What is left of a coroutine that has begun outside of the task that ends it."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        while True:
            try:
                sent = yield waits_for
            except BaseException as error:  # noqa: BLE001  # a cancellation, for one: it is the coroutine's to handle
                step = partial(self._coroutine.throw, error)
            else:
                step = partial(self._coroutine.send, sent)
            try:
                waits_for = step()
            except StopIteration:
                return


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended.

    Python 3.11's `asyncio.wait_for`, which libraries use, drops a cancellation that comes with its result, and the
    task goes on; so ask again.
    """
    left = set(tasks)
    while left := {task for task in left if not task.done()}:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=_ASK_AGAIN_SECONDS)
