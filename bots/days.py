"""Days that people mention about the past: yesterday, last Friday, 3 weeks ago, 前天, 上周五, 双十一."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

_MOST = 8
_LOOK_AT = 2_000
_WEEKDAYS = {name: place for place, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_WEEKDAYS_ZH = {name: place for place, name in enumerate("一二三四五六日")} | {"天": 6}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
_NUMBERS |= {name: number for number, name in enumerate("一二三四五六七八九十", start=1)} | {"两": 2, "几": 4, "few": 4}
_UNITS = {
    "day": 1,
    "week": 7,
    "month": 30,
    "天": 1,
    "周": 7,
    "个星期": 7,
    "星期": 7,
    "个礼拜": 7,
    "礼拜": 7,
    "个月": 30,
    "月": 30,
}
_FEASTS = {
    "双十一": (11, 11),
    "双11": (11, 11),
    "双十二": (12, 12),
    "双12": (12, 12),
    "618": (6, 18),
    "六一八": (6, 18),
}
_AROUND_FEAST = timedelta(days=3)  # sales begin before and orders come until after
_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"

_DAYS = re.compile(
    rf"""
      (?P<near>\b(?:today|this\smorning|yesterday|last\snight|the\sother\sday|day\sbefore\syesterday)\b
        |今天|今早|昨天|昨晚|昨日|大前天|前天|前几天|前两天)
    | (?P<ago>(?:\b(?P<count>\d{{1,3}}|a|an|one|two|three|four|five|six|seven|few|couple)
          (?:\sof)?\s(?P<unit>day|week|month)s?\s(?:ago|back)\b)
        |(?P<count_zh>\d{{1,3}}|[一两二三四五六七八九十几])(?P<unit_zh>天|周|个?星期|个?礼拜|个?月)(?:之?前|以前))
    | (?P<weekday>\b(?P<which>last|on|this|past)\s(?P<day>mon(?!th)|tue|wed|thu|fri|sat|sun)[a-z]{{0,6}}\b
        |(?P<which_zh>上上|上|这|本)?个?(?:周|星期|礼拜)(?P<day_zh>[一二三四五六日天]))
    | (?P<span>\b(?:last|this)\s(?:week|month)\b|上上?个?(?:周|星期|礼拜|月)(?![一二三四五六日天])
        |(?:这|本)个?(?:周|星期|月)(?![一二三四五六日天]))
    | (?P<feast>双十一|双11|双十二|双12|(?<!\d)618(?!\d)|六一八)
    | (?P<iso>(?<!\d)(?P<year>20\d\d)(?:[-/.]|年)(?P<month>\d{{1,2}})(?:[-/.]|月)(?P<dom>\d{{1,2}})(?!\d))
    | (?P<zh>(?<!\d)(?P<month_zh>1[0-2]|0?[1-9])月(?P<dom_zh>3[01]|[12]\d|0?[1-9])(?!\d))
    | (?P<named>\b(?P<name>{_MONTH})[a-z]{{0,6}}\.?\s(?P<dom_en>\d{{1,2}})(?:st|nd|rd|th)?\b
        |\b(?P<dom_first>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<name_last>{_MONTH})[a-z]{{0,6}}\b)
    | (?P<slashed>(?<![\d/])(?P<one>\d{{1,2}})/(?P<two>\d{{1,2}})(?:/(?P<full>20\d\d))?(?![\d/]))
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Days:
    """From `first` to `last`, both included, and the words that said so."""

    first: date
    last: date
    words: str


def days_mentioned(text: str, today: date) -> tuple[Days, ...]:
    """The past days that `text` speaks of, seen from `today` in the speaker's time zone.

    A day without a year is the last one that has passed; 3/12 is 12 March or 3 December, whichever exists and lies
    nearer in the past. Impossible dates are left out.
    """
    return tuple(islice(_all(text[:_LOOK_AT], today), _MOST))


