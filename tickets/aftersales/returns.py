"""Goods on their way back: sent with a tracking number, received, inspected line by line, and what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import Conflict, Invalid
from core.people import SYSTEM, Actor
from core.text import clean
from orders.models import Order, Shipment
from orders.returns import BACK, announce_parcel
from tickets.aftersales.evidence import photos_of
from tickets.aftersales.fulfilling import conclude
from tickets.aftersales.kinds import RESTOCK, Condition
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.money import bears_label
from tickets.aftersales.moves import Case, take_step
from tickets.aftersales.states import State

WHOLE = 10_000  # hundredths of a percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found of one line: units that came, units that are accepted, their condition, and what they lost in
    value by handling beyond inspection (hundredths of a percent; 2011/83/EU art. 14 (2))."""

    received: int
    accepted: int
    condition: Condition = Condition.SELLABLE
    value_loss: int = 0


async def register_return(
    public_id: str, actor: Actor, carrier: str, tracking: str, *, version: int | None = None
) -> AfterSale:
    """The goods are on their way: with which carrier, under which number. A second number corrects the first.

    Raises NotFound, Invalid (bad_tracking), Conflict, Forbidden.
    """

    async def step(case: Case) -> None:
        row = case.row
        if row.state not in (State.AWAITING_RETURN, State.RETURN_IN_TRANSIT):
            raise Conflict("nothing is to come back now", code="bad_step", current=row.state)
        order = await Order.get(id=row.order_id)
        lines = await AfterSaleLine.filter(case_id=row.id).select_related("line")
        units = [(each.line.source_id, each.granted) for each in lines if each.granted]
        parcel = await announce_parcel(order, f"return-{row.public_id}", BACK, carrier, tracking, units)
        await send_back(case, parcel)

    return await take_step(public_id, actor, step, version)


async def send_back(case: Case, parcel: Shipment, *, by: Actor | None = None) -> None:
    """Bind a locked case to the parcel that brings its goods back."""
    case.row.returned_id = parcel.id
    number = parcel.tracking_number
    if case.row.state == State.AWAITING_RETURN:
        await case.move(State.RETURN_IN_TRANSIT, "returned_id", by=by, text=number)
    else:
        await case.write("case_tracking", "returned_id", by=by, text=number)


async def receive_goods(public_id: str, actor: Actor, *, version: int | None = None) -> AfterSale:
    """The goods are here; they are inspected next. Raises NotFound, Conflict, Forbidden."""

    async def step(case: Case) -> None:
        await case.move(State.RECEIVED)

    return await take_step(public_id, actor, step, version)


async def inspect_goods(
    public_id: str,
    actor: Actor,
    found: Mapping[int, Found],
    *,
    photos: Sequence[str] = (),
    note: str = "",
    label: int | None = None,
    version: int | None = None,
) -> AfterSale:
    """Say what came, by the id of the case's line; what is accepted is refunded, replaced or repaired.

    `label`: what the customer paid for the way back, in minor units; it goes back with the money if the seller is at
    fault. Raises NotFound, Invalid (bad_units, bad_inspection when lines are left out, bad_amount for a label that the
    seller does not owe), Conflict, and Forbidden.
    """

    async def step(case: Case) -> None:
        lines = await AfterSaleLine.filter(case_id=case.row.id).order_by("id")
        if {line.id for line in lines} != set(found):
            raise Invalid("each line of the case is inspected", code="bad_inspection")
        for line in lines:
            _check(line, found[line.id])
        if label is not None and (label < 0 or not bears_label(case.row)):
            raise Invalid("not the seller's to pay", code="bad_amount")
        case.row.label_paid = label
        await inspected(case, lines, found, photos, note)

    return await take_step(public_id, actor, step, version)


async def inspected(
    case: Case,
    lines: Sequence[AfterSaleLine],
    found: Mapping[int, Found],
    photos: Sequence[str] = (),
    note: str = "",
    *,
    by: Actor | None = None,
) -> None:
    """Write down an inspection of a locked case and go on from it; what goes to the stock is said here, once."""
    if case.ticket is not None:
        case.row.evidence += await photos_of(case.ticket.conversation_id, photos, State.INSPECTED)
    words, result = clean(note, limit=300), result_of(lines, found)
    await case.move(State.INSPECTED, "evidence", "label_paid", by=by, text=words, result=result)
    for line in lines:
        if not line.granted:
            continue  # nothing of it is in the case; what was found of it before an amendment stays
        seen = found[line.id]
        line.received, line.accepted, line.condition = seen.received, seen.accepted, seen.condition.value
        line.value_loss = seen.value_loss
        line.restock = line.restock or (RESTOCK[seen.condition] if seen.received else "none")
        await line.save(update_fields=["received", "accepted", "condition", "value_loss", "restock"])
    await conclude(case, words, by_rule=by is SYSTEM)


def result_of(lines: Sequence[AfterSaleLine], found: Mapping[int, Found]) -> str:
    """ok · partial · refused: of what was to come back, all of it, some, or nothing is accepted, at its whole value."""
    accepted = sum(seen.accepted for seen in found.values())
    if not accepted:
        return "refused"
    whole = accepted == sum(line.granted for line in lines)
    return "ok" if whole and not any(seen.value_loss for seen in found.values()) else "partial"


def as_it_should(lines: Sequence[AfterSaleLine]) -> dict[int, Found]:
    """Everything came as it should: what is taken for granted when nobody has inspected the goods in time."""
    return {line.id: Found(received=line.granted, accepted=line.granted) for line in lines}


def _check(line: AfterSaleLine, seen: Found) -> None:
    most = line.granted
    if not 0 <= seen.accepted <= seen.received <= most or not 0 <= seen.value_loss <= WHOLE:
        raise Invalid(f"at most {most} units, accepted ones among those received", code="bad_units", most=most)
