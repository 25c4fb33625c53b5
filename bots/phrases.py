"""Wordings: both languages side by side in phrases/*.toml, filled with facts. Customer data is never a template."""

import string
import tomllib
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import format_datetime, get_timezone, get_timezone_location

from core.money import Money, format_money

PHRASES = Path(__file__).parent / "phrases"
_LOCALES = {"en": "en", "zh": "zh_Hans_CN"}
_PATTERNS = {
    "when": {"en": "EEE d MMM, HH:mm", "zh": "M月d日（EEE）HH:mm"},
    "day": {"en": "EEE d MMM", "zh": "M月d日（EEE）"},
    "clock": {"en": "HH:mm", "zh": "HH:mm"},
}


class MissingFact(KeyError):
    """A phrase needs a fact that was not given."""


def render(key: str, language: str, facts: Mapping[str, Any] | None = None) -> str:
    """Fill the phrase `key` in `language` ("en" or "zh").

    Formats in phrases: {at:when} {at:day} {at:clock} in facts["timezone"] (an IANA name), {sum:money},
    {left:plural(# try|# tries)}, {place:city} for the town of a time zone. Raises KeyError for an unknown phrase and
    MissingFact when a fact is missing.
    """
    return _Filler(language, facts or {}).vformat(wordings()[key][language], (), facts or {})


@cache
def wordings() -> Mapping[str, Mapping[str, str]]:
    """Every phrase in both languages, read once. Raises ValueError when a file is wrong."""
    found: dict[str, Mapping[str, str]] = {}
    for path in sorted(PHRASES.glob("*.toml")):
        for key, texts in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if set(texts) != set(_LOCALES) or key in found:
                raise ValueError(f"{path.name}: [{key}] must be there once, with en and zh")
            found[key] = {language: _checked(text, f"{path.name}: [{key}]") for language, text in texts.items()}
    return found


def join(language: str, sentences: list[str]) -> str:
    """Sentences of one paragraph: a space between them in English, nothing in Chinese."""
    return ("" if language == "zh" else " ").join(sentence for sentence in sentences if sentence)


def span_of_days(language: str, start: datetime | None, end: datetime | None, timezone: str) -> str:
    """A delivery window in whole days: "Tue 24 Nov – Thu 26 Nov", one day when both are the same, the end if open."""
    if end is None:
        return ""
    last = _date(end, "day", language, timezone)
    first = _date(start, "day", language, timezone) if start else last
    return last if first == last else f"{first} – {last}" if language == "en" else f"{first}至{last}"


def listed(language: str, items: list[str]) -> str:
    """ "a, b and c" or "a、b和c"."""
    comma, conjunction = ("、", "和") if language == "zh" else (", ", " and ")
    return conjunction.join([comma.join(items[:-1]), items[-1]] if len(items) > 1 else items)


class _Filler(string.Formatter):
    """Looks facts up by plain name only, and never reads a value as a template."""

    def __init__(self, language: str, facts: Mapping[str, Any]) -> None:
        self._language = language
        self._timezone = str(facts.get("timezone", "UTC"))

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        if key not in kwargs or kwargs[str(key)] is None:
            raise MissingFact(str(key))
        return kwargs[str(key)]

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec in _PATTERNS:
            return _date(value, format_spec, self._language, self._timezone)
        if format_spec == "money" and isinstance(value, Money):
            return format_money(value, self._language)
        if format_spec == "city":
            return city(str(value), self._language)
        if format_spec.startswith("plural("):
            one, many = format_spec.removeprefix("plural(").removesuffix(")").split("|")
            return (one if value == 1 else many).replace("#", str(value))
        return str(value)


def city(timezone: str, language: str) -> str:
    """How people call the time of a zone: "Berlin time", "北京时间"."""
    if timezone in ("UTC", "Etc/UTC", "GMT"):
        return "UTC"
    if timezone in ("Asia/Shanghai", "Asia/Chongqing", "PRC"):
        return "北京时间" if language == "zh" else "Beijing time"
    place = _place(timezone, language)
    return f"{place}时间" if language == "zh" else f"{place} time"


@cache
def _place(timezone: str, language: str) -> str:
    return get_timezone_location(_zone(timezone), locale=_LOCALES[language], return_city=True)


@cache
def _zone(timezone: str) -> tzinfo:
    try:
        return get_timezone(timezone)
    except LookupError:
        return get_timezone("UTC")


def _date(value: datetime, form: str, language: str, timezone: str) -> str:
    return format_datetime(value, _PATTERNS[form][language], tzinfo=_zone(timezone), locale=_LOCALES[language])


def _checked(text: str, where: str) -> str:
    for _, name, spec, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        known = not spec or spec in _PATTERNS or spec in ("money", "city") or spec.startswith("plural(")
        if not name.isidentifier() or conversion or not known:
            raise ValueError(f"{where}: {{{name}}} is not a plain fact with a known format")
    return text
