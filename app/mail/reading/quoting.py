"""The new part of a reply: quoted mail, copied headers, signatures and their separators are left out. Pure and linear.

Each line has a kind (`lines`), then one scan decides. Answers between quoted lines keep the quotes. When nothing new
would be left, everything is new: words are never lost, and the whole text stays one click away.
"""

import re

from app.mail.reading.line_kinds import (
    ARMOUR,
    ATTRIBUTION,
    CODE,
    DELIMITER,
    EMPTY,
    HEADER,
    PHONE,
    QUOTE,
    SEPARATOR,
    SIGNATURE,
    TEXT,
)
from app.mail.reading.lines import MAX_LINES, Lines, classify, is_broken_end
from app.mail.reading.signatures import is_prose, is_signed

_LINK = re.compile(r"[<\[(]?(?:https?://|cid:)[^\s<>]{1,500}[>\])]")
_NAME = r"[^\W\d_a-z][^\W\d_]{0,30}\.?"
_NAMED = re.compile(
    rf"\W{{0,2}}{_NAME}(?: {_NAME}){{1,3}}\W{{0,2}} [^\W\d_]{{2,12}} ?:$|.{{1,60}}さん[はが]書きました ?[:：]$"
)
_WORDS = (TEXT, HEADER, CODE)
_ITEMS = ("- ", "-\t", "* ", "• ", "· ", "– ", "— ")
_ATTRIBUTION_LINES = 6
_DOUBLED = 9  # lines from which it can be seen that each is followed by an empty one
_BELOW_PHONE = 3  # lines of words that may follow "Sent from my phone": a name, "excuse my brevity"


def new_part(text: str) -> str:
    """What the sender has written now, without the mail it answers and without what is clearly a signature."""
    single = _single_spaced(text)
    if single is not None:
        return new_part(single).replace("\n", "\n\n")
    lines = classify(text)
    kept = [index for index in _own(lines) if lines.kinds[index] not in (ATTRIBUTION, ARMOUR)]
    kept = _without_tail(lines, _without_signature(lines, kept))
    reply = "\n".join(lines.written[index] for index in kept).strip("\n").rstrip()
    return reply if reply.strip() else text.strip()


def _single_spaced(text: str) -> str | None:
    """The text without every other line, when a program has put an empty one below each; else None.

    That the empty lines between paragraphs have become three shows that no person wrote it so.
    """
    lines = text.strip("\n").split("\n", MAX_LINES)
    if len(lines) < _DOUBLED or len(lines) > MAX_LINES or any(line.strip() for line in lines[1::2]):
        return None
    kept = lines[::2]
    return "\n".join(kept) if any(not line.strip() for line in kept) else None


def _own(lines: Lines) -> list[int]:
    """The lines up to the mail that is answered, and those below a quote that has an attribution."""
    below, in_turns = _words_below_quotes(lines)
    kept: list[int] = []
    words = False
    index, size = 0, len(lines.kinds)
    while index < size:
        kind = lines.kinds[index]
        if kind == SEPARATOR and words:
            break
        if kind == ATTRIBUTION:
            after = below[index]
            if after is None and words:
                break
            if after is not None and _says_when_or_who(lines, index):
                if not in_turns[after]:
                    index = after
                    continue
            elif after is not None:
                lines.kinds[index] = TEXT
        words = words or kind in _WORDS
        kept.append(index)
        index += 1
    return kept


def _says_when_or_who(lines: Lines, attribution: int) -> bool:
    """Whether a program may have written it. "My neighbour wrote:" is the sender's own, with what he wrote."""
    for index in range(attribution, min(attribution + _ATTRIBUTION_LINES, len(lines.kinds))):
        line = lines.compared[index]
        if lines.kinds[index] != ATTRIBUTION:
            break
        if "@" in line or line.startswith("--") or any(map(str.isdigit, line)):
            return True
        if _NAMED.match(lines.written[index].rstrip()):
            return True
    return False


