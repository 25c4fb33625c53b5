"""Tickets in the small named world, with somebody who listens to the bus."""

from collections.abc import Iterator

import pytest

from conversations import events as talk_events
from core.events import Bus, Event, current_bus, use_bus
from tests.heard import Heard, listen_to
from tests.people import World, make_world
from tickets import events as ticket_events


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Every committed event of conversations and tickets."""
    previous = current_bus()
    use_bus(Bus())
    names = (vars(talk_events) | vars(ticket_events)).values()
    yield listen_to(*(kind for kind in names if isinstance(kind, type) and issubclass(kind, Event)))
    use_bus(previous)


@pytest.fixture
async def world(database: object, heard: Heard) -> World:
    return await make_world()
