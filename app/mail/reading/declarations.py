"""Declarations of CSS that can neither fetch nor call anything, nor leave their box. Pure."""

import re
import tomllib
from pathlib import Path
from typing import Any

_LISTS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("cleaning.toml").read_text("utf-8"))["style"]
PROPERTIES = frozenset(_LISTS["properties"].split())
_FUNCTIONS = frozenset(_LISTS["functions"].split())
_MOST = 10_000  # characters of one list of declarations
_CALLED = re.compile(r"([\w-]*)\s*\(")
_VIEWPORT = re.compile(r"\d\s*[sld]?v(?:h|w|min|max|b|i)\b", re.IGNORECASE)  # the frame is as high as its content
_STRING, _QUOTE = re.compile(r"\"[^\"]*\"|'[^']*'"), re.compile(r"[\"']")
_FORBIDDEN = re.compile(r"[\\@<>{}\x00-\x08\x0b-\x1f]|/\*|!\s*ie|//", re.IGNORECASE)


def plain(written: str) -> list[str]:
    """The declarations of `written` whose values are harmless; which properties may stay, the caller decides."""
    return [piece.strip() for piece in written[:_MOST].split(";") if _is_plain(piece)]


def _is_plain(declaration: str) -> bool:
    name, colon, value = declaration.partition(":")
    return (
        bool(colon and name.strip())
        and not _FORBIDDEN.search(declaration)
        and not _VIEWPORT.search(value)
        and not _QUOTE.search(_STRING.sub("", declaration))
        and all(called.lower() in _FUNCTIONS for called in _CALLED.findall(value))
    )
