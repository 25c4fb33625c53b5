"""Style sheets of mails: written anew from rules, selectors and values that are listed, for one box of a page. Pure.

What is written depends on no parser's view of what came: each piece of it has been matched as a whole, and holds no
sign that ends or begins anything. So a sheet can only say how what is in the letter's own box looks.
"""

import re
from collections.abc import Iterator

from app.mail.reading.declarations import PROPERTIES, plain

MAX_READ, MAX_WRITTEN = 262_144, 131_072  # characters
MAX_SELECTORS, MAX_STEPS, MAX_SELECTOR = 60, 8, 300  # of a rule, of a selector, characters

_BEGIN = re.compile(r"<!--|<style(?=[\s>/])([^<>]{0,500})>", re.IGNORECASE)
_END = re.compile(r"</style", re.IGNORECASE)
_MEDIA = re.compile(r"\bmedia\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_PIECE = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|[{};\"']|[^{};\"']+")
_WIDTH = r"\(\s*(?:min|max)-(?:device-)?width\s*:\s*\d{1,5}(?:\.\d{1,3})?(?:px|em)\s*\)"
_QUERY = re.compile(rf"(?:(?:only\s+)?(?:screen|all)(?:\s+and\s+{_WIDTH}){{0,3}}|{_WIDTH}(?:\s+and\s+{_WIDTH}){{0,2}})")
_STEP = re.compile(r"(?:\[[^\[\]]*\]|\([^()]*\)|[^\s>+~\[\]()])+|[>+~]")
_COMPOUND = re.compile(
    r"(?:\*|[a-z][a-z0-9]{0,20})?"
    r"(?:[.#][a-z_-][\w-]{0,80}"
    r"|\[[a-z-]{1,20}(?:[~^$*|]?=(?:\"[\w #:%./-]{0,80}\"|'[\w #:%./-]{0,80}'|[\w-]{1,80}))?\]"
    r"|:(?:link|visited|hover|active|first-child|last-child|first-of-type|last-of-type"
    r"|nth-(?:child|of-type)\((?:odd|even|\d{1,4}|\d{0,3}n(?:\+\d{1,3})?)\))){0,6}",
    re.IGNORECASE | re.ASCII,
)
_PAGE = re.compile(r"(?:html|body|:root)(?![\w-])", re.IGNORECASE)
_VALUE = re.compile(r"[\w\s#%.,()+'\"!/-]{1,300}")


def sheet_of(html: str) -> str:
    """The style sheets that stand in `html` as one, as far as they may stay. Linear in time."""
    return kept_sheet("\n".join(_written(html)))


def kept_sheet(css: str, scope: str = "") -> str:
    """`css` anew from what is listed; with a `scope` (a selector), for what is in there alone: `body` is the scope
    itself. Keeping what was kept changes nothing. Media are widths of screens: letters stand on white paper."""
    written: list[str] = []
    room = MAX_WRITTEN
    for query, selectors, declarations in _rules(css[:MAX_READ]):
        kept = _selectors(selectors, scope)
        style = _declarations(declarations) if kept else ""
        if not style:
            continue
        rule = f"{','.join(kept)}{{{style}}}"
        rule = f"@media {query}{{{rule}}}" if query else rule
        room -= len(rule) + 1
        if room < 0:
            break
        written.append(rule)
    return "\n".join(written)


def _written(html: str) -> Iterator[str]:
    """What stands in elements `style`, outside of comments: those hold what only Outlook is to read."""
    place = 0
    while (begin := _BEGIN.search(html, place)) is not None:
        if begin[1] is None:
            end = html.find("-->", begin.end())
            place = end + 3 if end >= 0 else len(html)
            continue
        found = _END.search(html, begin.end())
        place = found.end() if found else len(html)
        css = html[begin.end() : found.start() if found else len(html)]
        media = _MEDIA.search(begin[1])
        yield f"@media {next(filter(None, media.groups()), 'all')}{{{css}}}" if media else css


def _rules(css: str) -> Iterator[tuple[str, str, str]]:
    """Media query (or nothing), selectors and declarations of each rule. What holds further blocks is passed over."""
    query, text, depth, passed = "", "", 0, False
    selectors = ""
    for piece in _PIECE.findall(_without_comments(css)):
        if piece == "{":
            if depth == 0 and text.lstrip().startswith("@"):
                query = _query(text)
                passed = not query
                depth = 1
            elif depth == (1 if query else 0) and not passed:
                selectors, depth = text, depth + 1
            else:
                passed, depth = True, depth + 1
            text = ""
        elif piece == "}":
            if depth == (2 if query else 1) and not passed and selectors:
                yield query, selectors, text
            depth, text, selectors = max(0, depth - 1), "", ""
            query = query if depth else ""
            passed = passed and depth > (1 if query else 0)
        elif piece == ";" and depth == 0:
            text = ""  # @import, @charset
        else:
            text += piece


def _without_comments(css: str) -> str:
    pieces, place = [], 0
    while (begin := css.find("/*", place)) >= 0:
        pieces.append(css[place:begin])
        end = css.find("*/", begin + 2)
        place = end + 2 if end >= 0 else len(css)
    return "".join([*pieces, css[place:]]).replace("<!--", " ").replace("-->", " ")


def _query(text: str) -> str:
    """The media of a prelude in our own words, or nothing."""
    words = " ".join(text.split()).lower()
    if not words.startswith("@media ") or len(words) > MAX_SELECTOR:
        return ""
    kept = [each.strip() for each in words.removeprefix("@media ").split(",") if _QUERY.fullmatch(each.strip())]
    return ",".join(kept)


def _selectors(text: str, scope: str) -> list[str]:
    pieces = text.split(",")[:MAX_SELECTORS]
    kept = [_selector(piece.strip(), scope) for piece in pieces if len(piece) <= MAX_SELECTOR]
    return list(dict.fromkeys(filter(None, kept)))


def _selector(text: str, scope: str) -> str:
    """One selector, step by step; nothing when one of them is not listed."""
    steps = _STEP.findall(text)
    if not steps or len(steps) > 2 * MAX_STEPS or "".join("".join(steps).split()) != "".join(text.split()):
        return ""
    if not all(step in ">+~" or _is_compound(step) for step in steps):
        return ""
    if steps[0] in ">+~" or steps[-1] in ">+~":
        return ""
    if scope:
        while steps and _PAGE.match(steps[0]):
            steps.pop(0)
        if steps and steps[0] in "+~":
            return ""
        steps.insert(0, scope)
    return " ".join(steps)


def _is_compound(step: str) -> bool:
    return step.lower() == ":root" or (bool(step) and _COMPOUND.fullmatch(step) is not None)


def _declarations(text: str) -> str:
    kept = []
    for declaration in plain(text):
        name, _colon, value = declaration.partition(":")
        name, value = name.strip().lower(), " ".join(value.split())
        if name in PROPERTIES and _VALUE.fullmatch(value) and value.count("(") == value.count(")"):
            kept.append(f"{name}:{value}")
    return ";".join(kept)
