"""What payment and tracking services push, for the tests: bodies, and taking them in behind the doors."""

import json
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any
from urllib.parse import urlencode

from core.errors import WismoError
from core.shops import Shop
from orders.deriving import Picture, derive
from orders.facts import Handle, HeaderFacts, Kind, OrderFacts, PaymentFacts, ShipmentFacts, Statement, Version
from orders.folding import fold
from orders.joining import join
from orders.merging import Known, merge
from orders.models import SourceEvent
from orders.receiving import receive
from orders.sources import SOURCES
from tests.orders.deliveries import NOON, SAMPLES, a_delivery, a_shop

RUBBISH = (
    b"",
    b"[]",
    b"{",
    b"null",
    b"\xff\xfe",
    b"[" * 50_000,
    b'{"data":[]}',
    b'{"msg":"x","data":{"object":[1]},"resource":7,"result":[]}',
    b'{"data":{"number":{},"track_info":[]}}',
    b"param=%7B&sign=1",
    b"param=%7B%22lastResult%22%3A%5B%5D%7D",
    b"a=1&a=2",
    b"%ff=%ff&charset=klingon",
    b"trade_status=TRADE_SUCCESS",
)


def vector(path: str) -> Any:
    return json.loads((SAMPLES / f"{path}.json").read_bytes())


def as_json(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False).encode()


def as_form(fields: Mapping[str, str], encoding: str = "utf-8") -> bytes:
    return urlencode(fields, encoding=encoding).encode()


async def tell(shop: Shop, source: str, body: bytes) -> SourceEvent:
    """A verified delivery, stored and folded as the worker does."""
    service = SOURCES[source]
    event = await receive(shop, source, service.topic({}), service.delivery_key({}, body), {}, body)
    await fold(event.id)
    return await SourceEvent.get(id=event.id)


def read(source: str, body: bytes, *secrets: str) -> tuple[OrderFacts, ...]:
    """What one delivery says."""
    delivery = a_delivery(a_shop("generic"), "", body)
    return SOURCES[source].read(type(delivery)(**{**_values(delivery), "secrets": secrets})).orders


def _values(delivery: Any) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in delivery.__dataclass_fields__}


def sheets_of(told: Iterable[OrderFacts]) -> dict[Handle, Known]:
    """The sheets of all handles that were spoken of."""
    sheets: dict[Handle, Known] = {}
    for facts in told:
        assert facts.handle is not None
        sheets[facts.handle] = merge(sheets.get(facts.handle, Known()), facts.statements)
    return sheets


def an_order(
    number: str = "SO20260301000017",
    *,
    total: int = 29800,
    currency: str = "CNY",
    parcels: Mapping[str, str] | None = None,
    references: Mapping[str, str] | None = None,
    **header: Any,
) -> Known:
    """What an order's own source knows: parcels (id → tracking number) and payments (id → reference)."""
    version = Version(NOON.replace(month=2))
    facts = HeaderFacts(number=number, currency=currency, placed_at=version.at, total=total, **header)
    statements = [Statement(Kind.HEADER, "", facts, version)]
    for name, tracking in (parcels or {}).items():
        parcel = ShipmentFacts(tracking_number=tracking, carrier="EMS", shipped=True)
        statements.append(Statement(Kind.SHIPMENT, name, parcel, version))
    for name, reference in (references or {}).items():
        statements.append(Statement(Kind.PAYMENT, name, PaymentFacts(gateway_ref=reference), version))
    return merge(Known(), statements)


def picture(order: Known, told: Iterable[OrderFacts]) -> Picture:
    """The order with everything that was told, all of it being about this order."""
    derived = derive(join(order, sheets_of(told)))
    assert derived is not None
    return derived


def assert_any_order(order: Known, told: list[tuple[OrderFacts, ...]], seed: int = 5) -> Picture:
    """Late, doubled and shuffled deliveries give the same order."""
    straight = picture(order, [facts for delivery in told for facts in delivery])
    random = Random(seed)
    for _ in range(8):
        shuffled = told + told[::2]
        random.shuffle(shuffled)
        assert picture(order, [facts for delivery in shuffled for facts in delivery]) == straight
    return straight


def assert_rubbish_is_refused(source: str) -> None:
    """Nothing but our own errors, whatever the bytes."""
    service = SOURCES[source]
    for body in RUBBISH:
        service.delivery_key({}, body)
        service.order_reference("", body)
        try:
            service.read(a_delivery(a_shop("generic"), "", body))
        except WismoError:
            continue
