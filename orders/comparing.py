"""Comparing what is recorded with what the shop says now: same, missing, drifted, or ours is the newer one. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from orders.facts import Kind, OrderFacts, Statement
from orders.merging import EARLIEST, Known, Register, newer

_EMPTY: tuple[Any, ...] = (None, "", 0, False, [], {})


class Finding(StrEnum):
    """What comparing one order has found."""

    SAME = "same"
    NEWER = "newer"  # the shop has saved it again, with nothing different
    MISSING = "missing"  # the order is not recorded
    DRIFTED = "drifted"  # something in it is different, and the shop's word is the newer one
    AHEAD = "ahead"  # something is different, but ours carries the later time: nobody can tell who is right
    VANISHED = "vanished"  # recorded as open, and the shop does not know it
    UNREADABLE = "unreadable"


WRONG = frozenset(Finding) - {Finding.SAME, Finding.NEWER}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: `part` is header, line 12, shipment 7, …; values in their JSON form, amounts in minor units."""

    part: str
    field: str
    ours: Any
    theirs: Any
    wins: bool  # would their value replace ours?


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found about one order, and where."""

    finding: Finding
    differences: tuple[Difference, ...] = ()


def compare(known: Known, facts: OrderFacts, *, is_recorded: bool) -> Comparison:
    """Compare what is known of an order with everything that the shop states now.

    Times of first sight do not count: they are ours. Nor does what the shop states as empty and nobody has stated.
    """
    differences = tuple(found for statement in facts.statements for found in _differences(known, statement))
    if not is_recorded:
        return Comparison(Finding.MISSING, differences)
    if any(found.wins for found in differences):
        return Comparison(Finding.DRIFTED, differences)
    if differences:
        return Comparison(Finding.AHEAD, differences)
    latest = max((statement.version.at for statement in facts.statements), default=None)
    ours = _latest_of(known)
    return Comparison(Finding.NEWER if latest and (ours is None or latest > ours) else Finding.SAME)


def _differences(known: Known, statement: Statement) -> Iterator[Difference]:
    ours = known.entities.get((statement.kind, statement.entity_id), {})
    part = " ".join((statement.kind.value, statement.entity_id)).strip()
    for name, value in statement.facts.model_dump(mode="json", exclude_unset=True).items():
        register, theirs = ours.get(name), Register(value, statement.version)
        if name in EARLIEST or (register is None and value in _EMPTY):
            continue
        if register is None or register.value != value:
            wins = newer(name, register, theirs) is theirs
            yield Difference(part, name, register.value if register else None, value, wins)


def _latest_of(known: Known) -> datetime | None:
    """The newest time at which the header, which every change of an order moves, was stated."""
    header = known.entities.get((Kind.HEADER, ""), {})
    times = [register.version.at for name, register in header.items() if name not in EARLIEST]
    return max(times, default=None)
