"""The lines of a letter and what each is: words, quote, attribution, separator, signature … Linear in its length."""

import re
from dataclasses import dataclass
from itertools import takewhile

from app.mail.reading.attributions import attribution_start, is_attribution, runs_on
from app.mail.reading.copied_headers import is_block, role_of, sheet_start
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
    is_separator,
    kind_of,
)
from app.mail.reading.signatures import Card, columns, is_company

MAX_LINES = 20_000
_CLIPPED = 600  # characters of a line that are looked at
_BROKEN, _SURELY_BROKEN = 50, 70  # columns from which a quoted line may have been broken by a mail program
_HEADING_GAP = 3
_HEADER_LINES = 10
_LOOKED_AT = 4  # lines of a paragraph
_DRAWN_BOTH = re.compile(r"[-=*_]{3,}[^-=*_].{0,80}[-=*_]{3,}$")
_MARKS = re.compile(r"(?:[>＞》|] ?)+")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u1427\u00ad]")
_COLONS: dict[int, str | None] = {
    ord(colon): "：" for colon in "\ufe55\u2236\ufe13\ufe30\ua789"
}  # of small and old fonts
_FOLDED = _COLONS | {0x307: None}  # the dot that stays of a Turkish capital
_LINKS = ("(http", "<http", "http:", "https:", "<mailto:", "(mailto:")
_SENTENCE_ENDS = tuple(".!?:;。！？：；")
_SENTENCE_BEFORE = re.compile(r"[^>\n].{0,400}?[.!?。！？)] (?=(?:On|Am|Le|El|Il|Em|Op|Den|At) [^.!?]{0,30}\d)")
_GREETING_ENDS = (",", "，", ":", "：")
_FENCES = ("```", "~~~")


@dataclass(slots=True)
class Lines:
    """The lines of a text as written, as compared (lower case, single blanks), and their kinds."""

    written: list[str]
    compared: list[str]
    kinds: list[str]
    roles: list[str]  # of header lines


def classify(text: str) -> Lines:
    """The lines of `text`. What stands below the first MAX_LINES is one line."""
    text = _INVISIBLE.sub("", text).replace("&nbsp;", " ").replace("\r\n", "\n").replace("\r", "\n")
    written = _parted(text.split("\n", MAX_LINES))
    compared = [" ".join(line[:_CLIPPED].lower().translate(_FOLDED).split()) for line in written]
    lines = Lines(written, compared, [kind_of(line) for line in compared], [""] * len(written))
    _mark_code(lines)
    _mark_companies(lines)
    _mark_attributions(lines)
    _mark_headers(lines)
    _mark_broken_quotes(lines)
    _mark_cards(lines)
    return lines


def _parted(written: list[str]) -> list[str]:
    """The lines, with an attribution that follows a sentence on its line on a line of its own."""
    lines: list[str] = []
    for line in written:
        if line.rstrip().endswith((":", "：")) and (found := _SENTENCE_BEFORE.match(line[:_CLIPPED])) is not None:
            rest = line[found.end() :]
            if is_attribution(" ".join(rest.lower().split())) and "@" in rest:
                lines.append(line[: found.end()].rstrip())
                line = rest  # noqa: PLW2901 - what is left of it
        lines.append(line)
    return lines


def _mark_code(lines: Lines) -> None:
    """What stands between two fences is words, whatever it looks like."""
    opened = -1
    for index, line in enumerate(lines.compared):
        if line.startswith(_FENCES) and len(line) < 30:
            if opened >= 0 and line[:3] == lines.compared[opened][:3]:
                lines.kinds[opened : index + 1] = [CODE] * (index + 1 - opened)
                opened = -1
            elif opened < 0:
                opened = index
        elif line.startswith("hash: ") and index and lines.kinds[index - 1] == ARMOUR:
            lines.kinds[index] = ARMOUR


def _mark_companies(lines: Lines) -> None:
    """Find where a company's words begin: a paragraph of its own, which programs may have broken.

    Nothing but a greeting above shows that it is the sender who speaks of mails.
    """
    words = False
    for index, kind in enumerate(lines.kinds):
        if kind != TEXT:
            continue
        if words and lines.kinds[index - 1] != TEXT and is_company(_paragraph(lines, index)):
            lines.kinds[index] = SIGNATURE
        words = words or not lines.compared[index].endswith(_GREETING_ENDS)


def _paragraph(lines: Lines, index: int) -> list[str]:
    below = range(index, min(index + _LOOKED_AT, len(lines.kinds)))
    return [lines.compared[at] for at in takewhile(lambda at: lines.kinds[at] == TEXT, below)]


def _mark_attributions(lines: Lines) -> None:
    """Find "On …, … wrote:", also when it is broken over several lines, or quoted itself at the top of the quote."""
    floor = 0
    for index, (line, kind) in enumerate(zip(lines.compared, lines.kinds, strict=True)):
        if kind == QUOTE:
            if (index == 0 or lines.kinds[index - 1] not in (QUOTE, ATTRIBUTION)) and (
                length := _quoted_attribution(lines, index)
            ):
                lines.kinds[index : index + length] = [ATTRIBUTION] * length
                floor = index + length
            if lines.kinds[index] == ATTRIBUTION or not line.endswith(":") or len(line) > 20:
                continue
        if kind not in (TEXT, PHONE, QUOTE, SEPARATOR):
            continue
        if kind == TEXT and runs_on(line):
            lines.kinds[index] = ATTRIBUTION
            floor = index + 1
            continue
        follows = _next_kind(lines, index + 1) == QUOTE
        start = attribution_start(lines.compared, index, floor, quote_follows=follows)
        if start is None or (kind == QUOTE and start == index):
            continue
        lines.kinds[start : index + 1] = [ATTRIBUTION] * (index + 1 - start)
        floor = index + 1


