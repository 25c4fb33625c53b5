"""Bringing in orders from a file: each in a transaction of its own, whole or not at all, and as often as you like."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from core.errors import Invalid, WismoError
from core.shops import Shop
from core.transactions import transaction
from orders.folding import fold_read
from orders.import_files import Draft, Mistake
from orders.receiving import history_row, store_history
from orders.rereading import read_event
from orders.sources import generic
from orders.sources.generic_model import OrderInput
from orders.sources.reading import load


class Result(StrEnum):
    """What became of one order of a file."""

    TAKEN = "taken"
    WAITING = "waiting"  # its number, currency or time is not known yet
    KNOWN = "known"  # said nothing new
    REFUSED = "refused"
    READABLE = "readable"  # a rehearsal found no mistake


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one order, with every mistake if it was refused."""

    result: Result
    mistakes: tuple[Mistake, ...] = ()


async def import_order(shop: Shop, draft: Draft, source: str = generic.NAME, *, dry_run: bool = False) -> Imported:
    """Take in one order of a file: store its bytes and fold them in one transaction. Nobody is told of the past.

    A dry run only reads. The same bytes again are known and change nothing. Mistakes are returned, not raised; what
    the database refuses is raised, and nothing of the order is kept.
    """
    if draft.mistakes:
        return Imported(Result.REFUSED, tuple(draft.mistakes))
    mistakes = _form_mistakes(draft) if source == generic.NAME else []
    if mistakes:
        return Imported(Result.REFUSED, tuple(mistakes))
    event = history_row(shop, source, draft.topic, draft.headers, draft.body)
    try:
        reading = read_event(event, shop)
    except WismoError as error:
        return Imported(Result.REFUSED, (_mistake(draft, error),))
    if reading.ignored or not any(facts.statements for facts in reading.orders):
        mistake = Mistake(draft.row, draft.order, "", "nothing_said", reading.ignored or "it says nothing of an order")
        return Imported(Result.REFUSED, (mistake,))
    if dry_run:
        return Imported(Result.READABLE)
    async with transaction():
        if not await store_history(event):
            return Imported(Result.KNOWN)
        await fold_read(shop, [(event, reading)], announce=False)
    return Imported({"folded": Result.TAKEN, "parked": Result.WAITING}.get(event.state, Result.KNOWN))


def _form_mistakes(draft: Draft) -> list[Mistake]:
    """Mistakes of form, at the row and column that the value came from."""
    try:
        OrderInput.model_validate(load(draft.body))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        return [_placed(draft, item["loc"], _CODES.get(item["type"], "bad_value"), item["msg"]) for item in details]
    except Invalid as error:
        return [_mistake(draft, error)]
    return []


def _placed(draft: Draft, place: tuple[str | int, ...], code: str, detail: str) -> Mistake:
    row, column, _ = draft.cells.get(place, (draft.row, ".".join(str(part) for part in place), ""))
    return Mistake(row, draft.order, column, code, detail)


def _mistake(draft: Draft, error: WismoError) -> Mistake:
    """Which cell it was is found by the value that the error names."""
    value: Any = error.data.get("value")
    cells = [cell for cell in draft.cells.values() if value and cell[2] == value]
    row, column = (cells[0][0], cells[0][1]) if cells else (draft.row, "")
    return Mistake(row, draft.order, column, error.code, error.detail)


_CODES = {"missing": "missing", "extra_forbidden": "unknown_field", "enum": "unknown_value"}
