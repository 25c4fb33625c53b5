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
_AROUND = " \t*-_>—–[](（）)【】.。!！"
_QUOTED = re.compile(r"\"[^\"\n]{4,200}\"|“[^”\n]{4,200}”|„[^“\n]{4,200}“|«[^»\n]{4,200}»|「[^」\n]{4,200}」")
# Companies say we; whoever says I in an acknowledgement is no help desk.
_ONE = re.compile(
    r"\b(?:i|i'm|i've|i'd|i'll|my|me|ich|mir|mich|mein\w{0,2}|je|moi|mon|ik|mijn|mij|jag|mig|jeg|meg|mis?|yo|io|mi[oa]"
    r"|eu|meu|minha|я|мне|меня|мо[йяёию]|mnie|mój|moj[ae]|já|mně|můj)\b|\bj'"
)
_REACHED = re.compile(  # whom to write or speak to instead
    r"(?:contact|e-?mail|call|write|reach|direct|forward|wenden|schreib|ruf|kontakt|adress|écri|appel|escrib|llam"
    r"|scriv|chiam|lig(?:ue|ar)|bel|ring|soita|yhteyttä|pisać|dzwoni|volej|ír|hívja|keres|scri[ea]|sun|пиш|звон|обра"
    r"|свяж|зверт|телеф|ara|联系|聯|拨打|致电|洽|連絡|電話|연락|hubungi|liên hệ|επικοιν)"
    r"[^\n?]{0,80}?(?:[\w.+-]{1,64}@[\w-]{1,60}\.|\+?\d[\d ()/.-]{5,})"
)


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
    line = _QUOTED.sub(" ", " ".join(said.split()))
    if _has(line, "received") and _has(line, "promised") and not _has(line, "goods") and _ONE.search(line) is None:
        return "acknowledgement"
    return "absence" if is_away(line) and says_when(line) and not wishes(line) else ""


def is_marked(subject: str) -> bool:
    """Whether the subject says somewhere that a machine wrote it."""
    return _has(subject, "marked_subjects")


def is_away(said: str) -> bool:
    """Whether it speaks of an absence that is not over, whatever else it says."""
    return _has(said, "away") and not _has(said, "past")


def says_when(said: str) -> bool:
    """Whether it says when mail will be answered again, or who answers it now."""
    return _has(said, "replying") or _REACHED.search(said) is not None


def wishes(said: str) -> bool:
    """Whether it asks, or speaks of goods, as no absence note does."""
    return _asks(said) or _has(said, "goods")


def is_calendar_note(own: str) -> bool:
    """Whether these are only the words that a calendar puts beside somebody's answer to an invitation."""
    said = own[:_NOTE]
    return not said.strip() or (_has(said, "calendar_words") and not _asks(said))


def _is_receipt(subject: str, said: str) -> bool:
    """A person who writes `Read: my complaint` does not go on as mail programs do, with the fields of the mail."""
    if not subject.startswith(tuple(_TABLES["receipt_subjects"])) or _asks(said):
        return False
    begins = said.lstrip().startswith(tuple(_TABLES["receipt_beginnings"])) and _has(said, "receipt_words")
    return begins and ("receipt" in said or re.search(r"\n[ \t]{0,8}\S{1,16}[ \t]{0,3}[:：]", said) is not None)


def _is_said_anywhere(said: str) -> bool:
    """Whether a sentence is one that no person writes."""
    sentences = [sentence.strip(_AROUND) for sentence in _SENTENCE.split(said, maxsplit=40)[:40]]
    beginnings = tuple(_TABLES["sentences"])
    return any(sentence in _TABLES["whole"] for sentence in sentences) or any(
        sentence.startswith(beginnings) and not _asks(sentence) for sentence in sentences
    )


def _asks(said: str) -> bool:
    return any(sign in said for sign in _QUESTION)


def _has(said: str, table: str) -> bool:
    return any(word in said for word in _TABLES[table])
