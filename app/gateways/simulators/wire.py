"""What simulated services put on the wire: what is to be said, the signed request, its times and its amounts."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

GENERIC_PATH = "/api/v1/orders:upsert"
BEIJING = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Letter:
    """What `source` has to say to a shop's door, not signed yet: many signatures hold the time of the very try."""

    source: str
    shop: str  # its key
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wire:
    """One request as it goes over the wire."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def source(self) -> str:
        """Whose door it goes to."""
        return "generic" if self.path == GENERIC_PATH else self.path.split("/")[2]

    @property
    def shop(self) -> str:
        """The key of the shop whose door it is."""
        return self.headers["X-Wismo-Shop"] if self.path == GENERIC_PATH else self.path.rpartition("/")[2]


def json_bytes(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def name_of(*parts: object) -> str:
    """A name that follows from what it names: 32 hexadecimal digits."""
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:32]


def uuid_of(*parts: object) -> str:
    return str(UUID(name_of(*parts)))


def time_text(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def beijing(at: datetime) -> str:
    """As Chinese services write a time: theirs, without an offset."""
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def major(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"