def _all(text: str, today: date) -> Iterator[Days]:
    for match in _DAYS.finditer(text):
        kind = next(name for name in _READERS if match[name])
        try:
            found = _READERS[kind](match, today)
        except (ValueError, OverflowError):
            continue
        yield Days(*found, match.group())


Found = tuple[date, date]


def _near(match: re.Match[str], today: date) -> Found:
    words = match.group().lower()
    if words in ("the other day", "前几天", "前两天"):
        return today - timedelta(days=5), today - timedelta(days=1)
    if words == "大前天":
        back = 3
    elif "before" in words or words == "前天":
        back = 2
    else:
        back = 0 if words in ("today", "this morning", "今天", "今早") else 1
    return today - timedelta(days=back), today - timedelta(days=back)


def _ago(match: re.Match[str], today: date) -> Found:
    typed = (match["count"] or match["count_zh"]).lower()
    unit = (match["unit"] or match["unit_zh"]).lower()
    count = int(typed) if typed.isdigit() else _NUMBERS[typed]
    days = timedelta(days=count * _UNITS[unit])
    slack = timedelta(days=0 if _UNITS[unit] == 1 and typed.isdigit() else min(7, _UNITS[unit] // 2 + 1))
    return today - days - slack, today - days + slack


def _weekday(match: re.Match[str], today: date) -> Found:
    if match["day"]:
        back = (today.weekday() - _WEEKDAYS[match["day"].lower()]) % 7
        back = 7 if back == 0 and match["which"].lower() == "last" else back
    else:
        weeks = {"上上": 14, "上": 7}.get(match["which_zh"] or "", 0)
        back = today.weekday() - _WEEKDAYS_ZH[match["day_zh"]] + weeks
        back = back + 7 if back < 0 else back
    return today - timedelta(days=back), today - timedelta(days=back)


def _span(match: re.Match[str], today: date) -> Found:
    words = match.group().lower()
    weeks = 2 if words.startswith("上上") else 1 if words.startswith(("last", "上")) else 0
    if "month" in words or "月" in words:
        first = today.replace(day=1)
        for _ in range(weeks):
            first = (first - timedelta(days=1)).replace(day=1)
        return first, min(today, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))
    monday = today - timedelta(days=today.weekday() + 7 * weeks)
    return monday, min(today, monday + timedelta(days=6))


def _feast(match: re.Match[str], today: date) -> Found:
    day = _last(today, *_FEASTS[match.group()])
    return day - _AROUND_FEAST, day + _AROUND_FEAST


def _iso(match: re.Match[str], today: date) -> Found:
    day = date(int(match["year"]), int(match["month"]), int(match["dom"]))
    return day, day


def _chinese(match: re.Match[str], today: date) -> Found:
    day = _last(today, int(match["month_zh"]), int(match["dom_zh"]))
    return day, day


def _named(match: re.Match[str], today: date) -> Found:
    month = _MONTHS[(match["name"] or match["name_last"]).lower()]
    day = _last(today, month, int(match["dom_en"] or match["dom_first"]))
    return day, day


def _slashed(match: re.Match[str], today: date) -> Found:
    one, two = int(match["one"]), int(match["two"])
    years = (int(match["full"]),) if match["full"] else (today.year, today.year - 1)
    days = [
        date(year, month, day) for year in years for month, day in ((one, two), (two, one)) if _exists(year, month, day)
    ]
    passed = [day for day in days if day <= today]
    if not passed:
        raise ValueError("no such day")
    return max(passed), max(passed)


def _last(today: date, month: int, day: int) -> date:
    """The newest such day that is not in the future."""
    years = (year for year in range(today.year, today.year - 5, -1) if _exists(year, month, day))
    passed = [found for year in years if (found := date(year, month, day)) <= today]
    if not passed:
        raise ValueError("no such day")
    return passed[0]


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


_READERS: dict[str, Callable[[re.Match[str], date], Found]] = {
    "near": _near,
    "ago": _ago,
    "weekday": _weekday,
    "span": _span,
    "feast": _feast,
    "iso": _iso,
    "zh": _chinese,
    "named": _named,
    "slashed": _slashed,
}
