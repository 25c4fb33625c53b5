"""Joining what an order's own source knows with what others have said about its parcels and payments. Pure.

A function of both sets of facts: whichever came first, and however often it is repeated, the result is the same.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orders.facts import Handle, HandleKind, Kind
from orders.handles import tracking
from orders.joining_money import join_payments, sent_by_desk
from orders.merging import Entity, Known, Register, merged_entities, newer

_ITS_OWN = ("carrier", "tracking_number", "tracking_url", "direction")  # of a parcel that the order's source has named

Entities = dict[Entity, dict[str, Register]]


@dataclass(frozen=True, slots=True)
class Span:
    """When a number meant this order's parcel: carriers give their numbers to other parcels later."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def join(known: Known, beside: Mapping[Handle, Known], spans: Mapping[Handle, Span] | None = None) -> Known:
    """Return everything that is known about an order. `beside` holds the facts of its handles, found by linking."""
    if not beside and not sent_by_desk(known.entities):
        return known
    entities: Entities = {entity: dict(fields) for entity, fields in known.entities.items()}
    own = _own_parcels(known)
    for handle, facts in sorted(beside.items()):
        if handle.kind is HandleKind.TRACKING:
            span = (spans or {}).get(handle, Span())
            for parcel in own.get(handle) or [str(handle)]:
                _join_parcel(entities, facts, parcel, span, is_own=handle in own)
        elif handle.kind is HandleKind.FULFILMENT:
            holds = {entity: fields for entity, fields in facts.entities.items() if entity[0] is Kind.HOLD}
            entities = merged_entities(entities, holds)
    join_payments(entities, {h: facts for h, facts in beside.items() if h.kind is HandleKind.PAYMENT})
    return Known(entities)


def _own_parcels(known: Known) -> dict[Handle, list[str]]:
    """The parcels that the order's own source has named, by tracking number; several may have the same."""
    found: dict[Handle, list[str]] = {}
    for (kind, entity_id), fields in sorted(known.entities.items()):
        handle = tracking(fields["tracking_number"].value or "") if "tracking_number" in fields else None
        if kind is Kind.SHIPMENT and handle is not None:
            found.setdefault(handle, []).append(entity_id)
    return found


def _join_parcel(entities: Entities, facts: Known, parcel: str, span: Span, *, is_own: bool) -> None:
    for (kind, entity_id), fields in facts.entities.items():
        if kind is Kind.SHIPMENT:
            target = entities.setdefault((Kind.SHIPMENT, parcel), {})
            for name, register in fields.items():
                if is_own and name in _ITS_OWN and name in target and target[name].value:
                    continue
                if span.holds(register.version.at) or name in _ITS_OWN:
                    target[name] = newer(name, target.get(name), register)
            if not is_own and fields:
                announced = next(iter(fields.values())).version  # it counts as shipped from its first scan on
                target.setdefault("shipped", Register(False, announced._replace(digest="")))
        elif kind is Kind.SCAN and span.holds(datetime.fromisoformat(fields["at"].value)):
            name = hashlib.sha256(f"{parcel}\x00{entity_id}".encode()).hexdigest()[:40]
            entities[Kind.SCAN, name] = {**fields, "shipment": Register(parcel, fields["shipment"].version)}
