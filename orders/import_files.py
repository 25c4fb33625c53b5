"""Reading files of orders: bytes in, one document for each order out, each mistake with its row and field. Pure."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from core.clock import utc
from core.errors import Invalid, WismoError
from orders.import_columns import ALIASES, COLUMNS, FALSE, LISTS, NUMBERS, ORDER, PARTS, SCAN, TIMES, TRUE, TRUTHS
from orders.sources.reading import load, text, when

Place = tuple[str | int, ...]  # of a value in a document
LARGEST_FIELD = 1 << 20
_SPREADSHEET = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:[ T]([0-9]{1,2})(:.*))?", re.DOTALL)
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why an order was left out: the row as a spreadsheet counts (1 is the head), column or field, a stable code."""

    row: int
    order: str
    field: str
    code: str
    detail: str


@dataclass(slots=True)
class Draft:
    """One order of a file: a document of the order API, or another platform's object as it is."""

    row: int
    order: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    topic: str = ""
    cells: dict[Place, tuple[int, str, str]] = field(default_factory=dict)  # place → row, column, text
    mistakes: list[Mistake] = field(default_factory=list)


def read_jsonl(data: bytes) -> Iterator[Draft]:
    """One document a line; or `{"topic", "headers", "body"}` with a platform's own object as body."""
    for row, line in enumerate(decoded(data).split("\n"), start=1):
        if not line.strip():
            continue
        draft = Draft(row)
        try:
            document = load(line.encode("utf-8", "surrogatepass"))
            draft.body, inner = line.strip().encode("utf-8", "surrogatepass"), document
            if "body" in document and "topic" in document:
                body, headers = document["body"], document.get("headers")
                inner = body if isinstance(body, dict) else {}
                draft.body = (body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).encode()
                draft.headers = {k.lower(): text(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
                draft.topic = text(document["topic"])
            draft.order = text(inner.get("id"))
        except WismoError as error:
            draft.mistakes.append(Mistake(row, "", "", error.code, error.detail))
        yield draft


def read_csv(data: bytes, timezone: str, as_of: str | None = None) -> list[Draft]:
    """One document for each order id; rows of the same order add lines, parcels, payments and refunds to it.

    Times without an offset are in `timezone`; `as_of` stands in for a missing column `updated_at`. Raises Invalid when
    the head of the table cannot be used (bad_encoding, no_head, unknown_column, double_column, missing_column).
    """
    content = decoded(data)
    first = content.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(LARGEST_FIELD)
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    drafts: dict[str, _Builder] = {}
    row = 0
    try:
        columns = _head(next(rows, []), as_of)
        for row, cells in enumerate(rows, start=2):
            if any(cell.strip() for cell in cells):
                _take(drafts, row, columns, cells, timezone, as_of)
    except csv.Error as error:
        raise Invalid(f"row {row + 1} is no CSV: {error}", code="bad_csv", row=row + 1) from error
    return [builder.finished() for builder in drafts.values()]


def decoded(data: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with one, else GB18030. Raises Invalid(bad_encoding)."""
    marked = next((name for mark, name in _BOMS.items() if data.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("the file is neither UTF-8 nor GB18030", code="bad_encoding")


def _head(cells: list[str], as_of: str | None) -> list[str]:
    written = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]
    columns = [ALIASES.get(name, name) for name in written]
    if "order_id" not in columns and "number" in columns:
        columns[columns.index("number")] = "order_id"
    unknown = [name for name in columns if name and name not in COLUMNS]
    double = sorted({name for name in columns if name and columns.count(name) > 1})
    if not any(columns):
        raise Invalid("the first row names the columns", code="no_head")
    if unknown:
        raise Invalid(f"nobody knows these columns: {', '.join(unknown)}", code="unknown_column")
    if double:
        raise Invalid(f"these columns stand there twice: {', '.join(double)}", code="double_column")
    if "order_id" not in columns:
        raise Invalid("the column order_id is missing", code="missing_column")
    if "updated_at" not in columns and as_of is None:
        raise Invalid("the column updated_at is missing (or give --as-of)", code="missing_column")
    return columns


class _Builder:
    """Collects the rows of one order."""

    def __init__(self, row: int, order: str) -> None:
        self.draft = Draft(row, order)
        self.document: dict[str, Any] = {}
        self.parts: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in PARTS}

    def mistake(self, row: int, column: str, code: str, detail: str) -> None:
        self.draft.mistakes.append(Mistake(row, self.draft.order, column, code, detail))

    def state(self, target: dict[str, Any], place: Place, cell: tuple[int, str, str], value: Any) -> None:
        """Set a value once; a later row may repeat it but not contradict it."""
        name, (row, column, _) = str(place[-1]), cell
        if name in target and target[name] != value:
            self.mistake(row, column, "contradiction", f"an earlier row of this order says {target[name]!r}"[:200])
            return
        target[name] = value
        self.draft.cells.setdefault(place, cell)

    def finished(self) -> Draft:
        document = self.document | {name: list(parts.values()) for name, parts in self.parts.items() if parts}
        for shipment in document.get("shipments", []):
            shipment.pop("quantity", None)
        self.draft.body = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
        return self.draft


def _take(
    drafts: dict[str, _Builder], row: int, columns: list[str], cells: list[str], timezone: str, as_of: str | None
) -> None:
    given = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name and cell.strip()}
    order = given.get("order_id", "")
    builder = drafts.setdefault(order or f"\n{row}", _Builder(row, order))
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        builder.mistake(row, "", "too_many_cells", "there are more cells than columns")
    if not order:
        builder.mistake(row, "order_id", "missing", "the row names no order")
        return
    values: dict[str, Any] = {}
    for column, cell in given.items():
        try:
            values[column] = _value(column, cell, timezone)
        except WismoError as error:
            builder.mistake(row, column, error.code, f"{error.detail}: {cell[:60]}")
    if as_of is not None:
        values.setdefault("updated_at", as_of)
    for column, place in ORDER.items():
        if column in values:
            target = builder.document
            for step in place[:-1]:
                target = target.setdefault(step, {})
            builder.state(target, place, (row, column, given.get(column, "")), values[column])
    if "number" not in columns:
        builder.document.setdefault("number", order)
    for name in PARTS:
        _take_part(builder, name, row, given, values)


def _take_part(builder: _Builder, name: str, row: int, given: dict[str, str], values: dict[str, Any]) -> None:
    """A part without an id of its own is called after what tells it apart: SKU, tracking number, or its place."""
    columns = PARTS[name]
    own = {column: values[column] for column in columns if column in values}
    if name == "shipments" and not own and any(column in values for column in SCAN):
        own = {"shipment_id": "1"}
    if not own:
        return
    parts = builder.parts[name]
    id_column = next(column for column, ours in columns.items() if ours == "id")
    other = {"lines": "sku", "shipments": "tracking_number"}.get(name, "")
    key = str(own.get(id_column) or own.get(other) or (len(parts) + 1 if name == "lines" else 1))
    place = (name, list(parts).index(key) if key in parts else len(parts))
    target = parts.setdefault(key, {"id": key})
    for column, value in own.items():
        if column != id_column:
            ours = columns[column]
            repeated = name == "shipments" and ours == "quantity"
            if not repeated:
                builder.state(target, (*place, ours), (row, column, given.get(column, "")), value)
    if name == "shipments":
        _fill_parcel(builder, target, place, row, given, values)


def _fill_parcel(
    builder: _Builder,
    target: dict[str, Any],
    place: Place,
    row: int,
    given: dict[str, str],
    values: dict[str, Any],
) -> None:
    """The row's line is in the row's parcel; a scan of the row is one of its scans."""
    line = values.get("line_id") or values.get("sku")
    units = values.get("shipment_quantity", values.get("quantity"))
    if line and units is not None:
        contents = target.setdefault("lines", [])
        if not any(part["line"] == line for part in contents):
            builder.draft.cells[(*place, "lines", len(contents), "quantity")] = (row, "shipment_quantity", str(units))
            contents.append({"line": str(line), "quantity": units})
    scan = {ours: values[column] for column, ours in SCAN.items() if column in values}
    if scan:
        scans = target.setdefault("scans", [])
        for column, ours in SCAN.items():
            builder.draft.cells[(*place, "scans", len(scans), ours)] = (row, column, given.get(column, ""))
        scans.append(scan)


def _value(column: str, cell: str, timezone: str) -> Any:
    """A cell as the document has it. Raises Invalid (bad_time, bad_quantity, bad_truth)."""
    if column in TIMES:
        at = when(_iso(cell), timezone)
        return utc(at).isoformat() if at else None
    if column in NUMBERS:
        if not re.fullmatch(r"[0-9]{1,7}", cell, re.ASCII):
            raise Invalid("not a number of units", code="bad_quantity")
        return int(cell)
    if column in TRUTHS:
        if cell.lower() not in TRUE | FALSE:
            raise Invalid("neither yes nor no", code="bad_truth")
        return cell.lower() in TRUE
    if column in LISTS:
        return [part.strip() for part in cell.split(LISTS[column]) if part.strip()]
    return cell


def _iso(cell: str) -> str:
    """Spreadsheets write years first, but with slashes and without leading zeros: 2026/3/2 9:05."""
    parts = _SPREADSHEET.fullmatch(cell)
    if parts is None:
        return cell
    year, month, day, hour, rest = parts.groups()
    return f"{year}-{month:0>2}-{day:0>2}" + (f"T{hour:0>2}{rest}" if hour else "")
