"""Which facts belong to which orders when they are told by a tracking number, a payment reference or an order number.

The facts of a handle live in a sheet of their own, within their shop. An order reads the sheets of its handles each
time it is derived, so it does not matter which of both came first, and several orders may read the same sheet.
Everything here asks for many orders at once.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from core.clock import utc
from core.shops import Shop
from core.sql import Program, as_time, dialect, query
from orders.facts import Handle, HandleKind
from orders.handles import MOST_ROUNDS, aliases_of, handles_of, next_handles
from orders.joining import Span, join
from orders.merging import Known, from_json
from orders.sheets import Name, read_sheets
from orders.tables import Row

REUSED_AFTER = timedelta(days=60)  # a number that comes again so much later is another parcel's, not a shared one
_EARLY = timedelta(days=1)  # a label may be older than the order that was added to its parcel
_LOCKS = 0x6F72646C << 31  # "ordl": our part of PostgreSQL's space of advisory locks

_PARCELS = (
    "SELECT s.tracking_key AS name, o.id, o.source_id, o.placed_at FROM shipment AS s"
    " JOIN shop_order AS o ON o.id = s.order_id WHERE s.tracking_key IN ({names}) AND o.shop_id = {shop}"
)
_PAYMENTS = (
    "SELECT p.gateway_ref AS name, o.id FROM payment AS p JOIN shop_order AS o ON o.id = p.order_id"
    " WHERE p.gateway_ref IN ({names}) AND o.shop_id = {shop}"
)
_NUMBERED = (
    "SELECT id, source, source_id, number_key FROM shop_order"
    " WHERE shop_id = {shop} AND (number_key IN ({names}) OR source_id IN ({names}))"
)


class Subject(NamedTuple):
    """An order, stored or new, with what its own source knows and when it was placed."""

    order: Row
    known: Known
    placed_at: datetime


def lock_links(shop: Shop, *, alone: bool) -> Program[None]:
    """Keep the facts of handles (`alone`) and orders that look for them from missing each other, until the commit.

    Orders exclude only the facts of handles, not one another. SQLite runs one writing transaction at a time anyway.
    """
    if dialect() == "postgres":
        shared = "" if alone else "_shared"
        yield query(f"SELECT pg_advisory_xact_lock{shared}({{key}}::bigint)", key=_LOCKS + shop.id)


def joined(shop: Shop, subjects: Sequence[Subject]) -> Program[list[Known]]:
    """Everything that is known about each of these orders: its own facts and those of its handles."""
    own = [handles_of(subject.known, subject.order["source_id"]) for subject in subjects]
    sheets = yield from _sheets(shop, frozenset[Handle]().union(*own), next_handles)
    if not sheets:
        return [join(subject.known, {}) for subject in subjects]
    named = yield from _ask(shop, _NUMBERED, sheets, HandleKind.NUMBER)
    parcels = defaultdict[str, list[Row]](list)
    for row in (yield from _ask(shop, _PARCELS, sheets, HandleKind.TRACKING)):
        parcels[row["name"]].append(row)
    found = []
    for subject, handles in zip(subjects, own, strict=True):
        beside = _beside(subject, handles, sheets, named)
        spans = {h: _span(subject, parcels[h.value]) for h in beside if h.kind is HandleKind.TRACKING}
        found.append(join(subject.known, beside, spans))
    return found


def orders_by_handle(shop: Shop, handles: Collection[Handle]) -> Program[dict[Handle, list[int]]]:
    """The ids of the orders of `shop` that go by each of `handles`, in their order."""
    found: dict[Handle, set[int]] = {handle: set() for handle in handles}
    for row in (yield from _ask(shop, _NUMBERED, handles, HandleKind.NUMBER)):
        for value in (row["number_key"], row["source_id"]):
            found.get(Handle(HandleKind.NUMBER, value), set()).add(row["id"])
    for kind, statement in ((HandleKind.TRACKING, _PARCELS), (HandleKind.PAYMENT, _PAYMENTS)):
        for row in (yield from _ask(shop, statement, handles, kind)):
            found[Handle(kind, row["name"])].add(row["id"])
    return {handle: sorted(ids) for handle, ids in found.items()}


def names_of(shop: Shop, handles: Iterable[Handle]) -> Program[dict[Handle, frozenset[Handle]]]:
    """Those of `handles` that somebody has spoken of, each with all its names that have been spoken of."""
    handles = frozenset(handles)
    sheets = yield from _sheets(shop, handles, _other_names)
    names = {handle: _spoken(handle, sheets) for handle in handles}
    return {handle: spoken for handle, spoken in sorted(names.items()) if spoken}


def _sheets(
    shop: Shop, wanted: frozenset[Handle], further: Callable[[Mapping[Handle, Known]], frozenset[Handle]]
) -> Program[dict[Handle, Known]]:
    """The facts of handles, and of those that these lead to."""
    found, asked = dict[Handle, Known](), set[Handle]()
    for _ in range(MOST_ROUNDS):
        if not wanted:
            break
        asked |= wanted
        for name, row in (yield from read_sheets(shop, [Name.handle(handle) for handle in wanted])).items():
            found[Handle(HandleKind(name.source), name.source_id)] = from_json(row["facts"])
        wanted = further(found) - asked
    return found


def _ask(shop: Shop, statement: str, handles: Iterable[Handle], kind: HandleKind) -> Program[list[Row]]:
    names = [handle.value for handle in handles if handle.kind is kind]
    return (yield query(statement, shop=shop.id, names=names)) if names else []


def _beside(
    subject: Subject, wanted: frozenset[Handle], sheets: Mapping[Handle, Known], named: Collection[Row]
) -> dict[Handle, Known]:
    """The facts that belong to one order, of those that were found for all."""
    beside = dict[Handle, Known]()
    for _ in range(MOST_ROUNDS):
        for handle in wanted & sheets.keys():
            if handle.kind is not HandleKind.NUMBER or _is_meant(subject.order, handle, named):
                beside[handle] = sheets[handle]
        wanted = next_handles(beside)
        if not wanted:
            break
    return beside


def _is_meant(order: Row, handle: Handle, named: Collection[Row]) -> bool:
    """Is `order` the one that is meant by a number? An id beats a number, and two equal ones are neither."""
    itself = (order["source"], order["source_id"])
    fits = [row for row in named if handle.value in (row["number_key"], row["source_id"])]
    ids = [row["source_id"] for row in fits if (row["source"], row["source_id"]) != itself]
    return not ids or (order["source_id"] == handle.value and handle.value not in ids)


def _span(subject: Subject, parcels: Iterable[Row]) -> Span:
    """From when to when a tracking number means a parcel of this order, where other orders have had it, too."""
    mine, own_id = subject.placed_at, subject.order["source_id"]
    others = [utc(at) for row in parcels if row["source_id"] != own_id and (at := as_time(row["placed_at"]))]
    later = [at for at in others if at >= mine + REUSED_AFTER]
    is_second = any(at <= mine - REUSED_AFTER for at in others)
    return Span(since=mine - _EARLY if is_second else None, until=min(later) - _EARLY if later else None)


def _spoken(handle: Handle, sheets: Mapping[Handle, Known]) -> frozenset[Handle]:
    found, wanted = set[Handle](), {handle}
    for _ in range(MOST_ROUNDS):
        found |= wanted & sheets.keys()
        wanted = {alias for name in found for alias in aliases_of(sheets[name])} - found
        if not wanted:
            break
    return frozenset(found)


def _other_names(sheets: Mapping[Handle, Known]) -> frozenset[Handle]:
    return frozenset(alias for known in sheets.values() for alias in aliases_of(known))
