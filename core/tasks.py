"""Background tasks that start from a clean context."""

import asyncio
import contextvars
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

_ASK_AGAIN_SECONDS = 0.1

_running: set[asyncio.Task[Any]] = set()
_base: contextvars.Context | None = None


def remember_base_context() -> None:
    """Note the caller's context as the one tasks start from. Call once, at start-up, outside any transaction."""
    global _base
    _base = contextvars.copy_context()


def spawn(
    coroutine: Coroutine[Any, Any, T], *, name: str, context: contextvars.Context | None = None
) -> asyncio.Task[T]:
    """Start a task and keep it alive until it ends. `context` is that of a caller without a transaction.

    A bare `create_task` copies the caller's context, and with it the connection of a transaction that may be over
    when the task first runs; such a task would write into somebody else's transaction.
    """
    if context is None:
        context = _base.copy() if _base is not None else contextvars.Context()
    task = asyncio.get_running_loop().create_task(coroutine, name=name, context=context)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task


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
