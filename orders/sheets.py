"""The sheets of facts: reading many at once, merging what is said into them, and keeping them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from core.clock import now
from core.shops import Shop
from core.sql import Program
from orders.facts import Handle, OrderFacts
from orders.merging import Known, from_json, merge, to_json, without
from orders.tables import SHEETS, Row


class Name(NamedTuple):
    """What a sheet is called within its shop: a source and its id of an order, or the kind and value of a handle."""

    source: str
    source_id: str

    @classmethod
    def of(cls, source: str, facts: OrderFacts) -> "Name":
        return cls.handle(facts.handle) if facts.handle else cls(source, facts.source_id)

    @classmethod
    def handle(cls, handle: Handle) -> "Name":
        return cls(handle.kind.value, handle.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet with what was known before and is known now; `told` are the places of facts that were news."""

    row: Row
    handle: Handle | None
    before: Known
    known: Known
    told: frozenset[int]
    is_news: bool


def read_sheets(shop: Shop, names: Collection[Name], *, lock: bool = False) -> Program[dict[Name, Row]]:
    """The stored ones of these sheets; with `lock`, nobody else changes them until the commit."""
    if not names:
        return {}
    where, values = _named(shop, names)
    rows = yield from (SHEETS.lock(where, **values) if lock else SHEETS.read(where, **values))
    return {Name(row["source"], row["source_id"]): row for row in rows}


def merge_sheets(
    shop: Shop, told: Mapping[Name, Sequence[OrderFacts]], forget: frozenset[str] = frozenset()
) -> Program[dict[Name, Sheet]]:
    """Merge facts into the sheets of these names, which are locked. What bytes of `forget` had said is dropped first.

    Rows may be older than the code that derives them, so forgetting is news in any case.
    """
    rows = yield from read_sheets(shop, told, lock=True)
    return {
        name: _merged(
            rows.get(name) or SHEETS.new(shop_id=shop.id, source=name.source, source_id=name.source_id), parts, forget
        )
        for name, parts in told.items()
    }


def keep(sheets: Iterable[Sheet]) -> Program[None]:
    """Store what these sheets know now."""
    sheets = list(sheets)
    for sheet in sheets:
        sheet.row.update(facts=to_json(sheet.known), updated_at=now())
    yield from SHEETS.update([s.row for s in sheets if s.row["id"]], ("facts", "order_id", "updated_at"))
    yield from SHEETS.insert([s.row for s in sheets if not s.row["id"]])


def _named(shop: Shop, names: Iterable[Name]) -> tuple[str, dict[str, Any]]:
    """Each alternative names all columns of the index: SQLite would read all sheets of the shop otherwise."""
    by_source: dict[str, list[str]] = {}
    for source, source_id in names:
        by_source.setdefault(source, []).append(source_id)
    values: dict[str, Any] = {"shop": shop.id}
    for number, (source, ids) in enumerate(by_source.items()):
        values |= {f"source{number}": source, f"ids{number}": ids}
    places = range(len(by_source))
    where = (f"(shop_id = {{shop}} AND source = {{source{n}}} AND source_id IN ({{ids{n}}}))" for n in places)
    return " OR ".join(where), values


def _merged(row: Row, parts: Sequence[OrderFacts], forget: frozenset[str]) -> Sheet:
    before = from_json(row["facts"])
    known, told = without(before, forget), set()
    for place, facts in enumerate(parts):
        more = merge(known, facts.statements)
        if more is not known:
            told.add(place)
        known = more
    is_news = bool(forget) or known.entities != before.entities
    return Sheet(
        row=row,
        handle=parts[0].handle,
        before=before,
        known=known,
        told=frozenset(told) if is_news else frozenset(),
        is_news=is_news,
    )
