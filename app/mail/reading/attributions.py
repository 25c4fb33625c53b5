"""Attributions: the lines with which mail programs introduce a quoted mail, "On …, … wrote:", also over several lines.

A line is one when enough speaks for it: a verb of writing at its end, a date, an address, a colon, a quote below. So a
language that nobody has listed is understood as well.
"""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

_LONGEST = 400  # characters
_LINES_BACK = 4  # lines that an attribution may reach back from its last one
_TABLES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_VERBS = tuple(" " + verb for verb in _TABLES["verbs"]) + tuple(_TABLES["verbs_without_spaces"])
_VERBS_INSIDE = tuple(f" {verb} " for verb in _TABLES["verbs_inside"])
_STARTS = tuple(_TABLES["starts"])
_OWN_WORDS = tuple(_TABLES["own_words"])
_OWN_WRITING = tuple(_TABLES["own_writing"])
_CITING = tuple(_TABLES["citing"])
_EDGES = "-=*_~>[]| \t‐‑‒–—"
_COLONS = (":", "：")
_LAST = frozenset(":：-=_*]>0123456789" + "".join(verb[-1] for verb in _VERBS))
_ADDRESS_AT_END = re.compile(r"@[^\s@<>]{1,255}[>)\]\"'\s]*[:：]$")
_ANGLE_ADDRESS = re.compile(r"[<(\[（] ?(?:mailto:)?[^\s<>@]{1,64}@[^\s<>@]{1,255}")
_DATE = re.compile(r"\b(?:19|20)\d\d\b|(?:19|20)\d\d[年년]|\b\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2}\b")
_TIME = re.compile(r"\d{1,2}[:.h點点시] ?\d{2}|\b(?:19|20)\d\d\b|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d月\d")
_NAME_IS_ABOVE = ("<", "(<", *(f"{verb} " for verb in _TABLES["verbs"] + _TABLES["verbs_inside"]))
_QUESTIONS = ("?", "？", "!", "！")
_FEW_WORDS = 4
_CLOCK = re.compile(r"(?<![\d.])\d{1,2}[:.h時时点點시] ?\d{2}(?![\d.])")
_RUN_ON = re.compile(r"(?:写道|寫道|wrote|schrieb|a écrit|escribió|ha scritto|escreveu) ?[:：](?= ?[^\s:：*_>-])")
_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", ":", "：", ";")


def is_attribution(line: str, *, quote_follows: bool = False) -> bool:
    """Whether `line` (lower case, single blanks) introduces a quoted mail."""
    drawn = line.startswith("--") and line.endswith("--")
    line = line.strip(_EDGES)
    if not line or len(line) > _LONGEST or any(words in line for words in _OWN_WRITING):
        return False
    digits = sum(map(str.isdigit, line[:_LONGEST]))
    colon = line.endswith(_COLONS)
    starts = line.startswith(_STARTS)
    address = "@" in line
    strong = address or quote_follows
    if not strong:
        if any(word in line for word in _OWN_WORDS):
            return False
        strong = bool(_CLOCK.search(line)) and ("," in line or "，" in line or bool(_DATE.search(line)))
    if _ends_with_verb(line):
        if digits >= 3 and (strong or (starts and "," in line)):
            return True
        return drawn or (colon and (address or (quote_follows and len(line) <= 80)))
    if not colon:
        dated = address and bool(_DATE.search(line)) and bool(_CLOCK.search(line))
        return quote_follows and digits >= 6 and (dated or bool(_ANGLE_ADDRESS.search(line)))
    if line.startswith(_CITING) and (address or quote_follows):
        return True
    if digits < 3:
        return quote_follows and bool(_ANGLE_ADDRESS.search(line))
    return (
        quote_follows
        or (bool(_ADDRESS_AT_END.search(line)) and (starts or line[0].isdigit() or line.endswith((">:", ">："))))
        or (digits >= 6 and bool(_ANGLE_ADDRESS.search(line)))
        or (strong and (starts or digits >= 6) and any(verb in line for verb in _VERBS_INSIDE))
    )


def runs_on(line: str) -> bool:
    """Whether `line` begins with a whole attribution and goes on with the quoted mail: a line break was lost."""
    match = _RUN_ON.search(line)
    if match is None:
        return False
    head = line[: match.end()]
    return len(head) <= _LONGEST and bool(_TIME.search(head)) and is_attribution(head) and _names_somebody(head)


def _names_somebody(head: str) -> bool:
    return bool(_ANGLE_ADDRESS.search(head)) or (head.startswith(("在", "于", "於")) and bool(_CLOCK.search(head)))


def attribution_start(lines: Sequence[str], last: int, floor: int, *, quote_follows: bool) -> int | None:
    """Where the attribution begins whose last line is `last`, not before `floor`; None when none ends there."""
    whole = lines[last]
    if whole[-1] not in _LAST:
        return None
    found = last if is_attribution(whole, quote_follows=quote_follows) else None
    if found is None and not (whole.endswith(_COLONS) or _ends_with_verb(whole.strip(_EDGES))):
        return None
    complete = found is not None and _is_complete(whole)
    used = empty = 0
    for at in range(last - 1, max(floor, last - 2 * _LINES_BACK) - 1, -1):
        line = lines[at]
        if not line:
            empty += 1
            if empty > 2 or not whole.startswith(("<", "mailto", ">")):
                break
            continue
        used += 1
        if used > _LINES_BACK or line.startswith(">") or len(whole) + len(line) > _LONGEST:
            break
        joined = f"{line} {whole}"
        if _begins(line, whole, complete=complete) and is_attribution(joined, quote_follows=quote_follows):
            found = at
            if complete or _TIME.search(joined):
                break
        if complete or _ends_sentence(line):
            break
        whole = joined
    return found


def _begins(line: str, rest: str, *, complete: bool) -> bool:
    """Whether `line` looks like the first line of an attribution that goes on with `rest`."""
    if rest.startswith(_NAME_IS_ABOVE):
        return not _ends_sentence(line)
    if ("@" not in rest and _ANGLE_ADDRESS.search(line)) or (_DATE.search(line) and not _DATE.search(rest)):
        return not line.endswith(_QUESTIONS)
    if complete:
        short = line.count(" ") < _FEW_WORDS
        if f"{line} ".startswith(_STARTS) and (not rest.startswith(_STARTS) or len(line) < 4):
            return short or any(map(str.isdigit, line[:_LONGEST]))
        return short and (line[0].isdigit() or bool(_TIME.search(line))) and not _ends_sentence(line)
    if _ends_sentence(line) and not line.startswith(_STARTS):
        return False
    return bool(_TIME.search(line))


def _is_complete(line: str) -> bool:
    """Whether date and sender are both there, so that nothing is missing above."""
    starts = line.strip(_EDGES).startswith(_STARTS)
    return bool(_TIME.search(line)) and ("@" in line or (starts and _ends_with_verb(line)))


def _ends_sentence(line: str) -> bool:
    return line.endswith(_SENTENCE_ENDS) and not line[-2:-1].isdigit()


def _ends_with_verb(line: str) -> bool:
    return (" " + line[-60:].replace(">", "> ").rstrip(" :：.*_>,")).endswith(_VERBS)
