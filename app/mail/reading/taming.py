"""Whether HTML can be read by a tree builder in bounded time and memory: told by one look at its tags. Pure.

Three things grow with the square of what is written: nesting (each block looks up the whole stack), formatting that is
never closed (it is opened again in every paragraph), and very many signs that must be escaped in one piece of text.
"""

import re
from collections import Counter

MAX_NESTING = 256
MAX_REOPENED = 400_000  # formatting elements that a parser may have to open again
MAX_ESCAPES = 100_000  # ampersands and hard spaces
MAX_WORDS = 2_000  # in one tag: its attributes are compared with each other
_FEW = 1_000  # tags; fewer can do no harm
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,40})")
_ENDLESS = frozenset(("br", "hr", "img", "col", "meta", "link", "input", "base", "area", "wbr", "source", "track"))
_CLOSES_ITSELF = frozenset(("a", "p", "li", "dd", "dt", "option", "tr", "tbody", "thead", "tfoot"))
_FORMATS = frozenset("b big code em font i nobr s small strike strong tt u".split())  # noqa: SIM905 - easier to read
_CELLS = frozenset(("td", "th", "caption"))
_FENCES = _CELLS | {"table", "object", "applet", "marquee", "template", "button"}


def is_tame(html: str) -> bool:
    """False for HTML that would cost a parser more than a second or so, whoever wrote it and why."""
    if html.count("&") + html.count("\xa0") > MAX_ESCAPES:
        return False
    if html.count("<") < _FEW and len(html) < 100 * MAX_WORDS:
        return True
    return _tags_are_short(html) and _nesting_is_bounded(html)


def _tags_are_short(html: str) -> bool:
    return all(
        len(piece) < 2 * MAX_WORDS or len(piece.split(">", 1)[0].split(None, MAX_WORDS)) <= MAX_WORDS
        for piece in html.split("<")
        if len(piece) >= 2 * MAX_WORDS and piece[0].isalpha()
    )


def _nesting_is_bounded(html: str) -> bool:
    open_here: Counter[str] = Counter()
    fences: list[tuple[str, Counter[str]]] = []  # cells and tables: what is open outside cannot be closed inside
    nesting = formats = reopened = 0
    for slash, name in _TAG.findall(html):
        tag = name.lower()
        reopened += formats
        if tag in _ENDLESS or tag in _CLOSES_ITSELF:
            continue
        if not slash:
            nesting += 1
            formats += tag in _FORMATS
            if tag in _FENCES:
                if tag in _CELLS and not fences:  # outside of tables it is passed over
                    nesting -= 1
                    continue
                if tag in _CELLS and fences[-1][0] in _CELLS:  # the cell before ends here
                    nesting, formats, open_here = _left(fences, nesting, formats, open_here)
                fences.append((tag, open_here))
                open_here = Counter()
            else:
                open_here[tag] += 1
        elif tag in _FENCES:
            nesting, formats, open_here = _closed(tag, fences, nesting, formats, open_here)
        elif open_here[tag] > 0:
            open_here[tag] -= 1
            nesting -= 1
            formats -= tag in _FORMATS
        if nesting > MAX_NESTING or reopened > MAX_REOPENED:
            return False
    return True


def _closed(
    tag: str, fences: list[tuple[str, Counter[str]]], nesting: int, formats: int, open_here: Counter[str]
) -> tuple[int, int, Counter[str]]:
    """Close fences up to `tag`; the end of a cell reaches no further than its own table."""
    for depth, (name, _outside) in enumerate(reversed(fences), 1):
        if name == tag:
            for _step in range(depth):
                nesting, formats, open_here = _left(fences, nesting, formats, open_here)
            break
        if name == "table":
            break
    return nesting, formats, open_here


def _left(
    fences: list[tuple[str, Counter[str]]], nesting: int, formats: int, open_here: Counter[str]
) -> tuple[int, int, Counter[str]]:
    """Behind the innermost fence: what was left open inside is closed with it."""
    _name, outside = fences.pop()
    lost = sum(open_here.values())
    lost_formats = sum(count for tag, count in open_here.items() if tag in _FORMATS)
    return nesting - lost - 1, formats - lost_formats, outside
