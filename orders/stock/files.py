"""Bringing in stock from a file: a table or a document a line; good rows are taken, each mistake has its row. Pure
but for `import_rows`, which takes what was read into the record.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from core.errors import Invalid, WismoError
from core.shops import Shop
from core.transactions import transaction
from orders.import_columns import FALSE, TRUE
from orders.import_files import Mistake, decoded
from orders.sources.reading import load, text, when
from orders.sources.stock_feed import NAME, StockRow, row_facts
from orders.stock.intake import fold_stock

COLUMNS = tuple(StockRow.model_fields)
TAKEN_AT_ONCE = 200
_NUMBERS, _TRUTHS, _TIMES = {"on_hand", "available"}, {"backorderable", "discontinued", "none_left"}, {"restock_eta"}
_TIMES |= {"updated_at"}


@dataclass(frozen=True, slots=True)
class StockDraft:
    """One row of a file: what it says, or why it cannot be taken."""

    row: int
    stock: StockRow | None = None
    mistakes: tuple[Mistake, ...] = ()


def read_stock_csv(data: bytes, timezone: str) -> list[StockDraft]:
    """One row for each SKU and place. Raises Invalid when the head of the table cannot be used."""
    content = decoded(data)
    first = content.partition("\n")[0]
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    columns = [cell.strip().lower().replace(" ", "_") for cell in next(rows, [])]
    unknown = [name for name in columns if name and name not in COLUMNS]
    if "sku" not in columns or unknown:
        detail = f"nobody knows these columns: {', '.join(unknown)}" if unknown else "the column sku is missing"
        raise Invalid(detail, code="unknown_column" if unknown else "missing_column")
    try:
        return [_draft(row, _cells(columns, cells), timezone) for row, cells in enumerate(rows, start=2) if any(cells)]
    except csv.Error as error:
        raise Invalid(f"this is no CSV: {error}", code="bad_csv") from error


def read_stock_jsonl(data: bytes, timezone: str) -> Iterator[StockDraft]:
    """One row of the stock API a line."""
    for row, line in enumerate(decoded(data).split("\n"), start=1):
        if line.strip():
            try:
                yield _draft(row, load(line.encode("utf-8", "surrogatepass")), timezone)
            except WismoError as error:
                yield StockDraft(row, mistakes=(Mistake(row, "", "", error.code, error.detail),))


async def import_rows(shop: Shop, drafts: Sequence[StockDraft], as_of: datetime, digest: str) -> int:
    """Take the rows without mistakes; rows without a time of their own are as of `as_of`. Returns how many were news.

    The same file again changes nothing.
    """
    facts = [row_facts(draft.stock, draft.stock.updated_at or as_of, digest) for draft in drafts if draft.stock]
    news = 0
    for start in range(0, len(facts), TAKEN_AT_ONCE):
        async with transaction():
            news += sum(await fold_stock(shop, NAME, facts[start : start + TAKEN_AT_ONCE]))
    return news


def _cells(columns: list[str], cells: list[str]) -> dict[str, Any]:
    return {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name and cell.strip()}


def _draft(row: int, given: dict[str, Any], timezone: str) -> StockDraft:
    sku = text(given.get("sku"))
    try:
        values = {name: _value(name, value, timezone) for name, value in given.items()}
        return StockDraft(row, StockRow.model_validate(values))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False, include_context=False)
        fields = (".".join(str(part) for part in item["loc"]) for item in details)
        mistakes = (Mistake(row, sku, at, "bad_value", item["msg"]) for at, item in zip(fields, details, strict=True))
        return StockDraft(row, mistakes=tuple(mistakes))
    except WismoError as error:
        column = next((name for name, value in given.items() if value == error.data.get("value")), "")
        return StockDraft(row, mistakes=(Mistake(row, sku, column, error.code, error.detail),))


def _value(name: str, value: Any, timezone: str) -> Any:
    if not isinstance(value, str):
        return value
    if name in _TIMES:
        return when(value, timezone)
    if name in _TRUTHS:
        if value.lower() not in TRUE | FALSE:
            raise Invalid("neither yes nor no", code="bad_truth", value=value)
        return value.lower() in TRUE
    if name in _NUMBERS:
        try:
            return int(json.loads(value))
        except (ValueError, TypeError):
            raise Invalid("not a number of units", code="bad_quantity", value=value) from None
    return value
