"""Hard or soft: does the address itself not exist, or did a mail merely not get through? Pure.

Hard is class 5 of RFC 3463 with subject 1 (the address) and hosts that do not exist. Full, disabled and busy mailboxes
(subject 2), sizes, networks, policies and spam (5.3–5.7) say nothing against the address and are soft, however final
they are for this one mail. Servers choose their codes carelessly, so clear words win over codes, and the first words
over later ones.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from app.mail.reading.reports import ADDRESS, Outcome

_TABLES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("severity.toml").read_text("utf-8"))


def _pattern(pair: dict[str, list[str]]) -> re.Pattern[str]:
    subjects, predicates = ("|".join(map(re.escape, pair[name])) for name in ("subjects", "predicates"))
    return re.compile(f"(?:{subjects})(?:[^\\n.;。；]|\\.(?=\\S)){{0,60}}?(?:{predicates})")  # a dot may be a domain's


_PAIRS = {name: [_pattern(pair) for pair in _TABLES[name].get("pairs", ())] for name in ("gone", "soft")}
_ABOUT_THE_SENDER = re.compile(f"(?:{'|'.join(map(re.escape, _TABLES['sender']['words']))})[^\\n.;。；]{{0,80}}")
_LINK = re.compile(r"https?://\S{1,300}")
_CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_REPLY = re.compile(r"(?<![\d.#:-])([45])[0-5]\d(?=[ -])")
_HARD_CODE = re.compile(r"5\.(?:1\.(?:0|1|2|3|4|6|10|20)|4\.4)$")
_WRAPPED = re.compile(r"\n[ \t]{1,20}(?=\S)")
_MAX_WORDS = 8_192  # characters that are read


def is_hard(outcome: Outcome) -> bool:
    """Whether a delivery report says that there is no such address."""
    if outcome.action == "delayed" or outcome.status.startswith("4"):
        return False
    spoken = _spoken(outcome.diagnostic)
    if spoken is not None:
        return spoken
    return any(_HARD_CODE.match(code) for code in (*_CODE.findall(outcome.diagnostic), outcome.status))


def is_hard_text(text: str) -> bool:
    """The same for a bounce that is only words."""
    text = _WRAPPED.sub(" ", text[:_MAX_WORDS])
    if {match[1] for match in _REPLY.finditer(text)} == {"4"}:
        return False
    spoken = _spoken(text)
    return spoken if spoken is not None else any(_HARD_CODE.match(code) for code in _CODE.findall(text))


def _spoken(words: str) -> bool | None:
    """What the words say; None when they say neither."""
    words = words[:_MAX_WORDS].lower().replace("’", "'")
    words = _ABOUT_THE_SENDER.sub(" ", ADDRESS.sub("@", _LINK.sub(" ", words)))
    gone, soft = _first(words, "gone"), _first(words, "soft")
    if gone is None:
        return None if soft is None else False
    return soft is None or gone <= soft


def _first(text: str, table: str) -> int | None:
    """Where the table's first words stand."""
    places = [place for word in _TABLES[table]["words"] if (place := text.find(word)) >= 0]
    places += [match.start() for pattern in _PAIRS[table] if (match := pattern.search(text)) is not None]
    return min(places, default=None)
