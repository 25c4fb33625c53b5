"""Reading what a form sent."""

from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request

from core.clock import utc
from core.errors import Invalid

_YEARS = range(2000, 2200)  # whatever is computed from a time in them is a time, too


async def fields(request: Request) -> dict[str, str]:
    """The text fields of the request's form, the last of each name; uploads are dropped."""
    return {name: values[-1] for name, values in (await choices(request)).items()}


async def choices(request: Request) -> dict[str, list[str]]:
    """All text fields of each name: what was ticked. No NULs: PostgreSQL keeps none."""
    found: dict[str, list[str]] = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, str):
                found.setdefault(name.replace("\0", ""), []).append(value.replace("\0", ""))
    return found


def local_time(text: str, zone: str) -> datetime:
    """A time as it is written in `zone`, in UTC. Raises Invalid (bad_time)."""
    try:
        written = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("not a time", code="bad_time") from None
    if written.year not in _YEARS:
        raise Invalid("not a time of our days", code="bad_time")
    return utc(written.replace(tzinfo=ZoneInfo(zone)))


def whole_number(text: str | None, otherwise: int) -> int:
    """A whole number from 0 that fits a database, else `otherwise`."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 15 else otherwise
