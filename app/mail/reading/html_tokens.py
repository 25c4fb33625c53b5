"""The tags and texts of an HTML mail, one after the other. Pure and linear: no tree, no pattern that tries twice."""

import re
from collections.abc import Iterator
from html import unescape

_LONGEST_TAG = 16_384  # characters; data: images are longer, and their attributes are of no use
_UNREAD = ("script", "style", "title", "head", "noscript", "template", "textarea", "xml")
_MARKUP = re.compile("<(?=[a-zA-Z/!?])")
_QUOTED = r"(?:\"[^\"]*\"|'[^']*')"  # no possessive parts here: Python before 3.11.5 errs on them within groups
_TAG = re.compile(rf"<(/?)([a-zA-Z][\w:-]{{0,30}})([^<>\"']*(?:{_QUOTED}[^<>\"']*){{0,200}})>")
_ATTRIBUTE = re.compile(
    r"""(?<![\w-])(class|id|type|name|style|data-marker|href|alt)\s{0,9}=\s{0,9}"""
    r"""(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""",
    re.IGNORECASE,
)
_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}  # keeps each place where it is

Attributes = dict[str, str]


def tokens(html: str) -> Iterator[tuple[str, str, Attributes]]:
    """Text (`"", text`), opening (`tag`) and closing (`/tag`) tags; comments and hidden elements are passed over."""
    at, size, lower = 0, len(html), html.translate(_LOWER)
    nowhere: set[str] = set()  # ends that were looked for in vain: looking again and again would not be linear
    while at < size:
        begins = _MARKUP.search(html, at)
        if begins is None:
            break
        start = begins.start()
        if start > at:
            yield "", html[at:start], {}
        end = _end_of_markup(lower, start, nowhere)
        if end is not None:
            at = end
            continue
        match = _TAG.match(html, start, start + _LONGEST_TAG)
        if match is None:  # a "less than" of somebody's own
            following = html.find("<", start + 1)
            at = size if following < 0 else following
            yield "", html[start:at], {}
            continue
        tag, at = match[2].lower(), match.end()
        if tag in _UNREAD and not match[1]:
            at = _find_end(lower, f"</{tag}", at, nowhere) if f"</{tag}" not in nowhere else at
        else:
            yield match[1] + tag, "", {} if match[1] else _attributes(match[3])
    yield "", html[at:], {}


def _end_of_markup(lower: str, start: int, nowhere: set[str]) -> int | None:
    """Where a comment or declaration that begins at `start` ends; None when none begins there."""
    if lower.startswith("<!--", start):
        return _find_end(lower, "-->", start + 4, nowhere)
    if lower.startswith(("<!", "<?"), start):
        return _find_end(lower, ">", start + 2, nowhere)
    return None


def _find_end(lower: str, end: str, at: int, nowhere: set[str]) -> int:
    """The place behind `end`, or `at` when it never comes."""
    found = -1 if end in nowhere else lower.find(end, at)
    if found < 0:
        nowhere.add(end)
        return at
    return found if end.startswith("</") else found + len(end)


def _attributes(written: str) -> Attributes:
    found: Attributes = {}
    for match in _ATTRIBUTE.finditer(written):
        value = match[2] if match[2] is not None else match[3] if match[3] is not None else match[4]
        found.setdefault(match[1].lower(), unescape(value[:2000]))
    return found