def _words_below_quotes(lines: Lines) -> tuple[list[int | None], list[bool]]:
    """For each line, the sender's next own one below a quote, and whether quotes and own words take turns from there.

    None when a signature, a mail or the end comes first.
    """
    own = _own_words(lines)
    size = len(lines.kinds)
    below: list[int | None] = [None] * (size + 1)
    in_turns = [False] * (size + 1)
    following = EMPTY
    for index in range(size - 1, -1, -1):
        kind = lines.kinds[index]
        if own[index]:
            below[index] = index
        elif kind not in (SIGNATURE, PHONE, SEPARATOR) and (kind != ATTRIBUTION or following == QUOTE):
            below[index] = below[index + 1]
        if kind == QUOTE:
            in_turns[index] = below[index] is not None
        elif kind not in (ATTRIBUTION, SEPARATOR):
            in_turns[index] = in_turns[index + 1]
        if kind not in (EMPTY, ATTRIBUTION):
            following = kind
    return below, in_turns


def _own_words(lines: Lines) -> list[bool]:
    """A paragraph that begins right under a long quoted line is the broken end of that line, and nobody's own words."""
    own = []
    broken = False
    for index, kind in enumerate(lines.kinds):
        broken = kind == TEXT and (broken or is_broken_end(lines, index))
        own.append(kind in _WORDS and not broken)
    return own


def _without_signature(lines: Lines, kept: list[int]) -> list[int]:
    """Cut at a signature below words; leave out a phone's line, and what little stands below it."""
    words = False
    for place, index in enumerate(kept):
        if words and lines.kinds[index] == SIGNATURE:
            kept = _without_links(lines, kept[:place])
            break
        words = words or lines.kinds[index] in _WORDS
    return _without_phones(lines, kept) if words else kept


def _without_links(lines: Lines, kept: list[int]) -> list[int]:
    """Leave out what was a picture above a program's line: its link stands alone in brackets."""
    end = len(kept)
    while end and (lines.kinds[kept[end - 1]] == EMPTY or _LINK.fullmatch(lines.compared[kept[end - 1]])):
        end -= 1
    return kept[:end] if any(lines.kinds[index] in _WORDS for index in kept[:end]) else kept


def _without_phones(lines: Lines, kept: list[int]) -> list[int]:
    """Leave out a phone's line at the top or at the end, and what little stands below it there."""
    phones = [place for place, index in enumerate(kept) if lines.kinds[index] == PHONE]
    words = [place for place, index in enumerate(kept) if lines.kinds[index] in _WORDS]
    first = kept[words[0]] if words else 0
    below = [place for place in words if phones and place > phones[-1]]
    if phones and len(below) < len(words) and len(below) <= _BELOW_PHONE:
        prose = any(is_prose(lines.compared[kept[place]]) for place in below)
        quoted = any(lines.kinds[index] == QUOTE for index in kept[phones[-1] :])
        kept = kept[: phones[-1]] if not (prose or quoted) else kept[: phones[-1]] + kept[phones[-1] + 1 :]
    return [index for index in kept if index >= first or lines.kinds[index] != PHONE]


def _without_tail(lines: Lines, kept: list[int]) -> list[int]:
    """Cut quotes, drawn and empty lines at the end, and a dash with a name, as long as words are left."""
    if not any(lines.kinds[index] in (*_WORDS, SEPARATOR) for index in kept):
        return kept
    end = _end(lines, kept)
    if (
        end >= 3
        and lines.kinds[kept[end - 2]] == EMPTY
        and _signs(lines, kept[:end])
        and any(lines.kinds[index] in _WORDS for index in kept[: end - 1])
    ):
        end = _end(lines, kept[: end - 1])
    return kept[:end]


def _signs(lines: Lines, kept: list[int]) -> bool:
    """Whether the last line is a dash and a name; "- Ines" may be an item of a list, unless it is the only one."""
    last = lines.written[kept[-1]].strip()
    if is_signed(last):
        return True
    if not last.startswith("- ") or not is_signed(last.replace("- ", "-", 1)):
        return False
    above = [lines.compared[index] for index in kept[:-1] if lines.compared[index]]
    return not above[-1].endswith((":", "：", ",")) and not any(line.startswith(_ITEMS) for line in above)


def _end(lines: Lines, kept: list[int]) -> int:
    end = len(kept)
    while end and lines.kinds[kept[end - 1]] in (EMPTY, QUOTE, DELIMITER):
        end -= 1
    return end
