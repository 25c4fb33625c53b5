"""Our own stock API: any shop or warehouse tells what lies where (`POST /api/v1/stock`, see docs/stock.md). Pure.

Signed as the order API is, with the same secret.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.clock import utc
from core.errors import Invalid
from core.text import clean
from orders.facts import Short, Title, Version, stamp
from orders.sources import generic
from orders.sources.reading import Delivery, Reading, load
from orders.stock.facts import ItemFacts, LevelFacts, Quantity, StockFacts, StockStatement

NAME = "stock"
SECRETS = generic.SECRETS
TOPIC = "stock:upsert"
CLOCK_SKEW = timedelta(minutes=10)
MOST = 1000  # rows of one call
_ITEM = ("title", "backorderable", "restock_eta", "discontinued", "none_left")

verify, sign = generic.verify, generic.sign


class StockRow(BaseModel):
    """One SKU at one place. What is left out stays as it was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sku: Short = Field(min_length=1)
    location: Short = ""
    on_hand: Quantity | None = None  # units that lie there, those of open orders included
    available: Quantity | None = None  # units that can still be sold; below zero: sold too many
    title: Title | None = None
    backorderable: bool | None = None
    restock_eta: AwareDatetime | None = None
    discontinued: bool | None = None
    none_left: bool | None = None
    updated_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> "StockRow":
        if self.on_hand is not None and self.available is not None:
            raise ValueError("give on_hand or available, not both: they count differently")
        if not self.model_fields_set - {"sku", "location", "updated_at"}:
            raise ValueError("the row says nothing about the SKU")
        return self


class StockInput(BaseModel):
    """Up to a thousand rows; `updated_at` is that of all rows that have none of their own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    updated_at: AwareDatetime | None = None
    items: tuple[StockRow, ...] = Field(min_length=1, max_length=MOST)


def topic(_headers: Mapping[str, str]) -> str:
    return TOPIC


def delivery_key(headers: Mapping[str, str], body: bytes) -> str:
    name = headers.get("webhook-id", "")
    return f"stock:{name}" if 0 < len(name) <= 180 else hashlib.sha256(body).hexdigest()


def order_reference(_topic: str, _body: bytes) -> str | None:
    return None


def check(body: bytes) -> StockInput:
    """Parse a body. Raises Malformed for bad JSON, Invalid(code="bad_stock") with row and problem of all mistakes."""
    data = load(body)
    try:
        return StockInput.model_validate(data)
    except ValidationError as error:
        mistakes = [
            {"at": clean(".".join(str(part) for part in item["loc"]), limit=200), "problem": item["msg"]}
            for item in error.errors(include_url=False, include_input=False, include_context=False)[:100]
        ]
        raise Invalid("the stock cannot be read", code="bad_stock", mistakes=mistakes) from error


def read(delivery: Delivery) -> Reading:
    """Read a delivery. Raises Malformed or Invalid when it can never be read."""
    told = check(delivery.body)
    return Reading(
        stock=tuple(_facts(row, _version(delivery, row.updated_at or told.updated_at)) for row in told.items)
    )


def row_facts(row: StockRow, at: datetime, digest: str) -> StockFacts:
    """What one row of a file says, as of `at`."""
    return _facts(row, Version(at, "", digest))


def _facts(row: StockRow, version: Version) -> StockFacts:
    stated = {name: getattr(row, name) for name in _ITEM if name in row.model_fields_set}
    statements = [StockStatement(ItemFacts(sku=row.sku, **stated), version)]
    figures: Sequence[str] = [name for name in ("on_hand", "available") if name in row.model_fields_set]
    for name in figures:
        quantity = getattr(row, name)
        counts: dict[str, object] = {"quantity": quantity, "counts": name, "closed": quantity is None}
        statements.append(StockStatement(LevelFacts.model_validate(counts), version, row.location))
    return StockFacts(row.sku, tuple(statements))


def _version(delivery: Delivery, stated: datetime | None) -> Version:
    """A clock that runs ahead must not keep later words from counting."""
    at = min(utc(stated), delivery.received_at + CLOCK_SKEW) if stated else delivery.received_at
    return Version(at, stamp(delivery.received_at), delivery.digest())
