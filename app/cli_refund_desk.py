"""`wismo refunds accounts|connect|disconnect|stuck`: where money leaves, and what of it waits too long."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from app.cli_orders import in_database
from app.gateways.feed_http import checked_address
from app.gateways.refunds import WAYS, Way
from core.clock import now
from core.errors import Invalid, NotFound
from core.money import plain_amount
from core.people import SYSTEM
from core.shops import Shop, shop_named
from orders.payment_accounts import close_account, open_account
from orders.refund_models import PaymentAccount
from orders.refund_watching import Waiting, stuck

_GATEWAYS = click.Choice(sorted(WAYS))
_WHY = {
    "approval": "waits for somebody to approve it",
    "by_hand": "somebody has to pay it by hand",
    "frozen": "the gateway tells another amount: somebody has to decide",
    "no_answer": "the gateway has not answered: it is asked again with the same key",
    "accepted": "the gateway has accepted it and not paid yet",
}


@click.command("stuck")
@click.option("--hours", type=click.FloatRange(min=0), default=1.0, show_default=True)
@in_database
async def stuck_command(hours: float) -> None:
    """What waits longer than that, why, and since when; the oldest first."""
    waiting = await stuck(timedelta(hours=hours))
    for each in waiting:
        click.echo(_line(each))
    if not waiting:
        click.echo("Nothing waits.")


@click.command("connect")
@click.argument("shop_key", metavar="SHOP")
@click.option("--gateway", type=_GATEWAYS, required=True)
@click.option("--address", default="", help="Where the gateway is, if it is another one than usual.")
@click.option("--serves", multiple=True, help="A further way of paying (as orders name it) that is this account's.")
@click.option(
    "--credentials-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON object with the credentials; without it they are asked for.",
)
@in_database
async def connect_command(
    shop_key: str, gateway: str, address: str, serves: tuple[str, ...], credentials_file: Path | None
) -> None:
    """Send the money of SHOP back through GATEWAY from now on. Again: new address and credentials."""
    shop, way = await _shop(shop_key), WAYS[gateway]
    if way.needs_address and not address:
        raise Invalid(f"{gateway} needs --address", code="bad_address")
    given = _from_file(credentials_file) if credentials_file else _asked(way)
    _check(way, given)
    where = checked_address(address) if address else ""
    account = await open_account(shop, gateway, SYSTEM, address=where, credentials=given, serves=serves)
    click.echo(f"{account.public_id}: refunds of {shop.key} go back through {gateway}.")


@click.command("disconnect")
@click.argument("shop_key", metavar="SHOP")
@click.option("--gateway", type=_GATEWAYS, required=True)
@in_database
async def disconnect_command(shop_key: str, gateway: str) -> None:
    """Send nothing more through GATEWAY, and forget the credentials."""
    shop = await _shop(shop_key)
    account = await PaymentAccount.get_or_none(shop_id=shop.id, gateway=gateway, enabled=True)
    if account is None:
        raise NotFound(f"{shop.key} has no account at {gateway}", code="account_not_found")
    await close_account(account, SYSTEM)
    click.echo(f"{account.public_id}: closed.")


@click.command("accounts")
@in_database
async def accounts_command() -> None:
    """Every account: shop, gateway, address, what it serves besides, and whether it is in use."""
    for account in await PaymentAccount.all().order_by("shop_id", "gateway").select_related("shop"):
        words = [account.shop.key, account.gateway, account.address or "-", ",".join(account.serves) or "-"]
        click.echo("\t".join([*words, "in use" if account.enabled else "closed"]))


def _line(waiting: Waiting) -> str:
    intent, part = waiting.intent, waiting.part
    amount = part.amount if part else intent.amount
    hours = (now() - waiting.since).total_seconds() / 3600
    error = f" ({part.last_error})" if part and part.last_error else ""
    words = [
        part.public_id if part else intent.public_id,
        f"order {intent.order.number}",
        f"{plain_amount(amount, intent.currency)} {intent.currency}",
        part.gateway if part else "-",
        f"{hours:.0f} h",
        _WHY[waiting.why] + error,
    ]
    return "\t".join(words)


async def _shop(key: str) -> Shop:
    shop = await shop_named(key)
    if shop is None:
        raise NotFound(f"no shop is called {key}", code="shop_not_found")
    return shop


def _asked(way: Way) -> dict[str, Any]:
    return {name: click.prompt(name, hide_input=True) for name in way.credentials}


def _from_file(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        raise Invalid(f"{path.name} is not JSON", code="bad_credentials") from None


def _check(way: Way, given: Any) -> None:
    """Raises Invalid(bad_credentials), which never says what was given."""
    forms = [set(names) for names in (way.credentials, way.instead) if names] or [set()]
    names = set(given) - set(way.optional) if isinstance(given, Mapping) else None
    if names not in forms and way.credentials:
        wanted = " or ".join(", ".join(sorted(form)) for form in forms)
        raise Invalid(f"the credentials are {wanted}", code="bad_credentials")
