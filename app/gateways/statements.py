"""The statements of payment services, fetched for an account or read from a file that somebody has downloaded."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, cast

from app.gateways.refunds import WAYS
from core.errors import Invalid
from orders.refunds.bill_files import READERS
from orders.refunds.gateway import Account, StatementGateway, StatementRow
from orders.refunds.models import PaymentAccount

REACH: Final = timedelta(days=1)  # a service may book a refund earlier or later than it told us


def has_statement(gateway: str) -> bool:
    """Whether the gateway can be asked for its refunds. The simulator forgets them with its process."""
    way = WAYS.get(gateway)
    return way is not None and bool(way.credentials) and hasattr(way.gateway, "statement")


async def fetched_rows(account: PaymentAccount, since: datetime, until: datetime) -> Sequence[StatementRow]:
    """The account's refunds from a little before `since` to a little after `until`.

    Raises Invalid (no_statement, bad_statement), Unavailable when the service does not answer.
    """
    if not has_statement(account.gateway):
        raise Invalid(f"{account.gateway} has no statement that can be fetched", code="no_statement")
    gateway = cast(StatementGateway, WAYS[account.gateway].gateway)
    asked = Account(gateway=account.gateway, address=account.address, credentials=account.credentials)
    return await gateway.statement(asked, since - REACH, until + REACH)


def read_rows(gateway: str, bill: bytes) -> list[StatementRow]:
    """The refunds in a bill as its service writes it. Raises Invalid (no_statement, bad_statement)."""
    if gateway not in READERS:
        raise Invalid(f"a file of {gateway} cannot be read: leave out --file", code="no_statement")
    return READERS[gateway](bill)
