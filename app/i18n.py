"""Two languages, equal in rank: gettext catalogues compiled in memory at the first use."""

import gettext as stdlib_gettext
import io
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from starlette.requests import HTTPConnection

LANGUAGES = ("en", "zh")
_LOCALES = {"en": Locale("en"), "zh": Locale("zh", "CN", script="Hans")}
_CATALOGUES = Path(__file__).parent / "locales"


@cache
def catalogue(language: str) -> stdlib_gettext.NullTranslations:
    """The messages of a language; msgids are English, so English needs no file."""
    path = _CATALOGUES / language / "LC_MESSAGES" / "wismo.po"
    if not path.exists():
        return stdlib_gettext.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def gettext(message: str, language: str) -> str:
    """The wording of `message` (an English msgid) in `language`."""
    return catalogue(language).gettext(message)


def ngettext(singular: str, plural: str, count: int, language: str) -> str:
    """The wording that fits `count`."""
    return catalogue(language).ngettext(singular, plural, count)


def choose(wishes: str | None) -> str:
    """The best of our languages for an Accept-Language header or a language tag."""
    ranked: list[tuple[float, str]] = []
    for part in (wishes or "").split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            ranked.append((float(quality or 1), tag.lower()))
        except ValueError:
            continue
    for _, tag in sorted(ranked, key=lambda entry: -entry[0]):
        for language in LANGUAGES:
            if tag == language or tag.startswith(language + "-"):
                return language
    return "en"


def request_language(connection: HTTPConnection) -> str:
    """What the person chose (agent's preference, then cookie), else what the browser asks for."""
    chosen = getattr(connection.state, "language", None) or connection.cookies.get("wismo_language")
    return chosen if chosen in LANGUAGES else choose(connection.headers.get("accept-language"))


@lru_cache(maxsize=4096)
def when(moment: datetime, timezone: str, language: str) -> str:
    """Day and time for people: `Tue 24 Nov, 10:42` / `11月24日（周二）10:42`."""
    return format_datetime(
        moment,
        "M月d日（EEE）HH:mm" if language == "zh" else "EEE d MMM, HH:mm",
        tzinfo=ZoneInfo(timezone),
        locale=_LOCALES[language],
    )


def day(moment: datetime, timezone: str, language: str) -> str:
    """A day for people: `Tue 24 Nov` / `11月24日（周二）`."""
    local = moment.astimezone(ZoneInfo(timezone))
    return format_date(local, "M月d日（EEE）" if language == "zh" else "EEE d MMM", locale=_LOCALES[language])


def full_day(moment: datetime, timezone: str, language: str) -> str:
    """A day of any year: `24 Nov 2026` / `2026年11月24日`."""
    local = moment.astimezone(ZoneInfo(timezone))
    return format_date(local, "y年M月d日" if language == "zh" else "d MMM y", locale=_LOCALES[language])


def short_day(moment: datetime, timezone: str, language: str) -> str:
    """A day where there is little room: `24 Nov` / `11月24日`."""
    local = moment.astimezone(ZoneInfo(timezone))
    return format_date(local, "M月d日" if language == "zh" else "d MMM", locale=_LOCALES[language])


def country_name(code: str, language: str) -> str:
    """The name of an ISO 3166 country; what is no known code stays as it is."""
    return str(_LOCALES[language].territories.get(code.upper(), code))


def clock_time(moment: datetime, timezone: str, language: str) -> str:
    """A time of day: `10:42`."""
    return format_time(moment, "HH:mm", tzinfo=ZoneInfo(timezone), locale=_LOCALES[language])
