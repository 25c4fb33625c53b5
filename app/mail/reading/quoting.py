"""The new part of a reply: quoted mail, header blocks, signatures and their separators are left out. Pure and linear.

Each line gets a class, then one scan decides. When nothing new would be left, everything is new: words are never lost,
and the whole text stays one click away.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

EMPTY, QUOTE, DELIMITER, SIGNATURE, HEADER, SEPARATOR, ATTRIBUTION, TEXT = "e", "q", "d", "s", "h", "o", "a", "t"

MAX_LINES = 20_000
_CLIPPED = 600  # characters of a line that are looked at
_WINDOW = 6  # lines an attribution may be broken over
_BLOCK = 9  # lines in which the header lines of a block must stand
_SIGNATURE_LINE = 120

_TABLES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("quoting.toml").read_text("utf-8"))
_ATTRIBUTION_ENDS = tuple(_TABLES["attribution_ends"])
_ATTRIBUTION_STARTS = tuple(_TABLES["attribution_starts"])
_SIGNATURE_STARTS = tuple(_TABLES["signature_starts"])
_SEPARATORS = frozenset(_TABLES["separators"])
_HEADER_FROM = frozenset(_TABLES["header_from"])
_HEADER_NAMES = _HEADER_FROM | frozenset(_TABLES["header_others"])

_DECORATION = "-_=*~·•<>#+|—–― \t\u3000"
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u1427]")
_HEADER = re.compile(r"[*_ ]*([^:：*\d]{1,20}?)[*_ ]*[:：]")
_ADDRESSED_END = re.compile(r"@[^\s@<>]{1,255}[>)\]\"'\s]*[:：]$")


@dataclass(slots=True)
class _Lines:
    """The lines of a text as written, as compared, and their classes."""

    written: list[str]
    compared: list[str]
    kinds: list[str]


def new_part(text: str) -> str:
    """What the sender has written now, without the mail it answers and without what is clearly a signature."""
    lines = _classify(text)
    start, end = _span(lines)
    kept = [index for index in range(start, end) if lines.kinds[index] != ATTRIBUTION]
    kept = _without_tail(lines, kept)
    reply = "\n".join(lines.written[index] for index in kept).strip("\n").rstrip()
    return reply if reply.strip() else text.strip()


def _classify(text: str) -> _Lines:
    written = _INVISIBLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")[:MAX_LINES]
    compared = [line[:_CLIPPED].replace("\xa0", " ").strip().lower() for line in written]
    lines = _Lines(written, compared, [_kind(line) for line in compared])
    _mark_attributions(lines)
    _mark_wrapped_quotes(lines)
    return lines


def _kind(line: str) -> str:
    if not line:
        return EMPTY
    if line.startswith(">"):
        return QUOTE
    if _is_separator(line):
        return SEPARATOR
    if line in ("--", "—", "–"):
        return SIGNATURE
    if not line.strip(_DECORATION):
        return DELIMITER
    if _header_name(line):
        return HEADER
    if len(line) <= _SIGNATURE_LINE and line.lstrip(_DECORATION + "(").startswith(_SIGNATURE_STARTS):
        return SIGNATURE
    return TEXT


def _is_separator(line: str) -> bool:
    inner = line.strip(_DECORATION)
    if inner in _SEPARATORS:
        return inner != line or inner.endswith((":", "：")) or not inner.isascii()
    return (line.startswith("--") and inner.startswith("forwarded by ")) or any(
        marker in line for marker in _TABLES["reply_markers"]
    )


def _header_name(line: str) -> str:
    match = _HEADER.match(line)
    name = match[1].strip() if match else ""
    return name if name in _HEADER_NAMES else ""


def _mark_attributions(lines: _Lines) -> None:
    """Find "On …, … wrote:", also when it is broken over several lines."""
    index = 0
    while index < len(lines.kinds):
        if lines.kinds[index] in (TEXT, HEADER) and (length := _attribution_length(lines, index)):
            lines.kinds[index : index + length] = [ATTRIBUTION] * length
            index += length
        else:
            index += 1


def _attribution_length(lines: _Lines, index: int) -> int:
    """How many lines the attribution that begins here takes; 0 when none does.

    A text line may look like a beginning. So the line that is the last to begin a whole attribution wins.
    """
    first = lines.compared[index]
    if _is_attribution(first):
        return 1
    if _ends_attribution(first) and "@" in first and _next_kind(lines, index + 1) == QUOTE:
        return 1
    if not first.startswith(_ATTRIBUTION_STARTS):
        return 0
    for length in range(2, _WINDOW + 1):
        end = index + length
        if end > len(lines.kinds) or not _ends_attribution(lines.compared[end - 1]):
            continue
        begins = [start for start in range(index, end) if _is_attribution(" ".join(lines.compared[start:end]))]
        return length if begins and begins[-1] == index else 0
    return 0


def _is_attribution(line: str) -> bool:
    if len(line) > _CLIPPED or line.startswith(">") or sum(character.isdigit() for character in line) < 3:
        return False
    starts = line.startswith(_ATTRIBUTION_STARTS)
    if _ends_with_verb(line):
        return starts or "@" in line or line.endswith((":", "："))
    if not line.endswith((":", "：")):
        return False
    return bool(_ADDRESSED_END.search(line)) or (starts and any(f" {verb} " in line for verb in _ATTRIBUTION_ENDS))


def _ends_attribution(line: str) -> bool:
    return _ends_with_verb(line) or bool(_ADDRESSED_END.search(line))


def _ends_with_verb(line: str) -> bool:
    return line.rstrip(" :：>*_\t").endswith(_ATTRIBUTION_ENDS)


def _mark_wrapped_quotes(lines: _Lines) -> None:
    """A mailer that breaks long quoted lines leaves their ends without `>`, squeezed between quoted lines."""
    for index in range(1, len(lines.kinds) - 1):
        if lines.kinds[index] == TEXT and lines.kinds[index - 1] == QUOTE and lines.kinds[index + 1] == QUOTE:
            lines.kinds[index] = QUOTE


def _span(lines: _Lines) -> tuple[int, int]:
    """From which line to which (exclusive) the new part reaches, before its tail is trimmed."""
    start, text_seen = 0, False
    below = _text_below_quotes(lines.kinds)
    for index, kind in enumerate(lines.kinds):
        if kind == TEXT:
            text_seen = True
        elif kind == SEPARATOR or (kind == HEADER and _is_header_block(lines, index)):
            if text_seen:
                return start, index
        elif kind == ATTRIBUTION and (index == 0 or lines.kinds[index - 1] != ATTRIBUTION):
            after = _after_quote(lines, index, below)
            if text_seen and after is None:
                return start, index
            if not text_seen and after is not None:
                start = after
    return start, len(lines.kinds)


def _text_below_quotes(kinds: list[str]) -> list[int | None]:
    """For each line, the next one that is text of its own below a quote; None when a signature or the end comes first.

    A paragraph that begins right under a quoted line is the wrapped end of that line.
    """
    free = [False] * len(kinds)
    wrapped = False
    for index, kind in enumerate(kinds):
        wrapped = kind == TEXT and (wrapped or (index > 0 and kinds[index - 1] == QUOTE))
        free[index] = kind == TEXT and not wrapped
    below: list[int | None] = [None] * (len(kinds) + 1)
    for index in range(len(kinds) - 1, -1, -1):
        if free[index]:
            below[index] = index
        elif kinds[index] not in (SIGNATURE, SEPARATOR):
            below[index] = below[index + 1]
    return below


def _after_quote(lines: _Lines, attribution: int, below: list[int | None]) -> int | None:
    """Where the sender goes on below the quote that the attribution introduces; None when only quote follows."""
    index = attribution
    while index < len(lines.kinds) and lines.kinds[index] in (ATTRIBUTION, EMPTY):
        index += 1
    if index >= len(lines.kinds) or lines.kinds[index] != QUOTE:
        return None
    return below[index]


def _is_header_block(lines: _Lines, index: int) -> bool:
    """Three header lines close together, one of them the sender's, are the top of a copied mail."""
    names = {_header_name(line) for line in lines.compared[index : index + _BLOCK]} - {""}
    return len(names) >= 3 and bool(names & _HEADER_FROM)


def _without_tail(lines: _Lines, kept: list[int]) -> list[int]:
    """Cut the signature, then quotes, delimiters and empty lines at the end, as long as text is left."""
    words = False
    for place, index in enumerate(kept):
        if lines.kinds[index] == SIGNATURE and words:
            kept = kept[:place]
            break
        words = words or lines.kinds[index] in (TEXT, HEADER)
    end = len(kept)
    while end and lines.kinds[kept[end - 1]] in (EMPTY, QUOTE, DELIMITER):
        end -= 1
    return kept[:end] if any(lines.kinds[index] in (TEXT, HEADER, SEPARATOR) for index in kept[:end]) else kept


def _next_kind(lines: _Lines, index: int) -> str:
    while index < len(lines.kinds) and lines.kinds[index] == EMPTY:
        index += 1
    return lines.kinds[index] if index < len(lines.kinds) else EMPTY
