"""`wismo refunds reconcile|differences`: our refunds against what the payment service has written down."""

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from app.cli_orders import in_database
from app.gateways.statements import fetched_rows, read_rows
from core.clock import now, utc
from core.errors import Invalid, NotFound
from core.money import plain_amount
from orders.refunds.gateway import StatementRow
from orders.refunds.models import PaymentAccount
from orders.refunds.reconciling import Difference, DifferenceKind
from orders.refunds.statements import open_differences, reconcile

_USUAL = timedelta(days=3)
_ZONE = ZoneInfo("Asia/Shanghai")  # whose days the bills in files have
_WORDS = {
    DifferenceKind.MISSING_THERE: "paid here, not in the statement",
    DifferenceKind.MISSING_HERE: "in the statement, unknown here",
    DifferenceKind.OTHER_AMOUNT: "another amount",
    DifferenceKind.OTHER_CURRENCY: "another currency",
    DifferenceKind.OTHER_STATE: "paid for one, failed for the other",
    DifferenceKind.TWICE: "paid more than once",
}


@click.command("reconcile")
@click.option("--shop", "shop_key", required=True, help="Key of the shop.")
@click.option("--gateway", required=True, help="Whose statement it is.")
@click.option(
    "--file",
    "bill",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A bill of Alipay or WeChat Pay as it was downloaded (CSV, ZIP, gzip); without it the service is asked.",
)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day (UTC); three days ago if left out.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day (UTC); today if left out.")
@in_database
async def reconcile_refunds(
    shop_key: str, gateway: str, bill: Path | None, since: datetime | None, until: datetime | None
) -> None:
    """Print what does not fit between our refunds and a statement, and keep it. Ends with status 1 if anything is.

    Columns: what it is, our key, the gateway's reference, our amount, its amount, currency, time (UTC).
    """
    account = await PaymentAccount.get_or_none(shop__key=shop_key, gateway=gateway)
    if account is None:
        raise NotFound("the shop has no account there: ./wismo refunds connect", code="account_not_found")
    first, last = _span(since, until)
    if bill is not None:
        rows: Sequence[StatementRow] = _read(gateway, bill)
        first, last = (first, last) if since or until else _days_of(rows)
    else:
        rows = await fetched_rows(account, first, last)
    found = await reconcile(account, rows, first, last)
    for difference in found:
        click.echo("\t".join(_told(difference)))
    click.echo(f"{len(rows)} refunds in the statement, {len(found)} differences.", err=True)
    if found:
        sys.exit(1)


@click.command("differences")
@in_database
async def differences_command() -> None:
    """What did not fit in the last comparisons, newest first: shop, gateway, and the columns of `reconcile`."""
    found = await open_differences()
    for row in found:
        account = row.account
        difference = Difference(
            kind=DifferenceKind(row.kind),
            key=row.key,
            reference=row.reference,
            ours=row.ours,
            theirs=row.theirs,
            currency=row.currency,
            at=row.at,
        )
        click.echo("\t".join([account.shop.key, account.gateway, *_told(difference)]))
    if not found:
        click.echo("Everything fits.")


def _read(gateway: str, bill: Path) -> list[StatementRow]:
    return read_rows(gateway, bill.read_bytes())


def _span(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    """Whole days; today is not over."""
    moment = now()
    first = utc(since.replace(tzinfo=moment.tzinfo)) if since else moment - _USUAL
    last = utc(until.replace(tzinfo=moment.tzinfo)) + timedelta(days=1) if until else moment
    if first >= last:
        raise Invalid("--since is after --until", code="bad_time")
    return first, min(last, moment)


def _days_of(rows: Sequence[StatementRow]) -> tuple[datetime, datetime]:
    """The days of Beijing that a file is about."""
    if not rows:
        raise Invalid("there is no refund in the file: say by --since and --until which days it is of", code="no_days")
    days = [row.at.astimezone(_ZONE).replace(hour=0, minute=0, second=0, microsecond=0) for row in rows]
    return utc(min(days)), utc(max(days) + timedelta(days=1) - timedelta(microseconds=1))


def _told(difference: Difference) -> list[str]:
    amounts = [
        "-" if amount is None else plain_amount(amount, difference.currency)
        for amount in (difference.ours, difference.theirs)
    ]
    names = [_WORDS[difference.kind], difference.key or "-", difference.reference or "-"]
    return [*names, *amounts, difference.currency, f"{difference.at:%Y-%m-%d %H:%M:%S}"]
