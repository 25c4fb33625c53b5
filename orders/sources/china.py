"""What the marketplaces of China have in common: naive times in UTC+8, hidden contacts, envelopes. Pure."""

from datetime import datetime
from typing import Any

from core.errors import Invalid
from orders.contacts import normal_email, normal_phone
from orders.sources.reading import mapping, objects, text, when

CURRENCY = "CNY"
COUNTRY = "CN"
_ZONE = "Asia/Shanghai"


def local(value: Any) -> datetime | None:
    """A time as these platforms write it ("2026-03-01 09:00:07", always UTC+8) as UTC. None for "never"."""
    written = text(value)
    return None if written.startswith(("0001-", "0000-", "1970-01-01")) else when(written, _ZONE)


def phone_of(*values: Any) -> str | None:
    """The first number that can be read; numbers with stars in them (138****0000) prove nothing."""
    found = (normal_phone(text(raw), COUNTRY) for raw in values if "*" not in text(raw))
    return next((number for number in found if number), None)


def email_of(value: Any) -> str | None:
    return None if "*" in text(value) else normal_email(text(value))


def unwrapped(payload: dict[str, Any], *names: str) -> list[tuple[str, dict[str, Any]]]:
    """The objects called by one of `names`, however deep their envelope and whether alone or listed.

    Raises Invalid when the platform answered with an error.
    """
    if isinstance(payload.get("error_response"), dict):
        problem = mapping(payload["error_response"])
        said = text(problem.get("sub_msg")) or text(problem.get("msg")) or text(problem.get("zh_desc"))
        raise Invalid(f"the platform answered with an error: {said[:100]}", code="platform_error")
    found = []
    layers = [payload]
    for _ in range(6):  # response, result, list, item: no envelope is deeper
        inner: list[dict[str, Any]] = []
        for layer in layers:
            for name, value in layer.items():
                parts = objects(value) if isinstance(value, list) else [value] if isinstance(value, dict) else []
                if name in names:
                    # a plural ("trades") may hold the list under its singular
                    nested = [part for part in parts if not any(n in part for n in names)]
                    found += [(name, part) for part in nested]
                    inner += [part for part in parts if part not in nested]
                else:
                    inner += parts
        layers = inner
    return found
