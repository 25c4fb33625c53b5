"""The header lines that mail programs copy above a quoted mail, in all languages: "From: … Sent: … Subject: …"."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from unicodedata import combining, normalize

FROM, DATE, TO, SUBJECT, OTHER = "from", "date", "to", "subject", "other"

_WINDOW = 12  # lines in which the header lines of a block must stand
_GAP = 2  # lines between two of them: a long list of recipients, an empty line


def _without_accents(name: str) -> str:
    """As programs write it that know ASCII only; other scripts stay as they are."""
    if any(character >= "\u0590" for character in name):
        return name
    return "".join(letter for letter in normalize("NFD", name) if not combining(letter))


_TABLES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_NAMES = {
    written.replace(" ", ""): role
    for role, names in _TABLES.items()
    for name in names
    for written in (name, _without_accents(name))
} | {name.replace(" ", ""): role for role, names in _TABLES.items() for name in names}
_YEAR = re.compile(r"\d[:.]\d\d|(?:19|20)\d\d")
_CLOCK = re.compile(r"\d:\d\d")
_MOMENT = re.compile(r"[\d./-]{6,10},? \d{1,2}[:.]\d\d(?:[:.]\d\d)?(?: [ap]m)?")
_NAME = r"([^:：*|\d@<>,.!?]{1,24}?)"
_HEADER = re.compile(rf"(?:-{{5,}})?[*_|: ]*{_NAME}[*_ ]*[:：]|\| *{_NAME} *\|")
_HEADER_INSIDE = re.compile(r"(?<![^\s*|;>])([^\s:：*|\d@<>,.!?]{1,16}(?: [^\s:：*|\d@<>,.!?]{1,12})?)\*{0,2} ?[:：]")

_CHINESE = sorted((name for name in _NAMES if name > "\u2e80" and len(name) > 1), key=len, reverse=True)
_CHINESE_INSIDE = re.compile(f"({'|'.join(' ?'.join(name) for name in _CHINESE)}) ?[:：]")


def role_of(line: str) -> str:
    """What the header line `line` (lower case) says: FROM, DATE …; empty when it is none."""
    match = _HEADER.match(line)
    return _NAMES.get((match[1] or match[2]).replace(" ", ""), "") if match else ""


def role_named(name: str) -> str:
    """What a header line with this name (lower case) says: FROM, DATE …; empty when it is none."""
    return _NAMES.get(name.replace(" ", ""), "")


def is_block(lines: Sequence[str], roles: Sequence[str], index: int) -> bool:
    """Whether a copied header block begins with the header line `index`.

    The sender and two more lines make one, or an address and the date.
    """
    found: dict[str, int] = {}
    last = index
    for at in range(index, min(index + _WINDOW, len(lines))):
        if at - last > _GAP + 1:
            break
        if roles[at]:
            found.setdefault(roles[at], at)
            last = at
    if FROM in found and len(found.keys() - {OTHER}) >= 3 and _is_of_a_mail(lines, found):
        return True
    return _are_two(lines, found) or _are_on_one_line(lines[index])


def sheet_start(lines: Sequence[str], index: int) -> int | None:
    """Where the sheet begins that Notes copies: name, moment, "To" (line `index`) and "Subject" alone on lines."""
    if _NAMES.get(lines[index]) != TO:
        return None
    below = (lines[at] for at in range(index + 1, min(index + _WINDOW, len(lines))))
    if not any(_NAMES.get(line) == SUBJECT for line in below):
        return None
    above = [at for at in range(max(0, index - _WINDOW // 2), index) if lines[at]][-3:]
    dated = next((at for at in reversed(above) if _MOMENT.fullmatch(lines[at])), None)
    if dated is None:
        return None
    return dated - 1 if dated and lines[dated - 1] else dated


def _is_of_a_mail(lines: Sequence[str], found: Mapping[str, int]) -> bool:
    """Senders, recipients and days are on parcels, too; subjects, addresses of mail and the time of day are not."""
    if SUBJECT in found:
        return True
    if DATE in found and _CLOCK.search(lines[found[DATE]]):
        return True
    return any("@" in lines[at] for at in found.values())


def _are_two(lines: Sequence[str], found: Mapping[str, int]) -> bool:
    """Whether the date stands right beside somebody's address."""
    if DATE not in found or not _YEAR.search(lines[found[DATE]]):
        return False
    for at in (found[role] for role in (FROM, TO) if role in found):
        first, last = sorted((found[DATE], at))
        if last - first <= _GAP and any("@" in line for line in lines[first : last + 1]):
            return True
    return False


def _are_on_one_line(line: str) -> bool:
    found = {_NAMES[match[1].replace(" ", "")] for match in _CHINESE_INSIDE.finditer(line)}
    for match in _HEADER_INSIDE.finditer(line):
        found.add(_NAMES.get(match[1].replace(" ", "")) or _NAMES.get(match[1].rpartition(" ")[2], ""))
    return len(found & {FROM, DATE, TO, SUBJECT}) >= 3
