"""What a source says about stock: partial statements about things and places, each with a version. Pure.

As with orders, each field keeps its newest version, so late, doubled and shuffled reports never make it wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from orders.facts import Facts, Instant, Short, Title, Version, stamp

Quantity = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]
Counts = Literal["on_hand", "available"]
Registers = dict[str, list[Any]]  # field → value, time, sequence, digest

ITEM = ""  # the entity that is the thing itself; every other is one of its places
_PLACE = "at:"


class ItemFacts(Facts):
    """The thing itself. `children` are all variants that a product has; `tracked` is False where nobody counts."""

    sku: Short | None = None
    title: Title | None = None
    parent: Short | None = None
    children: tuple[Short, ...] | None = None
    tracked: bool | None = None
    backorderable: bool | None = None
    restock_eta: Instant | None = None
    discontinued: bool | None = None
    none_left: bool | None = None  # gone for good, and what figures still say is not there either


class LevelFacts(Facts):
    """How much lies at one place: `available` leaves out what open orders have reserved, `on_hand` does not."""

    quantity: Quantity | None = None  # None: known to the place, not counted there
    counts: Counts | None = None
    closed: bool | None = None  # the thing is not kept at this place any more


@dataclass(frozen=True, slots=True)
class StockStatement:
    """Facts about a thing (`place` is None) or about one of its places, as of a version."""

    facts: ItemFacts | LevelFacts
    version: Version
    place: str | None = None

    @property
    def entity(self) -> str:
        return ITEM if self.place is None else f"{_PLACE}{self.place}"


@dataclass(frozen=True, slots=True)
class StockFacts:
    """All that one delivery says about one thing, by the name that its source has for it."""

    ref: str
    statements: tuple[StockStatement, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """One place's figure that counts."""

    place: str
    quantity: int
    counts: Counts
    at: datetime


def merge_stock(known: Mapping[str, Registers], statements: Iterable[StockStatement]) -> dict[str, Registers]:
    """What is known after `statements`: of each field the newest version. Commutative, associative, idempotent."""
    merged = {entity: dict(fields) for entity, fields in known.items()}
    for statement in statements:
        version = [stamp(statement.version.at), statement.version.sequence, statement.version.digest]
        for name, value in statement.facts.model_dump(mode="json", exclude_unset=True).items():
            fields = merged.setdefault(statement.entity, {})
            new = [value, *version]
            if name not in fields or _rank(new) > _rank(fields[name]):
                fields[name] = new
    return merged


def item_of(known: Mapping[str, Registers]) -> ItemFacts:
    """The thing itself."""
    return ItemFacts.model_validate({name: register[0] for name, register in known.get(ITEM, {}).items()})


def stated_at(known: Mapping[str, Registers], name: str) -> datetime | None:
    """When the value of a field of the thing was stated; None if nobody has."""
    register = known.get(ITEM, {}).get(name)
    return datetime.fromisoformat(register[1]) if register else None


def levels_of(known: Mapping[str, Registers]) -> list[Level]:
    """The figures that count: of places that keep the thing, of things that are counted at all."""
    if item_of(known).tracked is False:
        return []
    found = []
    for entity, fields in sorted(known.items()):
        facts = LevelFacts.model_validate({name: register[0] for name, register in fields.items()}) if entity else None
        if facts and not facts.closed and facts.quantity is not None and facts.counts is not None:
            at = datetime.fromisoformat(fields["quantity"][1])
            found.append(Level(entity.removeprefix(_PLACE), facts.quantity, facts.counts, at))
    return found


def is_gone(ref: str, item: ItemFacts, parent: ItemFacts | None) -> bool:
    """Is a thing sold no more? A product's newest list of variants decides over its variants."""
    if item.discontinued or (parent is not None and parent.discontinued):
        return True
    return parent is not None and parent.children is not None and ref not in parent.children


def _rank(register: list[Any]) -> tuple[str, str, str, str]:
    value, at, sequence, digest = register
    return at, sequence, digest, repr(value)
