"""What sources have in common that push nothing: their orders are fetched and handed over. Pure.

Nothing signs such bytes, so they have no door, `verify` refuses whatever comes to one, and only an operator can import
them (`wismo orders import`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from core.errors import Unauthenticated

TOPIC = "pulled"


def verify(_secrets: Sequence[str], _headers: Mapping[str, str], _body: bytes, _now: datetime) -> None:
    """Raises Unauthenticated(bad_signature), always."""
    raise Unauthenticated("the signature does not fit the body", code="bad_signature")


def topic(_headers: Mapping[str, str]) -> str:
    return TOPIC


def delivery_key(_headers: Mapping[str, str], body: bytes) -> str:
    """An object that has not changed since the last pull is the same bytes, and so the same delivery."""
    return hashlib.sha256(body).hexdigest()
