"""Taking deliveries in: verify the raw bytes, store them once, leave the reading to a job."""

import hashlib
import json
import secrets as randomness
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tortoise.exceptions import IntegrityError

from core.batching import ALONE, Batch, Outcome
from core.clock import now
from core.errors import Unauthenticated
from core.ids import new_id
from core.jobs import Plan, enqueue, enqueued
from core.shops import Shop, shop_lately, shop_named
from core.sql import Columns, Program, query
from core.transactions import record, transaction
from orders.events import SourceEventReceived
from orders.models import SourceEvent
from orders.sources import SOURCES
from orders.sources.polled import AS_OF

FOLD = "orders.fold"
_BATCH = 50
_KEPT_HEADERS = (
    "x-shopify-",
    "shopify-",
    "x-wc-webhook-",
    "saleor-",
    "x-saleor-",
    "webhook-",
    "content-type",
    "user-agent",
    AS_OF,
)


_ROWS = Columns(
    "public_id text, shop_id bigint, source text, topic text, delivery_key text, order_ref text, headers jsonb,"
    " body utf8, received_at timestamptz, state text"
)
_NAMES = ", ".join(_ROWS.names)
_STORE = (
    f"INSERT INTO source_event ({_NAMES}) SELECT {_NAMES} FROM {{rows}} AS r WHERE 1 = 1"  # noqa: S608
    " ON CONFLICT (shop_id, source, delivery_key) DO NOTHING RETURNING id, shop_id, source, delivery_key"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A delivery as it stands at a door."""

    source: str
    shop_key: str
    headers: Mapping[str, str]
    body: bytes


async def accept(incoming: Incoming) -> SourceEvent:
    """Verify a delivery and store it. Raises Unauthenticated(bad_signature): an unknown shop looks the same."""
    shop = await verified_shop(incoming)
    headers = {name: value for name, value in lower(incoming.headers).items() if name != AS_OF}
    source = SOURCES[incoming.source]
    key = source.delivery_key(headers, incoming.body)
    return await receive(shop, incoming.source, source.topic(headers), key, headers, incoming.body)


async def verified_shop(incoming: Incoming) -> Shop:
    """The shop whose secret has signed the bytes; whether there is such a shop does not show in the work.

    A shop may be a second old: a new secret is good at once, since what does not fit is read again before it is
    refused; an old one ends within that second in other processes, at once in the one that replaced it.
    """
    try:
        return _signed(shop_lately(incoming.shop_key), incoming)
    except Unauthenticated:
        return _signed(await shop_named(incoming.shop_key), incoming)


def _signed(shop: Shop | None, incoming: Incoming) -> Shop:
    source = SOURCES[incoming.source]
    secrets = list(shop.secrets.get(source.SECRETS, [])) if shop else []
    source.verify(secrets or [randomness.token_hex(16)], lower(incoming.headers), incoming.body, now())
    if shop is None:
        raise Unauthenticated("the signature does not fit the body", code="bad_signature")
    return shop


async def receive(
    shop: Shop, source: str, topic: str, delivery_key: str, headers: Mapping[str, str], body: bytes
) -> SourceEvent:
    """Store a verified delivery and plan its folding. A repeated key returns the first row and plans nothing."""
    return await _deliveries.do(_row(shop, source, topic, delivery_key, headers, body))


def history_row(shop: Shop, source: str, topic: str, headers: Mapping[str, str], body: bytes) -> SourceEvent:
    """A delivery of the past that nobody has signed, as it would be stored; header names are lower case."""
    platform = SOURCES[source]
    return _row(shop, source, topic or platform.topic(headers), platform.delivery_key(headers, body), headers, body)


async def store_history(event: SourceEvent) -> bool:
    """Store a delivery of the past in the running transaction; False when it is there already."""
    if await _stored(event) is not None:
        return False
    await event.save(force_create=True)
    return True


async def import_history(shop: Shop, source: str, deliveries: Sequence[tuple[Mapping[str, str], bytes]]) -> list[int]:
    """Store many verified deliveries of the past without jobs or events. Returns the ids to fold, in their order."""
    platform = SOURCES[source]
    stored = []
    for start in range(0, len(deliveries), _BATCH):
        rows = {}
        for raw_headers, body in deliveries[start : start + _BATCH]:
            headers = lower(raw_headers)
            key = platform.delivery_key(headers, body)
            rows[key] = _row(shop, source, platform.topic(headers), key, headers, body)
        stored += await _store_new(shop, source, rows)
    return stored


async def _store_new(shop: Shop, source: str, rows: dict[str, SourceEvent]) -> list[int]:
    mine = SourceEvent.filter(shop_id=shop.id, source=source, delivery_key__in=list(rows))
    async with transaction():
        known = {str(row["delivery_key"]) for row in await mine.values("delivery_key")}
        await SourceEvent.bulk_create([row for key, row in rows.items() if key not in known])
        return [int(row["id"]) for row in await mine.filter(state="received").order_by("id").values("id")]


def lane(event: SourceEvent) -> str:
    """Deliveries about one order are folded one after the other."""
    name = f"order:{event.shop_id}:{event.source}:{event.order_ref or event.delivery_key}"
    return name if len(name) <= 120 else f"order:{event.shop_id}:{hashlib.sha256(name.encode()).hexdigest()[:40]}"


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _row(
    shop: Shop, source: str, topic: str, delivery_key: str, headers: Mapping[str, str], body: bytes
) -> SourceEvent:
    return SourceEvent(
        public_id=new_id("evt"),
        shop_id=shop.id,
        source=source,
        topic=topic[:120],
        delivery_key=delivery_key,
        order_ref=SOURCES[source].order_reference(topic, body),
        headers={name: value[:500] for name, value in headers.items() if name.startswith(_KEPT_HEADERS)},
        body=body,
        received_at=now(),
    )


def _store_all(events: Sequence[SourceEvent]) -> Program[list[Outcome[SourceEvent]]]:
    """Store what is new and plan its folding; what was there before, or is no text, is ALONE."""
    rows = {(event.shop_id, event.source, event.delivery_key): event for event in events if _is_text(event.body)}
    if not rows:
        return [ALONE] * len(events)
    values = [[_value(event, name) for name in _ROWS.names] for event in rows.values()]
    stored = yield query(_STORE, rows=_ROWS.of(values))
    new: dict[tuple[int, str, str], SourceEvent] = {}
    for row in stored:
        key = row["shop_id"], row["source"], row["delivery_key"]
        new[key] = event = rows[key]
        event.id, event._saved_in_db = row["id"], True
        record(SourceEventReceived(source_event_id=event.id, shop_id=event.shop_id))
    plans = sorted(new.values(), key=lambda event: event.id)
    yield from enqueued([Plan(kind=FOLD, args={"source_event": event.id}, lane=lane(event)) for event in plans])
    return [new.get((event.shop_id, event.source, event.delivery_key), ALONE) for event in events]


async def _store_alone(event: SourceEvent) -> SourceEvent:
    try:
        async with transaction():
            first = await _stored(event)
            if first is not None:
                return first
            await event.save(force_create=True)
            record(SourceEventReceived(source_event_id=event.id, shop_id=event.shop_id))
            await enqueue(FOLD, {"source_event": event.id}, lane=lane(event))
    except IntegrityError:  # the same delivery came in twice at once, and the other one was first
        first = await _stored(event)
        if first is None:
            raise
        return first
    return event


_deliveries = Batch(_store_all, _store_alone)


def _is_text(body: bytes) -> bool:
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False


def _value(event: SourceEvent, name: str) -> Any:
    value = getattr(event, name)
    if name == "headers":
        return json.dumps(value)
    return value.decode() if name == "body" else value


async def _stored(event: SourceEvent) -> SourceEvent | None:
    return await SourceEvent.get_or_none(shop_id=event.shop_id, source=event.source, delivery_key=event.delivery_key)