def _quoted_attribution(lines: Lines, index: int) -> int:
    """How many lines an attribution takes that is the beginning of a quote; 0 when none is."""
    joined = ""
    for length in range(1, 4):
        if index + length > len(lines.kinds) or lines.kinds[index + length - 1] != QUOTE:
            return 0
        joined = f"{joined} {_MARKS.sub('', lines.compared[index + length - 1], count=1)}".strip()
        if is_attribution(joined) or (length == 1 and joined and is_separator(joined)):
            return length
    return 0


def _mark_headers(lines: Lines) -> None:
    """Find header lines; the first one of a copied block separates."""
    for index, kind in enumerate(lines.kinds):
        if kind == TEXT and (role := role_of(lines.compared[index])):
            lines.kinds[index], lines.roles[index] = HEADER, role
    for index, kind in enumerate(lines.kinds):
        if kind == HEADER and is_block(lines.compared, lines.roles, index):
            lines.kinds[_heading(lines, index)] = SEPARATOR
        elif kind == TEXT and (start := sheet_start(lines.compared, index)) is not None:
            lines.kinds[start] = SEPARATOR
        elif kind == QUOTE and (not index or lines.kinds[index - 1] != QUOTE) and _are_quoted_headers(lines, index):
            lines.kinds[index] = SEPARATOR


def _are_quoted_headers(lines: Lines, index: int) -> bool:
    """Whether the quote that begins here is nothing but a copied block: the mail below it has no marks."""
    quoted: list[str] = []
    for at in range(index, min(index + _HEADER_LINES, len(lines.kinds))):
        if lines.kinds[at] != QUOTE:
            break
        quoted.append(_MARKS.sub("", lines.compared[at], count=1))
    below = lines.kinds[index + len(quoted) : index + len(quoted) + 2]
    if len(quoted) == _HEADER_LINES or TEXT not in below:
        return False
    roles = [role_of(line) for line in quoted]
    return all(role or not line for line, role in zip(quoted, roles, strict=True)) and is_block(quoted, roles, 0)


def _heading(lines: Lines, index: int) -> int:
    """The line between dashes above a copied block, whatever its language, or else the block's first line."""
    above = index - 1
    while above > 0 and index - above < _HEADING_GAP and not lines.compared[above]:
        above -= 1
    if above >= 0 and lines.kinds[above] == TEXT and _DRAWN_BOTH.match(lines.compared[above]):
        return above
    return index


def _mark_broken_quotes(lines: Lines) -> None:
    """A mailer that breaks long quoted lines leaves their ends without `>`, squeezed between quoted lines."""
    for index in range(1, len(lines.kinds) - 1):
        if (
            lines.kinds[index] == TEXT
            and lines.kinds[index - 1] == QUOTE == lines.kinds[index + 1]
            and (is_broken_end(lines, index) or lines.compared[index].startswith(_LINKS))
        ):
            lines.kinds[index] = QUOTE


def is_broken_end(lines: Lines, index: int) -> bool:
    """Whether the line `index` is the end of the quoted line above it, which a mail program broke.

    Broken lines are long, and go on in the middle of a sentence; an answer begins with a capital letter.
    """
    if not index or lines.kinds[index - 1] != QUOTE:
        return False
    above = lines.compared[index - 1]
    if lines.written[index].lstrip()[:1].islower():
        return columns(above) >= _BROKEN
    return columns(above) >= _SURELY_BROKEN and not above.endswith(_SENTENCE_ENDS)


def _mark_cards(lines: Lines) -> None:
    """A drawn line above a card (name, company, address) is that of a signature."""
    card = Card()
    for index in range(len(lines.kinds) - 1, -1, -1):
        kind = lines.kinds[index]
        if kind in (TEXT, HEADER, CODE):
            card.add(lines.compared[index])
        elif kind in (QUOTE, SEPARATOR, ATTRIBUTION):
            card = Card()
        elif kind == SIGNATURE:
            card = Card(boxed=True)
        elif kind == DELIMITER:
            tight = lines.kinds[index - 1 : index] == lines.kinds[index + 1 : index + 2] == [TEXT]
            signature = card.is_signature(tight=tight) and not (tight and _underlines(lines, index))
            if signature:
                lines.kinds[index] = SIGNATURE
            card = card.over(signature=signature) if card.lines else Card(boxed=True, below=card.below)


def _underlines(lines: Lines, index: int) -> bool:
    """Whether a line of "=" is as long as the line above: that is a heading."""
    drawn = lines.compared[index]
    return not drawn.strip("=") and abs(columns(drawn) - columns(lines.compared[index - 1])) <= 1


def _next_kind(lines: Lines, index: int) -> str:
    while index < len(lines.kinds) and lines.kinds[index] == EMPTY:
        index += 1
    return lines.kinds[index] if index < len(lines.kinds) else EMPTY
