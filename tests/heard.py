"""What the bus said and which statements were run, for tests that listen."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from core.events import Event, current_bus

E = TypeVar("E", bound=Event)


class Heard:
    """Every committed event, in order."""

    def __init__(self) -> None:
        self.everything: list[Event] = []

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.everything if isinstance(event, kind)]

    def clear(self) -> None:
        self.everything.clear()

    async def listen(self, event: Event) -> None:
        self.everything.append(event)


def listen_to(*kinds: type[Event]) -> Heard:
    """Listen to `kinds` from now on, after the commit."""
    heard, bus = Heard(), current_bus()
    for kind in kinds:
        bus.after[kind] = (*bus.after.get(kind, ()), heard.listen)
    return heard


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are run inside of the block, without BEGIN and COMMIT."""
    statements: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            statements.append(record.getMessage())

    log, handler = logging.getLogger("tortoise.db_client"), Collector()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        yield statements
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
