"""Which customers are at their end of a chat, as this process sees it and as the others say. In memory only.

Each process tells the others what changes at its own doors, under a number that counts up. Who sees a gap in the
numbers, or another size, asks for the whole: so what was lost is known again after the next pulse.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from secrets import token_hex
from typing import Any, NamedTuple

from app.realtime.frames import Nearness

AWAY, NEAR, OPEN = 0, 1, 2  # no line; a page with the chat closed; the chat is on the screen
GRACE_SECONDS = 15.0  # a page that loads, a tunnel, a restart of the desk: nobody has left
GATHER_SECONDS = 0.5  # a thousand who come together are told of together
SILENT_SECONDS = 7.0  # a process that has not been heard for three pulses is gone
ASK_SECONDS = 1.0  # between two questions to the same process
PART = 1000  # customers in one message of a roster
NAMES: dict[int, Nearness] = {AWAY: "away", NEAR: "near", OPEN: "open"}


class Mark(NamedTuple):
    """How near the customer of a conversation is (AWAY, NEAR, OPEN), and of which shop."""

    level: int
    shop_id: int


class Other:
    """What another process has said."""

    def __init__(self) -> None:
        self.marks: dict[str, Mark] = {}
        self.number = -1  # of its last change that we know; -1: we have missed something
        self.heard = time.monotonic()
        self.asked = 0.0


class Attendance:
    """Marks by the public id of the conversation. `tell` hears of changes: of many at a time, and not too often."""

    def __init__(self, tell: Callable[[dict[str, Mark]], None]) -> None:
        self._tell = tell
        self._lines: dict[str, dict[object, Mark]] = {}  # by conversation and line
        self._of: dict[object, str] = {}
        self._until: dict[str, float] = {}  # who has gone may come back until then
        self._own: dict[str, Mark] = {}  # what this process says; those who may come back included
        self._others: dict[str, Other] = {}
        self._told: dict[str, Mark] = {}
        self._stirred: dict[str, int] = {}  # conversation → shop
        self._unsaid: dict[str, Mark] = {}
        self._number = 0
        self._gathering = False
        self.name = token_hex(8)
        self.share: Callable[[dict[str, Any]], None] | None = None  # with the other processes
        self.on_left: Callable[[list[str]], None] | None = None  # their last line ended here, GRACE_SECONDS ago

    def enter(self, conversation: str, line: object, shop_id: int, *, is_open: bool) -> None:
        """`line` is one of the customer of `conversation`; say it again when the chat is opened or closed there."""
        if self._of.get(line, conversation) != conversation:
            self.leave(line)
        self._of[line] = conversation
        self._lines.setdefault(conversation, {})[line] = Mark(OPEN if is_open else NEAR, shop_id)
        self._settle(conversation)

    def leave(self, line: object) -> None:
        """The line has ended; nothing is said before the customer has had time to come back. Unknown lines pass."""
        conversation = self._of.pop(line, None)
        if conversation is None:
            return
        lines = self._lines[conversation]
        del lines[line]
        if lines:
            self._settle(conversation)
            return
        del self._lines[conversation]
        loop = asyncio.get_running_loop()
        self._until[conversation] = loop.time() + GRACE_SECONDS
        loop.call_later(GRACE_SECONDS, self._settle, conversation)

    def level(self, conversation: str) -> int:
        """How near the customer is: AWAY, NEAR or OPEN."""
        return max((mark.level for mark in self._marks(conversation)), default=AWAY)

    def pulse(self) -> None:
        """Every two seconds: let the others see whether they have missed something, and forget who is silent."""
        if self.share is not None and self._number and not self._unsaid:
            self.share({"number": self._number, "size": len(self._own)})
        for name, other in list(self._others.items()):
            if time.monotonic() - other.heard > SILENT_SECONDS:
                self._replace(other, {})
                del self._others[name]

    def excuse(self) -> None:
        """Nobody can be heard at the moment: silence says nothing."""
        for other in self._others.values():
            other.heard = time.monotonic()

    def hear(self, name: str, said: Mapping[str, Any]) -> None:
        """Take what the process `name` says: a question, changes, a part of its roster, or a pulse.

        Raises KeyError, TypeError or ValueError when it is none of them.
        """
        if "ask" in said:
            if said["ask"] == self.name:
                self._say_all()
            return
        other = self._others.setdefault(name, Other())
        other.heard = time.monotonic()
        number = int(said["number"])
        if "marks" not in said:
            if (number, said["size"]) != (other.number, len(other.marks)):
                self._ask(name, other)
            return
        marks = {str(key): Mark(int(level), int(shop_id)) for key, (level, shop_id) in dict(said["marks"]).items()}
        if said.get("part") == 0:
            self._replace(other, marks)
        elif "part" in said or number == other.number + 1:
            self._merge(other, marks)
        else:
            number = -1
            self._ask(name, other)
        other.number = number

    def _marks(self, conversation: str) -> Iterable[Mark]:
        """What each process says about the conversation."""
        for marks in (self._own, *(other.marks for other in self._others.values())):
            if conversation in marks:
                yield marks[conversation]

    def _settle(self, conversation: str) -> None:
        """Say anew what the lines here are; of those who have just gone nothing yet."""
        lines, before = self._lines.get(conversation), self._own.get(conversation)
        if lines:
            self._until.pop(conversation, None)
            mark = max(lines.values())
        elif before is None or asyncio.get_running_loop().time() < self._until.get(conversation, 0.0) - 0.1:
            return
        else:
            self._until.pop(conversation, None)
            mark = Mark(AWAY, before.shop_id)
        if mark == before:
            return
        _put(self._own, conversation, mark)
        self._unsaid[conversation] = mark
        self._stir({conversation: mark.shop_id})

    def _stir(self, conversations: dict[str, int]) -> None:
        self._stirred |= conversations
        if self._stirred and not self._gathering:
            self._gathering = True
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._say)

    def _say(self) -> None:
        """Tell the other processes what is new here, and the listeners what is new anywhere."""
        self._gathering = False
        unsaid, self._unsaid = self._unsaid, {}
        stirred, self._stirred = self._stirred, {}
        if unsaid:
            self._number += 1
            if self.share is not None:
                self.share({"number": self._number, "marks": unsaid})
        changes = {talk: Mark(self.level(talk), shop_id) for talk, shop_id in stirred.items()}
        changes = {talk: mark for talk, mark in changes.items() if mark.level != self._told_level(talk)}
        for talk, mark in changes.items():
            _put(self._told, talk, mark)
        if changes:
            self._tell(changes)
        left = [talk for talk, mark in unsaid.items() if mark.level == AWAY and self.level(talk) == AWAY]
        if left and self.on_left is not None:
            self.on_left(left)

    def _told_level(self, conversation: str) -> int:
        told = self._told.get(conversation)
        return told.level if told is not None else AWAY

    def _say_all(self) -> None:
        """The whole roster, in parts; what has not been said yet is in it, and comes once more with the next change."""
        if self.share is None:
            return
        rows = list(self._own.items())
        for start in range(0, len(rows) or 1, PART):
            part = dict(rows[start : start + PART])
            self.share({"number": self._number, "part": start // PART, "marks": part})

    def _ask(self, name: str, other: Other) -> None:
        if self.share is not None and time.monotonic() - other.asked >= ASK_SECONDS:
            other.asked = time.monotonic()
            self.share({"ask": name})

    def _merge(self, other: Other, marks: dict[str, Mark]) -> None:
        for conversation, mark in marks.items():
            _put(other.marks, conversation, mark)
        self._stir({conversation: mark.shop_id for conversation, mark in marks.items()})

    def _replace(self, other: Other, marks: dict[str, Mark]) -> None:
        before, other.marks = other.marks, dict(marks)
        self._stir({conversation: mark.shop_id for conversation, mark in (before | marks).items()})


def _put(marks: dict[str, Mark], conversation: str, mark: Mark) -> None:
    if mark.level == AWAY:
        marks.pop(conversation, None)
    else:
        marks[conversation] = mark
