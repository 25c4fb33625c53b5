"""Reading what a form sent."""

from starlette.requests import Request


async def fields(request: Request) -> dict[str, str]:
    """The text fields of the request's form, the last of each name; uploads are dropped."""
    async with request.form() as form:
        return {name: value for name, value in form.multi_items() if isinstance(value, str)}


async def choices(request: Request) -> dict[str, list[str]]:
    """All text fields of each name: what was ticked."""
    found: dict[str, list[str]] = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, str):
                found.setdefault(name, []).append(value)
    return found


def whole_number(text: str | None, otherwise: int) -> int:
    """A whole number from 0 that fits a database, else `otherwise`."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 15 else otherwise
