"""One customer message, and the language it is written in."""

import re
from dataclasses import dataclass

from bots.dialogue import Language

_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN_WORD = re.compile(r"(?<![\w@.#/-])[A-Za-z][A-Za-z']+(?![\w@])")
# People who write Chinese say these too: they do not switch the language of a conversation.
_SHARED = frozenset({"ok", "okay", "hi", "hello", "hey", "bye", "thanks", "yes", "no", "vip", "app", "sorry"})
_LOOK_AT = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCase:
    """An after-sales case of a proved order."""

    case_id: str
    order_id: str
    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class Question:
    """The words of message `number`. An empty text asks the engine to resume what was pending."""

    text: str
    language_hint: str = "en"
    number: int = 0
    files: int = 0  # how many came with it; the bot does not look into them
    ticket: int | None = None  # number of the work that is open in this conversation
    order_id: str | None = None  # of an order that was picked from a list, not typed
    cases: tuple[KnownCase, ...] = ()  # of proved orders, newest first


def language_of(question: Question, spoken: Language | None) -> Language:
    """The language to answer in: that of the message, else the one spoken so far, else the hint of the page."""
    text = question.text[:_LOOK_AT]
    fallback: Language = spoken or ("zh" if question.language_hint.lower().startswith("zh") else "en")
    characters = len(_CJK.findall(text))
    words = [word.lower() for word in _LATIN_WORD.findall(text)]
    if characters:
        return "zh" if characters >= len(words) else "en"
    return "en" if any(word not in _SHARED for word in words) else fallback
