"""What the simulated shops put on the wire: a request, its times and its amounts."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Wire:
    """One request as it goes over the wire."""

    path: str
    headers: dict[str, str]
    body: bytes


def time_text(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def major(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"
