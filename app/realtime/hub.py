"""Who listens to what in this process. Publishing never waits and serialises a frame once, however many listen."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from pydantic_core import to_json

from app.realtime.attendance import AWAY, NAMES, OPEN, Attendance, Mark
from app.realtime.colleagues import Colleagues
from app.realtime.departures import Departures
from app.realtime.frames import Customers, Presence
from app.realtime.places import Places
from app.realtime.topics import desk_topic, shop_topic


class Listener(Protocol):
    """What the hub needs of a connection."""

    def deliver(self, frame: dict[str, Any], text: str) -> None:
        """Take a frame without waiting."""

    def close(self, code: int, reason: str) -> None:
        """End the connection soon."""


RESTART = 1012


class Hub:
    """Topics and their listeners, in memory. `RedisRelay` is the same for several processes."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, dict[Listener, None]] = defaultdict(dict)
        self._topics: defaultdict[Listener, set[str]] = defaultdict(set)
        self._held: dict[Listener, list[tuple[str, dict[str, Any], str]]] = {}
        self.attendance = Attendance(self._tell_desk)  # of customers
        self.departures = Departures()  # of agents
        self.colleagues = Colleagues()
        self.places = Places()

    async def start(self) -> None:
        """Begin to work; the hub of one process has nothing to begin."""

    async def stop(self) -> None:
        """End the work."""
        self.dismiss()

    def dismiss(self) -> None:
        """Tell every connection to come back in a moment."""
        for listener in list(self._topics):
            listener.close(RESTART, "restart")

    def publish(self, topic: str, frame: dict[str, Any]) -> None:
        """Hand `frame` to all who listen to `topic`. Call after the commit; whoever misses it heals by number."""
        self.deliver(topic, frame)

    def deliver(self, topic: str, frame: dict[str, Any]) -> str | None:
        """Hand `frame` to the listeners of this process. Returns it as it went over the wire, if anybody listened."""
        listeners = self._listeners.get(topic)
        if not listeners:
            return None
        text = encode(frame)
        for listener in list(listeners):
            if self._held and listener in self._held and frame["type"] != "bye":
                self._held[listener].append((topic, frame, text))
            else:
                listener.deliver(frame, text)
        return text

    @contextmanager
    def held(self, listener: Listener) -> Iterator[None]:
        """What comes for `listener` meanwhile is handed over at the end, behind what its session says first; nothing of
        what it does not follow any more by then."""
        waiting: list[tuple[str, dict[str, Any], str]] = []
        self._held[listener] = waiting
        try:
            yield
        finally:
            del self._held[listener]
            for topic, frame, text in waiting:
                if self.hears(topic, listener):
                    listener.deliver(frame, text)

    def subscribe(self, topic: str, listener: Listener) -> None:
        """Let `listener` hear `topic`. The caller has checked that it may."""
        self._listeners[topic][listener] = None
        self._topics[listener].add(topic)

    def unsubscribe(self, topic: str, listener: Listener) -> None:
        """Cut one subscription; nothing happens when there is none."""
        listeners = self._listeners.get(topic)
        if listeners is not None:
            listeners.pop(listener, None)
            if not listeners:
                del self._listeners[topic]
        topics = self._topics.get(listener)
        if topics is not None:
            topics.discard(topic)
            if not topics:
                del self._topics[listener]

    def leave(self, listener: Listener) -> None:
        """Cut everything `listener` hears; a customer's line is one less."""
        self.attendance.leave(listener)
        for topic in list(self._topics.get(listener, ())):
            self.unsubscribe(topic, listener)

    def topics(self, prefix: str = "") -> list[str]:
        """What is listened to in this process."""
        return [topic for topic in self._listeners if topic.startswith(prefix)]

    def hears(self, topic: str, listener: Listener) -> bool:
        """Whether `listener` is subscribed to `topic`."""
        return topic in self._topics.get(listener, ())

    def count(self) -> int:
        """How many connections listen to anything."""
        return len(self._topics)

    def _tell_desk(self, changes: dict[str, Mark]) -> None:
        """Customers have come or gone: lists hear of all of their shop, whoever watches a conversation of its own.

        Every process knows it by itself, so nothing is passed on.
        """
        by_shop: defaultdict[int, dict[str, Any]] = defaultdict(dict)
        for conversation, (level, shop_id) in changes.items():
            by_shop[shop_id][conversation] = NAMES[level]
            presence = Presence(conversation=conversation, who="customer", on=level > AWAY, open=level == OPEN)
            self.deliver(desk_topic(conversation), presence.model_dump())
        for shop_id, states in by_shop.items():
            self.deliver(shop_topic(shop_id), Customers(states=states).model_dump())


def encode(frame: dict[str, Any]) -> str:
    """A frame as it goes over the wire."""
    return to_json(frame).decode()
