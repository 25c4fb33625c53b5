"""What every source shares: the delivery that comes in, the reading that goes out, and careful looks into JSON."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import utc
from core.errors import Invalid, Malformed
from core.money import parse_money
from core.text import clean
from orders.facts import Kind, OrderFacts, ScanFacts, Statement, Version, stamp
from orders.statuses import ParcelState
from orders.stock.facts import StockFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One verified delivery, with what is needed of the shop to read it. Header names are lower case."""

    topic: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    timezone: str = "UTC"
    country: str = "US"
    language: str = "en"
    currency: str = "USD"
    secrets: tuple[str, ...] = ()  # some payment services encrypt what they send

    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a delivery says, of orders and of stock. `ignored` gives the reason when it says nothing of either."""

    orders: tuple[OrderFacts, ...] = ()
    ignored: str = ""
    stock: tuple[StockFacts, ...] = ()


def load(body: bytes) -> dict[str, Any]:
    """Parse a JSON object; fractions stay text, so that no amount goes through a float. Raises Malformed."""
    try:
        data = json.loads(body, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Malformed("the body is not JSON", code="bad_json") from error
    if not isinstance(data, dict):
        raise Malformed("the body is not a JSON object", code="bad_json")
    return data


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list that may be missing, null or hold nulls."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    """A scalar as text; "" for null and for anything that is no scalar."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def identifier(value: Any) -> str:
    """An id as text, however large; of a global id (`gid://shopify/Order/1`) the last part. Raises Invalid."""
    found = text(value).rpartition("/")[2]
    if not found or len(found) > 120 or found != clean(found, limit=120):
        raise Invalid("an id is missing, too long or no text", code="bad_id")
    return found


def count(value: Any) -> int:
    """A number of units; 0 for null. Raises Invalid for anything else that is no whole number."""
    if _blank(value):
        return 0
    try:
        return int(text(value))
    except ValueError:
        raise Invalid("not a number of units", code="bad_quantity", value=str(value)[:40]) from None


def minor(value: Any, currency: str) -> int:
    """An amount in major units ("199.00") as minor units; 0 for null. Raises Invalid when it is no amount."""
    return 0 if _blank(value) else parse_money(text(value) or "-", currency).amount


def when(value: Any, timezone: str) -> datetime | None:
    """An ISO 8601 time as UTC; one without an offset is in the shop's time zone. None for null; raises Invalid."""
    if _blank(value):
        return None
    try:
        at = datetime.fromisoformat(text(value))
        return utc(at if at.tzinfo else at.replace(tzinfo=ZoneInfo(timezone)))
    except (ValueError, OverflowError):
        raise Invalid("not a time", code="bad_time", value=str(value)[:40]) from None


def offset_of(value: Any, fallback: str) -> str:
    """How the offset of a time was obtained: "" when it has one of its own, else `fallback`."""
    try:
        return "" if datetime.fromisoformat(text(value)).tzinfo else fallback
    except ValueError:
        return ""


def scan_statement(scan: ScanFacts, version: Version) -> Statement:
    """A scan under the name that makes the same scan over two ways one: parcel, time, code, text."""
    parts = (scan.shipment, stamp(scan.at), scan.code, scan.text)
    name = hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:40]
    return Statement(Kind.SCAN, name, scan, version)


def known_state(table: Mapping[str, ParcelState], word: str) -> ParcelState | None:
    return table.get(word.lower())


def _blank(value: Any) -> bool:
    return value is None or value == ""


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")
