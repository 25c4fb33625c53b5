"""What is different between two versions of a policy, row by row. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from orders.policies.deciding import Row

ADDED, REMOVED, CHANGED, MOVED, SAME = "added", "removed", "changed", "moved", "same"


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row, before and after. `moved`: the same words in another place, which may decide otherwise."""

    kind: str
    before: Row | None
    after: Row | None


def compare(before: Sequence[Row], after: Sequence[Row]) -> tuple[RowChange, ...]:
    """Every row of `after` in its order, and those that are gone where they stood."""
    old, order = {row.id: row for row in before}, [row.id for row in before]
    new = [row.id for row in after]
    kept = SequenceMatcher(None, order, new, autojunk=False).get_matching_blocks()
    in_place = {new[block.b + step] for block in kept for step in range(block.size)}
    changes = [_change(old.get(row.id), row, row.id in in_place) for row in after]
    for place, row in enumerate(before):
        if row.id not in set(new):
            changes.insert(_behind(order[:place], changes), RowChange(REMOVED, row, None))
    return tuple(changes)


def _change(before: Row | None, after: Row, in_place: bool) -> RowChange:
    if before is None:
        return RowChange(ADDED, None, after)
    kind = CHANGED if before != after else SAME if in_place else MOVED
    return RowChange(kind, before, after)


def _behind(earlier: Sequence[str], changes: Sequence[RowChange]) -> int:
    """Behind the last of the rows that stood before it."""
    places = {row.id: place for place, each in enumerate(changes) if (row := each.after or each.before)}
    return max((places[id_] for id_ in earlier if id_ in places), default=-1) + 1
