"""The letters the desk writes: a template in plain text and in HTML, in the reader's language."""

from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.i18n import gettext
from app.rendering import ROOT, wording


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written, before it becomes a mail."""

    subject: str
    text: str
    html: str


def write_letter(template: str, context: dict[str, Any], language: str) -> Letter:
    """Fill in `templates/mail/<template>.txt` and `.html`. A `subject` in the context wins over the letter's own."""
    subject = context.get("subject") or gettext(SUBJECTS[template], language) % context
    environment = _environment()
    names = wording(environment, language) | context | {"subject": subject, "city": lambda zone: _city(zone, language)}
    text = environment.get_template(f"mail/{template}.txt").render(names)
    html = environment.get_template(f"mail/{template}.html").render(names)
    return Letter(subject, text.strip() + "\n", html)


def _city(timezone: str, language: str) -> str:
    """What people call a time zone: `New York`, `上海`."""
    return get_timezone_location(
        ZoneInfo(timezone), locale="zh_Hans_CN" if language == "zh" else "en", return_city=True
    )


@cache
def _environment() -> Environment:
    """As for pages, but plain text is not escaped: nobody wants to read `&amp;`."""
    return Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


SUBJECTS = {
    "code": _("Your one-time code for %(shop)s"),
    "address_code": _("Your one-time code for %(shop)s"),
    "transcript": _("Your conversation with %(shop)s"),
    "acknowledgement": _("We’ve received your message: ticket %(ticket)s"),
    "withdrawal": _("We have received your withdrawal from the contract"),
    "reply": _("A reply from %(shop)s"),
    "trial": _("A test from %(address)s"),
    "forward": _("A question from %(shop)s"),
}
