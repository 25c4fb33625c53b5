"""Which units of an order a case may be about, and how far they have come."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import Conflict, Invalid, NotFound
from orders.models import Order, OrderLine
from orders.policies.deciding import Stage
from tickets.aftersales.kinds import KINDS, Kind, Traits
from tickets.aftersales.models import AfterSaleLine
from tickets.aftersales.states import OVER

_UNITS_ABOUT = tuple(kind.value for kind, about in KINDS.items() if about.units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Units of one line, by the line's source id; `replacement` and `price_now` (minor units) for an exchange."""

    line: str
    units: int
    replacement: str = ""
    price_now: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """A line, how many of its units are asked for, and how many could be at most."""

    line: OrderLine
    asked: Asked
    most: int


async def scope_of(order: Order, kind: Kind, asked: Sequence[Asked], *, but: int | None = None) -> list[Scope]:
    """The lines of a wish, checked. `but` is the case itself when it is amended.

    Raises NotFound for a line of another order, Invalid (no_lines, bad_units), and Conflict: units_taken when another
    open case is about the units, too_many_units, wrong_stage when the kind does not fit how far the goods have come.
    """
    about, lines = KINDS[kind], {line.source_id: line for line in await OrderLine.filter(order_id=order.id)}
    taken = await taken_units(order.id, but=but)
    found = [_checked(lines, taken, about, one) for one in asked]
    if about.units and not found:
        raise Invalid("a case is about units of lines", code="no_lines")
    if len({each.line.id for each in found}) < len(found):
        raise Invalid("a line stands in a case once", code="bad_units")
    return found


async def taken_units(order_id: int, *, but: int | None = None) -> dict[int, int]:
    """Units of each line (by id) that other open cases of the order are about."""
    rows = AfterSaleLine.filter(case__order_id=order_id, case__kind__in=_UNITS_ABOUT).exclude(case__state__in=OVER)
    if but is not None:
        rows = rows.exclude(case_id=but)
    taken: dict[int, int] = defaultdict(int)
    for row in await rows:
        taken[row.line_id] += row.granted
    return taken


def most_units(line: OrderLine, about: Traits, taken: int) -> int:
    """How many units of a line a case may be about: of those that have left for what comes back, of all otherwise."""
    wanted = line.quantity - line.quantity_cancelled
    if Stage.UNSHIPPED not in about.stages:
        have = line.quantity_delivered if Stage.SHIPPED not in about.stages else line.quantity_shipped
        have = have if line.requires_shipping else wanted
    elif about.stages == {Stage.UNSHIPPED}:
        have = wanted - line.quantity_shipped
    else:
        have = wanted
    return max(0, min(have, wanted - line.quantity_refunded) - taken)


def stage_of(found: Sequence[Scope], order: Order) -> Stage:
    """How far the goods have come: as far as the first of their units, which decides what is possible with all."""
    if not found:
        return Stage.DELIVERED if order.fulfilment == "delivered" else Stage.UNSHIPPED
    stages = [_stage(each) for each in found]
    return min(stages, key=list(Stage).index)


def _checked(lines: Mapping[str, OrderLine], taken: Mapping[int, int], about: Traits, asked: Asked) -> Scope:
    line = lines.get(asked.line)
    if line is None:
        raise NotFound("no such line in this order")
    if asked.units < 1:
        raise Invalid("at least one unit", code="bad_units")
    held = taken.get(line.id, 0) if about.units else 0
    most = most_units(line, about, held)
    if asked.units > most:
        if asked.units <= most_units(line, about, 0):
            raise Conflict("another open case is about these units", code="units_taken", line=line.title)
        fits = most > 0 or asked.units > line.quantity
        code = "too_many_units" if fits else "wrong_stage"
        raise Conflict(f"at most {most} units", code=code, line=line.title, most=most)
    return Scope(line, asked, most)


def _stage(each: Scope) -> Stage:
    line, units = each.line, each.asked.units
    if not line.requires_shipping:
        return Stage.DELIVERED
    if line.quantity_delivered >= units:
        return Stage.DELIVERED
    return Stage.SHIPPED if line.quantity_shipped >= units else Stage.UNSHIPPED
