"""One transaction per change: it joins a running one, collects events, commits, then tells the world.

A verb opens `transaction()`, changes rows and records events. At the end of the outermost block the inside listeners
hear each event (and may record more) until none is left; then the commit; then, outside the transaction and its
connection, the after listeners. A hook or an after listener that fails is logged and does not undo anything. Whoever
is cancelled once the change is durable is cancelled after everybody has been told.
"""

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from tortoise import connections
from tortoise.transactions import in_transaction

from core.engines.transactions import SafeTransaction, uninterrupted
from core.events import Event, current_bus

log = structlog.get_logger(__name__)

SLOW_SECONDS = 0.05


class Transaction:
    """The events and commit hooks of the transaction that is running."""

    def __init__(self) -> None:
        self.pending: list[Event] = []
        self.heard: list[Event] = []
        self.hooks: dict[str, Callable[[], None]] = {}
        self.over = False


_current: contextvars.ContextVar[Transaction | None] = contextvars.ContextVar("wismo_transaction", default=None)


@asynccontextmanager
async def transaction() -> AsyncIterator[Transaction]:
    """Run the block in one database transaction; nested blocks join the outermost one."""
    if _current.get() is not None:
        yield _require()
        return
    unit, client = Transaction(), None
    try:
        async with in_transaction(connection_name()) as client:
            started = time.monotonic()  # not while others had the connection
            token = _current.set(unit)
            try:
                yield unit
                await _tell_inside(unit)
            finally:
                unit.over = True
                _current.reset(token)
        _note_time(unit, time.monotonic() - started)
    except asyncio.CancelledError:
        if isinstance(client, SafeTransaction) and client.committed:
            await _tell_world(unit)
        raise
    await _tell_world(unit)


def record(event: Event) -> None:
    """Note that `event` happened in the running transaction. Raises RuntimeError outside of one."""
    _require().pending.append(event)


def on_commit(key: str, hook: Callable[[], None]) -> None:
    """Call `hook` once after the commit; a second hook with the same key replaces the first."""
    _require().hooks[key] = hook


def connection_name() -> str:
    """The name of the one connection that is configured (`sqlite` or `pg`)."""
    return next(iter(connections.db_config))


def dialect() -> str:
    """`sqlite` or `postgres`: for the few statements that must be written twice."""
    return str(connections.get(connection_name()).capabilities.dialect)


def _require() -> Transaction:
    unit = _current.get()
    if unit is None:
        raise RuntimeError("no transaction is running: open one with transaction()")
    if unit.over:
        raise RuntimeError("this transaction has ended: a task that outlives it is started with spawn()")
    return unit


async def _tell_inside(unit: Transaction) -> None:
    bus = current_bus()
    while unit.pending:
        event = unit.pending.pop(0)
        unit.heard.append(event)
        for listener in bus.inside.get(type(event), ()):
            await listener(event)


def _note_time(unit: Transaction, seconds: float) -> None:
    if seconds > SLOW_SECONDS:
        log.warning("slow_transaction", seconds=round(seconds, 3), events=[type(e).__name__ for e in unit.heard])


async def _tell_world(unit: Transaction) -> None:
    """The change is durable: a cancellation may not keep it from the worker and from open screens."""
    _run_hooks(unit)
    bus = current_bus()
    if any(type(event) in bus.after for event in unit.heard):
        await uninterrupted(_tell_after(unit))


def _run_hooks(unit: Transaction) -> None:
    for key, hook in unit.hooks.items():
        try:
            hook()
        except Exception:
            log.exception("hook_failed", hook=key)


async def _tell_after(unit: Transaction) -> None:
    bus = current_bus()
    for event in unit.heard:
        for listener in bus.after.get(type(event), ()):
            try:
                await listener(event)
            except Exception:
                name = getattr(listener, "__qualname__", repr(listener))
                log.exception("after_listener_failed", listener=name, happened=type(event).__name__)
