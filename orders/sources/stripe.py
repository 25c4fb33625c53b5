"""Stripe's webhooks: signature, duplicate key, and which reader an object goes to (docs.stripe.com/webhooks). Pure.

Events are not ordered: the event's `created` says what is newer; the status decides within the same second.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.errors import Invalid, Malformed, Unauthenticated
from orders.facts import OrderFacts
from orders.sources.reading import Delivery, Reading, load, mapping, text
from orders.sources.stripe_objects import (
    payment_names,
    read_charge,
    read_checkout,
    read_dispute,
    read_intent,
    read_refund,
    read_review,
)

NAME = "stripe"
SECRETS = "stripe"
TOLERANCE = timedelta(seconds=300)
_MOST_SIGNATURES = 8

_READERS: Mapping[str, Callable[[Delivery, dict[str, Any], dict[str, Any]], tuple[OrderFacts, ...]]] = {
    "payment_intent": read_intent,
    "charge": read_charge,
    "refund": read_refund,
    "dispute": read_dispute,
    "review": read_review,
    "checkout.session": read_checkout,
}


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Check the `v1` signatures of `t.body` against each secret; other schemes (`v0`) prove nothing.

    Raises Unauthenticated(bad_signature), also when the timestamp is more than five minutes off.
    """
    parts = [part.strip().partition("=")[::2] for part in headers.get("stripe-signature", "").split(",")]
    times = [value for name, value in parts if name == "t"]
    given = [value.encode() for name, value in parts if name == "v1"][:_MOST_SIGNATURES]
    sent = times[0] if len(times) == 1 else ""
    matches = [
        hmac.compare_digest(signature, _signature(secret, sent, body))
        for secret in secrets[:4]
        if secret
        for signature in given
    ]
    if not any(matches) or not _is_fresh(sent, now):
        raise Unauthenticated("the signature does not fit the body", code="bad_signature")


def sign(secret: str, sent: int, body: bytes) -> str:
    """The value of the signature header for an event sent at `sent` (unix seconds)."""
    return f"t={sent},v1={_signature(secret, str(sent), body).decode()}"


def topic(_headers: Mapping[str, str]) -> str:
    return "event"


def delivery_key(_headers: Mapping[str, str], body: bytes) -> str:
    """The event's id, which is the same in every try and for every endpoint."""
    try:
        name = text(load(body).get("id"))
    except Malformed:
        name = ""
    return name if 0 < len(name) <= 190 else hashlib.sha256(body).hexdigest()


def order_reference(_topic: str, body: bytes) -> str | None:
    """The payment's handle: events about it are folded one after the other."""
    try:
        names = payment_names(_object(load(body)))
    except (Malformed, Invalid):
        return None
    return str(names[0]) if names else None


def read(delivery: Delivery) -> Reading:
    """Read an event. Raises Malformed or Invalid when it can never be read."""
    event = load(delivery.body)
    found = _object(event)
    reader = _READERS.get(text(found.get("object")))
    if reader is None:
        return Reading(ignored=f"{text(event.get('type'))[:80] or 'an event'} is not about an order's money")
    if not payment_names(found):
        return Reading(ignored=f"{text(event.get('type'))[:80] or 'an event'} names no payment")
    return Reading(orders=reader(delivery, event, found))


def _object(event: dict[str, Any]) -> dict[str, Any]:
    """The object in an event, or one as the API answers it."""
    inner = mapping(mapping(event.get("data")).get("object"))
    return inner if text(event.get("object")) == "event" or inner else event


def _signature(secret: str, sent: str, body: bytes) -> bytes:
    return hmac.new(secret.encode(), f"{sent}.".encode() + body, hashlib.sha256).hexdigest().encode()


def _is_fresh(sent: str, now: datetime) -> bool:
    digits = sent.isascii() and sent.isdigit() and len(sent) <= 12
    return digits and abs(now.timestamp() - int(sent)) <= TOLERANCE.total_seconds()
