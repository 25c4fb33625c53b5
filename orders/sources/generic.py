"""Our own order API: any shop can tell us its orders with it (`POST /api/v1/orders:upsert`, see docs/orders.md). Pure.

Signed as Standard Webhooks: HMAC-SHA256 over `id.timestamp.body` with the decoded part of a `whsec_…` secret.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import ValidationError

from core.errors import Invalid, Malformed, Unauthenticated
from core.text import clean
from orders.sources.generic_model import OrderInput
from orders.sources.generic_reading import order_facts
from orders.sources.reading import Delivery, Reading, load

NAME = "generic"
SECRETS = "api"
TOPIC = "orders:upsert"
TOLERANCE = timedelta(minutes=5)
_PREFIX = "whsec_"
_MOST_SIGNATURES = 8
_TIMESTAMP_DIGITS = 12


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Check the `v1` signatures against each secret. Raises Unauthenticated(bad_signature), also when too old."""
    name, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = [part.removeprefix("v1,").encode() for part in headers.get("webhook-signature", "").split(" ")]
    matches = [
        hmac.compare_digest(signature, expected)
        for expected in [_signature(secret, name, sent, body) for secret in secrets]
        for signature in given[:_MOST_SIGNATURES]
    ]
    if not any(matches) or not name or not _is_fresh(sent, now):
        raise Unauthenticated("the signature does not fit the body", code="bad_signature")


def sign(secret: str, name: str, sent: int, body: bytes) -> str:
    """The value of the `webhook-signature` header for a message `name` sent at `sent` (unix seconds)."""
    return f"v1,{_signature(secret, name, str(sent), body).decode()}"


def topic(_headers: Mapping[str, str]) -> str:
    return TOPIC


def delivery_key(headers: Mapping[str, str], body: bytes) -> str:
    name = headers.get("webhook-id", "")
    return name if 0 < len(name) <= 190 else hashlib.sha256(body).hexdigest()


def order_reference(_topic: str, body: bytes) -> str | None:
    """The id of the order, if it can be read."""
    try:
        return check(body).id
    except (Malformed, Invalid):
        return None


def check(body: bytes) -> OrderInput:
    """Parse a body. Raises Malformed for bad JSON, Invalid(code="bad_order") with the places of all mistakes."""
    data = load(body)
    try:
        return OrderInput.model_validate(data)
    except ValidationError as error:
        mistakes = [
            {"at": clean(".".join(str(part) for part in item["loc"]), limit=200), "problem": item["msg"]}
            for item in error.errors(include_url=False, include_input=False, include_context=False)[:20]
        ]
        raise Invalid("the order cannot be read", code="bad_order", mistakes=mistakes) from error


def read(delivery: Delivery) -> Reading:
    """Read a delivery. Raises Malformed or Invalid when it can never be read."""
    return Reading(orders=(order_facts(delivery, check(delivery.body)),))


def _signature(secret: str, name: str, sent: str, body: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = secret.encode()
    content = f"{name}.{sent}.".encode() + body
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest())


def _is_fresh(sent: str, now: datetime) -> bool:
    is_time = sent.isascii() and sent.isdigit() and len(sent) <= _TIMESTAMP_DIGITS
    return is_time and abs(now.timestamp() - int(sent)) <= TOLERANCE.total_seconds()
