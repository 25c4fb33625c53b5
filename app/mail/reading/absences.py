"""Absence notes, acknowledgements and receipts without a field that says so, told by two signs in their words. Pure.

One sign is not enough: people are on holiday, too, and thank for messages. Who wants something of a shop is a person.
"""

import re
import tomllib
from pathlib import Path

_TABLES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("absences.toml").read_text("utf-8"))
_NOTE = 1_500  # characters that such a letter has at most before it signs
_SENTENCE = re.compile(r"[.!。！\n](?:[ \t\n]|$)|[。！\n]")
_QUESTION = ("?", "？")
_AROUND = " \t*-_>—–[](（【】"


def told_by_words(subject: str, own: str, *, wants: bool) -> str:
    """Which kind of automatic letter it is ("absence", "acknowledgement", "receipt", "words"), or nothing.

    `subject` and `own`, the new part, are in lower case; `wants`: it asks for something.
    """
    said = own[:_NOTE]
    if wants:
        return ""
    if _is_receipt(subject, said):
        return "receipt"
    if _is_said_anywhere(said):
        return "words"
    line = " ".join(said.split())
    if _has(line, "received") and _has(line, "promised"):
        return "acknowledgement"
    return "absence" if is_away(line) and says_when(line) and not wishes(line) else ""


def is_away(said: str) -> bool:
    """Whether it speaks of an absence that is not over, whatever else it says."""
    return _has(said, "away") and not _has(said, "past")


def says_when(said: str) -> bool:
    """Whether it says when mail will be answered again, or who answers it now."""
    return _has(said, "replying")


def wishes(said: str) -> bool:
    """Whether it asks, or speaks of goods, as no absence note does."""
    return _asks(said) or _has(said, "goods")


def is_calendar_note(own: str) -> bool:
    """Whether these are only the words that a calendar puts beside somebody's answer to an invitation."""
    said = own[:_NOTE]
    return not said.strip() or (_has(said, "calendar_words") and not _asks(said))


def _is_receipt(subject: str, said: str) -> bool:
    """A person who writes `Read: my complaint` does not go on as mail programs do."""
    if not subject.startswith(tuple(_TABLES["receipt_subjects"])) or _asks(said):
        return False
    return said.lstrip().startswith(tuple(_TABLES["receipt_beginnings"])) and _has(said, "receipt_words")


def _is_said_anywhere(said: str) -> bool:
    sentences = (sentence.strip(_AROUND) for sentence in _SENTENCE.split(said, maxsplit=40)[:40])
    beginnings = tuple(_TABLES["sentences"])
    return any(sentence.startswith(beginnings) and not _asks(sentence) for sentence in sentences)


def _asks(said: str) -> bool:
    return any(sign in said for sign in _QUESTION)


def _has(said: str, table: str) -> bool:
    return any(word in said for word in _TABLES[table])
