"""Handles: the names by which carriers and payment services speak of an order without knowing its id. Pure.

A tracking number and an order number are compared without separators and case, a payment reference as it is.
"""

import hashlib
from collections.abc import Iterable, Mapping

from core.text import clean, reference
from orders.facts import AliasFacts, Handle, HandleKind, Kind, OrderFacts, Statement, Version
from orders.merging import Known

LONGEST = 100
MOST_ROUNDS = 4  # number → payment → its other name → …


def tracking(number: str) -> Handle | None:
    """The handle of a parcel; None when there is no number."""
    return _handle(HandleKind.TRACKING, reference(number))


def payment(name: str) -> Handle | None:
    """The handle of a payment: the gateway's id for it, or the merchant's own number that the gateway repeats."""
    return _handle(HandleKind.PAYMENT, clean(name, limit=1000))


def number(text: str) -> Handle | None:
    """The handle of an order by the number or id under which its shop has told it to somebody."""
    return _handle(HandleKind.NUMBER, reference(text))


def fulfilment(source_id: str) -> Handle:
    """The handle of a fulfilment order: a part of an order that a warehouse is to send, by the platform's id."""
    return Handle(HandleKind.FULFILMENT, source_id)


def told_of(
    handle: Handle,
    statements: Iterable[Statement],
    others: Iterable[Handle | None],
    version: Version,
    warnings: Iterable[str] = (),
) -> tuple[OrderFacts, ...]:
    """Facts about a handle; and for each of its other names the fact that they are the same."""
    names = sorted({other for other in others if other is not None and other != handle})
    here = [*statements, *(_same(other, version) for other in names)]
    facts = OrderFacts(handle.value, tuple(here), tuple(warnings), handle)
    return facts, *(OrderFacts(other.value, (_same(handle, version),), (), other) for other in names)


def handles_of(known: Known, source_id: str) -> frozenset[Handle]:
    """The handles that an order's own source gives it: its numbers, parcels and payments."""
    found = {number(source_id)}
    for (kind, _), fields in known.entities.items():
        if kind is Kind.HEADER and "number" in fields:
            found.add(number(fields["number"].value or ""))
        elif kind is Kind.SHIPMENT and "tracking_number" in fields:
            found.add(tracking(fields["tracking_number"].value or ""))
        elif kind is Kind.PAYMENT and "gateway_ref" in fields:
            found.add(payment(fields["gateway_ref"].value or ""))
    return frozenset(handle for handle in found if handle is not None)


def aliases_of(known: Known) -> frozenset[Handle]:
    """The other names that a handle's facts give it."""
    return frozenset(parse(entity_id) for kind, entity_id in known.entities if kind is Kind.ALIAS)


def next_handles(beside: Mapping[Handle, Known]) -> frozenset[Handle]:
    """Where to look further from what was found. Never to an order's number: that would lead to other orders."""
    found = {alias for known in beside.values() for alias in aliases_of(known)}
    return frozenset(alias for alias in found if alias.kind is not HandleKind.NUMBER) - frozenset(beside)


def parse(text: str) -> Handle:
    """Read what `str(handle)` wrote."""
    kind, _, value = text.partition(":")
    return Handle(HandleKind(kind), value)


def _same(other: Handle, version: Version) -> Statement:
    return Statement(Kind.ALIAS, str(other), AliasFacts(same=True), version)


def _handle(kind: HandleKind, value: str) -> Handle | None:
    if not value:
        return None
    return Handle(kind, value if len(value) <= LONGEST else hashlib.sha256(value.encode()).hexdigest())
