"""Bills that payment services let their merchants fetch as files: for which days, and from where."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import httpx2

from app.gateways.payment_http import LARGEST_FILE, Unanswered, ask, passing
from orders.refunds.gateway import Account

_MOST_DAYS: Final = 100


def bill_days(since: datetime, until: datetime, zone: ZoneInfo) -> list[str]:
    """The days (YYYY-MM-DD) in `zone` that the time from `since` to `until` touches."""
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    count = min((last - first).days + 1, _MOST_DAYS)
    return [str(first + timedelta(days=day)) for day in range(count)]


def file_address(account: Account, url: str, host: str) -> str:
    """Where a bill is, over TLS: at `host` or below it, or on this machine if the account's address is.

    Raises Unanswered(bad_address): what a service names may not lead us elsewhere.
    """
    try:
        found = httpx2.URL(url)
        ours = httpx2.URL(account.address) if account.address else None
    except httpx2.InvalidURL as error:
        raise Unanswered("bad_address", "the bill's address cannot be read") from error
    if ours is not None and (found.scheme, found.host, found.port) == (ours.scheme, ours.host, ours.port):
        return url
    if found.scheme in {"http", "https"} and (found.host == host or found.host.endswith(f".{host}")):
        return str(found.copy_with(scheme="https"))
    raise Unanswered("bad_address", "the bill's address is not the service's own")


async def fetched_bill(account: Account, url: str, host: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The file at `url`. Raises Unanswered."""
    reply = await ask("GET", file_address(account, url, host), headers=headers, largest=LARGEST_FILE)
    if reply.status != httpx2.codes.OK:
        trouble = passing(reply)
        raise Unanswered(f"http_{reply.status}", "the bill is not there", trouble.retry_after if trouble else None)
    return reply.body
