"""What the bot remembers between two messages of one conversation."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

Language = Literal["en", "zh"]
Awaiting = Literal["order_number", "code", "order_choice", "problem", "detail", "confirmation"]
_PAUSE = timedelta(hours=12)
_NO_REQUEST: dict[str, Any] = {"details": {}, "asking": None, "queued": ()}
_AWAITING = frozenset(get_args(Awaiting))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """The open question (`awaiting`), the wish that waits for it (`pending`), and the order being talked about.

    `order_id` is an order that was shown to this person; `order_number` is only what they typed.
    """

    language: Language | None = None
    awaiting: Awaiting | None = None
    pending: str | None = None  # a rule's name
    order_number: str | None = None
    order_id: str | None = None
    misses: int = 0  # messages in a row that were not understood
    last_intent: str | None = None
    turns: int = 0  # answers given so far; a bot that talks to a bot must stop
    asked: int = 0  # how often the last answer was asked for again with nothing new to say
    told: str | None = None  # "order id:version" of the last answer about an order
    wishes: tuple[str, ...] = ()  # what was passed on to people
    details: Mapping[str, str] = field(default_factory=dict)  # what the open requests know: "invoice.email" → …
    asking: str | None = None  # the detail that was asked for last
    queued: tuple[str, ...] = ()  # wishes that wait for their turn: "rule: the words they came with"
    at: str | None = None  # when the bot last answered, ISO 8601 in UTC

    def proved(self) -> "Dialogue":
        """The code was right: nothing is awaited, and the pending wish can be answered by `decide(Question(""), …)`."""
        return replace(self, awaiting=None)

    def rested(self, now: datetime) -> "Dialogue":
        """After a long pause an open question is closed: yesterday's "1001" must not answer it, nor a "yes" to it.

        Language, the order talked about and what was passed on to people stay.
        """
        if self.at is None or now - datetime.fromisoformat(self.at) < _PAUSE:
            return self
        return replace(self, awaiting=None, pending=None, misses=0, turns=0, asked=0, told=None, **_NO_REQUEST)

    def to_json(self) -> dict[str, Any]:
        """A small JSON object; defaults are left out."""
        plain = {name: value for name, value in asdict(self).items() if value not in (None, 0, (), {})}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "Dialogue":
        """Read what `to_json` wrote. Unknown or broken entries are dropped: forgetting is better than failing."""
        known = {entry.name: _sound(entry.name, (stored or {}).get(entry.name)) for entry in fields(cls)}
        return cls(**{name: value for name, value in known.items() if value is not None})


def _sound(name: str, value: Any) -> Any:
    if name == "language":
        return value if value in ("en", "zh") else None
    if name == "awaiting":
        return value if value in _AWAITING else None
    if name == "at":
        return value if isinstance(value, str) and _is_moment(value) else None
    if name in ("misses", "turns", "asked"):
        return value if isinstance(value, int) and value >= 0 else None
    if name == "details":
        return {str(key): str(each) for key, each in value.items()} if isinstance(value, Mapping) else None
    if name in ("wishes", "queued"):
        return tuple(str(item) for item in value) if isinstance(value, list | tuple) else None
    return value if isinstance(value, str) else None


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
