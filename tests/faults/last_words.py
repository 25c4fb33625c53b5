"""Which mails may leave twice: a line or the desk broke after the last dot, before the desk had noted the answer.

RFC 5321, 4.5.3.2.6 and RFC 1047 know this: a sender who has not heard the 250 has to send again.
"""

import re
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

_DOT = b"\r\n.\r\n"
_NAME = re.compile(rb"^Message-ID:\s*<([^>]+)>", re.MULTILINE | re.IGNORECASE)


@dataclass
class LastWords:
    """Reads along on a hop that SMTP goes over. `allowed`: how often each Message-ID may come once more."""

    allowed: Counter[str] = field(default_factory=Counter)
    taken: int = 0
    refused: int = 0
    _talks: dict[object, bytearray] = field(default_factory=dict)
    _waiting: dict[object, str] = field(default_factory=dict)
    _heard: list[tuple[float, str]] = field(default_factory=list)

    def asked(self, line: object, piece: bytes) -> None:
        """The desk says something."""
        talk = self._talks.setdefault(line, bytearray())
        before = len(talk)
        talk += piece
        if talk.find(_DOT, max(0, before - len(_DOT))) >= 0:
            name = _NAME.search(talk)
            if name:
                self._waiting[line] = name[1].decode()
            talk.clear()

    def answered(self, line: object, piece: bytes) -> None:
        """An answer was handed to the desk's side of the line."""
        name = self._waiting.pop(line, None)
        if name is None:
            return
        if piece.startswith(b"250"):
            self.taken += 1
            self._heard.append((time.monotonic(), name))
        else:
            self.refused += 1

    def ended(self, line: object) -> None:
        """The line is gone: who waits for the answer to the dot on it never learns whether the mail was taken."""
        self._talks.pop(line, None)
        name = self._waiting.pop(line, None)
        if name is not None:
            self.allowed[name] += 1

    def recent(self, seconds: float) -> set[str]:
        """The mails whose 250 was passed on since then."""
        self._heard = [(at, name) for at, name in self._heard if at >= time.monotonic() - seconds]
        return {name for _, name in self._heard}

    def unsure(self, names: Collection[str]) -> None:
        """The desk was hurt before it could write down that these were taken."""
        self._heard = [(at, name) for at, name in self._heard if name not in names]
        self.allowed.update(names)
