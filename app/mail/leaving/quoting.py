"""What is answered or forwarded, below the new words: who wrote it and when, and their words. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.i18n import clock_time, full_day, gettext
from app.mail.reading.headers import one_line

MAX_QUOTED = 20_000  # characters

# What we put behind the + of our addresses opens a conversation: it never travels in a quote.
_TOKEN = re.compile(r"(?i)\+[a-z][0-9a-hjkmnp-tv-z]{26}\.[a-z2-7]{16}(?=@)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """Words that somebody else wrote, with a line that says so."""

    attribution: str
    text: str

    @property
    def as_text(self) -> str:
        """In plain text, each line behind a `>`."""
        return "\n".join(f"> {line}".rstrip() for line in self.text.splitlines())


def quoted(author: str, at: datetime, text: str, timezone: str, language: str) -> Quoted:
    """As mail programs write it, so that they and we can fold it away again."""
    line = gettext(_("On %(day)s at %(time)s, %(name)s wrote:"), language)
    values = {"day": full_day(at, timezone, language), "time": clock_time(at, timezone, language)}
    return Quoted(attribution=line % (values | {"name": one_line(author)}), text=without_tokens(text)[:MAX_QUOTED])


def without_tokens(text: str) -> str:
    """`text` with our reply addresses as everybody may know them: `help+r01k….signature@…` becomes `help@…`."""
    return _TOKEN.sub("", text)


def longest_that_fit(pieces: Sequence[Quoted], most: int = MAX_QUOTED * 5) -> list[Quoted]:
    """The first of them, as many as have room in one letter."""
    kept, size = [], 0
    for piece in pieces:
        size += len(piece.text)
        if size > most:
            break
        kept.append(piece)
    return kept


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message
