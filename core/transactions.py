"""One transaction per change: it joins a running one, collects events, commits, then tells the world.

A verb opens `transaction()`, changes rows and records events. At the end of the outermost block the inside listeners
hear each event (and may record more) until none is left; then the commit; then, outside the transaction and its
connection, the after listeners. A hook or an after listener that fails is logged and does not undo anything. Whoever
is cancelled once the change is durable is cancelled after everybody has been told.
"""

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TypeVar

import structlog
from tortoise import connections
from tortoise.transactions import in_transaction

from core.engines.transactions import Ending, SafeTransaction, uninterrupted
from core.events import AfterListener, Event, Listener, Together, current_bus
from core.sql import Program, carry_out, connection_name, steps

log = structlog.get_logger(__name__)

T = TypeVar("T")

SLOW_SECONDS = 0.05


class Transaction:
    """The events and commit hooks of the transaction that is running."""

    def __init__(self) -> None:
        self.pending: list[Event] = []
        self.heard: list[Event] = []
        self.left: list[tuple[Listener, Event]] = []  # what programs of listeners have left to do
        self.hooks: dict[str, Callable[[], None]] = {}
        self.if_undone: list[Callable[[], Awaitable[None]]] = []
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
    except Exception:
        if not (isinstance(client, SafeTransaction) and client.committed):
            await _after_undoing(unit)
        raise
    await _tell_world(unit)


async def transact(begin: Callable[[], Program[T]]) -> T:
    """Run a whole change, which is one program, in a transaction of its own and return what it returns.

    `begin` makes the program when the connection is ours. Together with the listeners that are programs, too, SQLite
    gets it in one piece from BEGIN to COMMIT. Not inside of another transaction.
    """
    assert _current.get() is None
    async with transaction() as unit:
        client = connections.get(connection_name())
        assert isinstance(client, SafeTransaction)
        result: T = await client.run_to_end(steps(_to_the_end(unit, begin()), connection_name()))
    return result


def in_transaction_now() -> bool:
    """Whether the caller is part of a change that is not committed yet."""
    return _current.get() is not None


def record(event: Event) -> None:
    """Note that `event` happened in the running transaction. Raises RuntimeError outside of one."""
    _require().pending.append(event)


def on_commit(key: str, hook: Callable[[], None]) -> None:
    """Call `hook` once after the commit; a second hook with the same key replaces the first."""
    _require().hooks[key] = hook


def if_undone(act: Callable[[], Awaitable[None]]) -> None:
    """Do `act` in a transaction of its own if the running one fails: what must be known of what was not done."""
    _require().if_undone.append(act)


def _require() -> Transaction:
    unit = _current.get()
    if unit is None:
        raise RuntimeError("no transaction is running: open one with transaction()")
    if unit.over:
        raise RuntimeError("this transaction has ended: a task that outlives it is started with spawn()")
    return unit


def _to_the_end(unit: Transaction, program: Program[T]) -> Program[Ending]:
    """The change and what follows from it, as far as that can be said in programs; then it may be committed."""
    result = yield from program
    inside = current_bus().inside
    while unit.pending:
        kind = type(unit.pending[0])
        listeners = inside.get(kind, ())
        if not all(isinstance(listener, Together) for listener in listeners):
            break
        events = [event for event in unit.pending if type(event) is kind]
        unit.pending = [event for event in unit.pending if type(event) is not kind]
        unit.heard += events
        for listener in listeners:
            assert isinstance(listener, Together)
            left = yield from listener.program(events)
            unit.left += [(listener.otherwise, event) for event in left]
    return Ending(result, commit=not unit.pending and not unit.left)


async def _after_undoing(unit: Transaction) -> None:
    if not unit.if_undone:
        return
    try:
        async with transaction():
            for act in unit.if_undone:
                await act()
    except Exception:
        log.exception("nothing_left_of_failed_change", acts=len(unit.if_undone))


async def _tell_inside(unit: Transaction) -> None:
    for listener, event in unit.left:
        await listener(event)
    bus = current_bus()
    while unit.pending:
        event = unit.pending.pop(0)
        unit.heard.append(event)
        for one in bus.inside.get(type(event), ()):
            if not isinstance(one, Together):
                await one(event)
                continue
            for left in await carry_out(one.program([event])):
                await one.otherwise(left)


def _note_time(unit: Transaction, seconds: float) -> None:
    if seconds > SLOW_SECONDS:
        log.warning("slow_transaction", seconds=round(seconds, 3), events=[type(e).__name__ for e in unit.heard])


async def _tell_world(unit: Transaction) -> None:
    """The change is durable: a cancellation may not keep it from the worker and from open screens.

    Most listeners need not wait for anything: a task is made for the first that does, and for those behind it.
    """
    _run_hooks(unit)
    after = current_bus().after
    calls = ((listener, event) for event in unit.heard for listener in after.get(type(event), ()))
    for listener, event in calls:
        left = _tell(listener, event)
        if left is not None:
            await uninterrupted(_tell_rest(_finish(left, listener, event), calls))


def _run_hooks(unit: Transaction) -> None:
    for key, hook in unit.hooks.items():
        try:
            hook()
        except Exception:
            log.exception("hook_failed", hook=key)


async def _tell_rest(first: Awaitable[None], calls: Iterator[tuple[AfterListener, Event]]) -> None:
    await first
    for listener, event in calls:
        left = _tell(listener, event)
        if left is not None:
            await _finish(left, listener, event)


def _tell(listener: AfterListener, event: Event) -> Awaitable[None] | None:
    try:
        return listener(event)
    except Exception:
        log.exception("after_listener_failed", **_names(listener, event))
        return None


async def _finish(left: Awaitable[None], listener: AfterListener, event: Event) -> None:
    try:
        await left
    except Exception:
        log.exception("after_listener_failed", **_names(listener, event))


def _names(listener: AfterListener, event: Event) -> dict[str, str]:
    return {"listener": getattr(listener, "__qualname__", repr(listener)), "happened": type(event).__name__}
