"""Events are frozen facts in the past tense; the bus is the one list of who listens."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.sql import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. Carries ids and plain values, never rows. Subclasses say when they are recorded."""


Listener = Callable[[Any], Awaitable[None]]
AfterListener = Callable[[Any], Awaitable[None] | None]  # None: it need not wait for anything, and is done


async def _nothing_left(event: Any) -> None:
    """What is to be done about an event when the program has done everything."""


@dataclass(frozen=True, slots=True)
class Together:
    """An inside listener for many events of its kind at once, as a program: for what happens often.

    The program returns the events about which more must be done than a statement can say; each goes to `otherwise`.
    """

    program: Callable[[Sequence[Any]], Program[Sequence[Any]]]
    otherwise: Listener = _nothing_left


class Bus:
    """Which listeners hear which event, inside the transaction and after its commit.

    `inside` may only touch the database: it is part of the change and can fail it. `after` runs when the change is
    durable; it may be lost with the process, so whatever it feeds must heal by itself.
    """

    def __init__(self) -> None:
        self.inside: dict[type[Event], tuple[Listener | Together, ...]] = {}
        self.after: dict[type[Event], tuple[AfterListener, ...]] = {}


_bus = Bus()


def use_bus(bus: Bus) -> None:
    """Make `bus` the process's bus."""
    global _bus
    _bus = bus


def current_bus() -> Bus:
    return _bus
