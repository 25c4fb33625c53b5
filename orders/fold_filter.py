"""Folding a stream of deliveries into orders without a database: lines in, orders out, whatever the order of the lines.

Pure. Signatures are not checked: whoever has the lines has had the secrets.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError

from core.errors import Invalid, Malformed, WismoError
from orders.deriving import derive
from orders.documents import order_document, time_text
from orders.facts import NEVER, Handle, HandleKind, HeaderFacts, Kind, OrderFacts, Statement
from orders.handles import MOST_ROUNDS, handles_of, next_handles
from orders.joining import join
from orders.merging import Known, merge
from orders.sources import SOURCES, event_stream
from orders.sources.reading import Delivery, Reading, load, mapping, text, when

_PILE = 16  # statements
_FORMS = frozenset({"alipay", "kuaidi100"})  # what these send is a form
_NEEDED = ("number", "currency", "placed_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """What is needed of a shop to read its deliveries."""

    timezone: str = "UTC"
    country: str = "US"
    language: str = "en"
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that cannot be read: its number from 1, a stable code, and words."""

    line: int
    code: str
    detail: str


@dataclass(slots=True)
class Folded:
    """What a stream came to: finished documents, and the lines that were left out."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class _Heap:
    """All that was said about one order, merged now and then so that a long stream does not pile up."""

    known: Known = field(default_factory=Known)
    statements: list[Statement] = field(default_factory=list)
    warnings: set[str] = field(default_factory=set)

    def add(self, facts: OrderFacts) -> None:
        self.statements += facts.statements
        self.warnings.update(facts.warnings)
        if len(self.statements) > max(_PILE, len(self.known.entities)):
            self.known, self.statements = self.all(), []

    def all(self) -> Known:
        return merge(self.known, self.statements)


def fold_lines(lines: Iterable[str], shop: ShopFacts) -> Folded:
    """Read JSON lines (`{"source", "topic", "headers", "body"}` or plain events) and fold each order once, at the end.

    The result does not depend on the order of the lines, nor on doubles. Lines that cannot be read are problems.
    """
    problems, documents = fold_stream(lines, shop)
    return Folded(list(documents), problems)


def fold_stream(lines: Iterable[str], shop: ShopFacts) -> tuple[list[Problem], Iterator[dict[str, Any]]]:
    """The same for long streams: all lines are read at once, but each document is made when it is asked for."""
    heaps: dict[Handle | tuple[str, str], _Heap] = defaultdict(_Heap)
    problems = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            source, reading = _read(line, shop)
        except WismoError as error:
            problems.append(Problem(number, error.code, error.detail))
            continue
        for facts in reading.orders:
            heaps[facts.handle or (source, facts.source_id)].add(facts)
    return problems, _documents(heaps)


def delivery_of(data: Mapping[str, Any], shop: ShopFacts) -> tuple[str, Delivery]:
    """The source and the delivery that a line holds. Raises Invalid (unknown_source, bad_line)."""
    if "type" in data and "order_id" in data and "body" not in data:
        said = {name: value for name, value in data.items() if name not in {"event_id", "received_at"}}
        return event_stream.NAME, _delivery("", {}, _bytes(said), data, shop)
    name = text(data.get("source"))
    if "body" not in data or not name:
        raise Invalid("a line needs source and body, or order_id, type and at", code="bad_line")
    headers = {key.lower(): text(value) for key, value in mapping(data.get("headers")).items()}
    if name == event_stream.NAME:
        return name, _delivery("", headers, _bytes(data["body"]), data, shop)
    if name not in SOURCES:
        raise Invalid(f"no source is called {name[:40]}", code="unknown_source")
    topic = text(data.get("topic")) or SOURCES[name].topic(headers)
    body = _form(data["body"]) if name in _FORMS and isinstance(data["body"], dict) else _bytes(data["body"])
    return name, _delivery(topic, headers, body, data, shop)


def _read(line: str, shop: ShopFacts) -> tuple[str, Reading]:
    source, delivery = delivery_of(load(line.encode("utf-8", "surrogatepass")), shop)
    reader = event_stream.read if source == event_stream.NAME else SOURCES[source].read
    try:
        return source, reader(delivery)
    except ValidationError as error:
        first = next(iter(error.errors(include_url=False, include_input=False, include_context=False)))
        raise Invalid(f"facts that cannot be true: {first['msg']}", code="impossible_facts") from error


def _delivery(topic: str, headers: dict[str, str], body: bytes, data: Mapping[str, Any], shop: ShopFacts) -> Delivery:
    """Without `received_at` nothing is late or early: the clock of this machine has no say in the result."""
    secrets = data.get("secrets")
    return Delivery(
        topic=topic,
        headers=headers,
        body=body,
        received_at=when(data.get("received_at"), "UTC") or NEVER,
        timezone=shop.timezone,
        country=shop.country,
        language=shop.language,
        currency=shop.currency,
        secrets=tuple(text(secret) for secret in secrets) if isinstance(secrets, list) else (),
    )


def _form(body: Mapping[str, Any]) -> bytes:
    """The form that has these fields; a field that is an object is JSON text in it."""
    fields = {name: _bytes(value) if isinstance(value, dict) else text(value) for name, value in body.items()}
    return urlencode(fields, errors="surrogatepass").encode()


def _bytes(body: Any) -> bytes:
    """The bytes of a body: text as it is, an object in one form, so that the order of its names does not matter."""
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if not isinstance(body, dict | list):
        raise Malformed("a body is text or an object", code="bad_line")
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _documents(heaps: Mapping[Handle | tuple[str, str], _Heap]) -> Iterator[dict[str, Any]]:
    """Orders by source and id; then what was said of parcels and payments that no order goes by."""
    orders, handles = dict[tuple[str, str], Known](), dict[Handle, Known]()
    for name, heap in heaps.items():
        known, heap.statements, heap.known = heap.all(), [], Known()
        if isinstance(name, Handle):
            handles[name] = known
        else:
            orders[name] = known
    named = Counter(number for (_, order_id), known in orders.items() for number in _numbers(known, order_id))
    claimed = set[Handle]()
    for (source, order_id), known in sorted(orders.items()):
        beside = _beside(known, order_id, handles, named)
        claimed |= beside.keys()
        warnings = heaps[source, order_id].warnings.union(*(heaps[handle].warnings for handle in beside))
        yield {"source": source, "order_id": order_id} | _document(join(known, beside), warnings)
    for handle, known in sorted(handles.items()):
        if handle not in claimed and any(kind is not Kind.ALIAS for kind, _ in known.entities):
            shown = {"handle": str(handle), "number": None, "headline": None, "missing": ["order"]}
            yield shown | _foot(known, heaps[handle].warnings)


def _beside(
    known: Known, order_id: str, handles: Mapping[Handle, Known], named: Mapping[Handle, int]
) -> dict[Handle, Known]:
    """What was said of the order's parcels and payments, by all their names; a number of two orders means neither."""
    beside, wanted = dict[Handle, Known](), handles_of(known, order_id)
    for _ in range(MOST_ROUNDS):
        beside |= {name: handles[name] for name in wanted if name in handles and named.get(name, 0) < 2}
        wanted = next_handles(beside)
    return beside


def _numbers(known: Known, order_id: str) -> frozenset[Handle]:
    return frozenset(handle for handle in handles_of(known, order_id) if handle.kind is HandleKind.NUMBER)


def _document(known: Known, warnings: set[str]) -> dict[str, Any]:
    picture = derive(known)
    if picture is None:
        return {"number": None, "headline": None, "missing": list(_missing(known))} | _foot(known, warnings)
    missing = {} if picture.header.placed_at != NEVER else {"missing": ["placed_at"]}
    return order_document(picture) | missing | _foot(known, warnings)


def _foot(known: Known, warnings: set[str]) -> dict[str, Any]:
    return {"as_of": time_text(_newest(known)), "warnings": sorted(warnings)}


def _missing(known: Known) -> Iterator[str]:
    header = known.views(Kind.HEADER, HeaderFacts).get("", HeaderFacts())
    yield from (name for name in _NEEDED if not getattr(header, name))


def _newest(known: Known) -> datetime | None:
    times = [register.version.at for fields in known.entities.values() for register in fields.values()]
    return max((at for at in times if at < NEVER), default=None)
