"""`wismo refunds accounts|connect|disconnect`: through which accounts a shop's money goes back.

Secrets come from files, standard input or typing, never as words of the command, which every process can read.
"""

import json
import sys
from pathlib import Path
from typing import Any

import click

from app.cli_orders import in_database, shop_of
from app.gateways.refund_credentials import check_account
from app.gateways.refunds import WAYS
from core.errors import Invalid, NotFound
from core.people import SYSTEM
from core.shops import Shop
from orders.models import Connection
from orders.refunds.models import PaymentAccount
from orders.refunds.payment_accounts import close_account, open_account

_GATEWAYS = click.Choice(sorted(WAYS))


@click.command("connect")
@click.argument("shop_key", metavar="SHOP")
@click.option("--gateway", type=_GATEWAYS, required=True)
@click.option(
    "--address", default="", help="Of the shop (Shopify, WooCommerce), or where the gateway is, if elsewhere."
)
@click.option("--credentials-file", metavar="FILE", help="JSON object with the credentials; - reads standard input.")
@click.option("--pem", nargs=2, multiple=True, metavar="NAME FILE", help="A key in a file: private_key, keys.SERIAL …")
@click.option("--serves", multiple=True, help="A further way of paying (as orders name it) that is this account's.")
@in_database
async def connect_command(
    shop_key: str,
    gateway: str,
    address: str,
    credentials_file: str | None,
    pem: tuple[tuple[str, str], ...],
    serves: tuple[str, ...],
) -> None:
    """Send the money of SHOP back through GATEWAY from now on. Again: new address and credentials.

    What is neither in the file nor given by --pem is asked for.
    """
    shop = await shop_of(shop_key)
    credentials = _from_file(credentials_file) if credentials_file else {}
    _add_pems(credentials, pem)
    if credentials_file is None:
        _ask_for_rest(gateway, credentials)
    where = check_account(gateway, address or await _connected(shop, gateway), credentials)
    account = await open_account(shop, gateway, SYSTEM, address=where, credentials=credentials, serves=serves)
    click.echo(f"{account.public_id}: refunds of {shop.key} go back through {gateway}.")


@click.command("disconnect")
@click.argument("shop_key", metavar="SHOP")
@click.option("--gateway", type=_GATEWAYS, required=True)
@in_database
async def disconnect_command(shop_key: str, gateway: str) -> None:
    """Send nothing more through GATEWAY, and forget the credentials."""
    shop = await shop_of(shop_key)
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


async def _connected(shop: Shop, gateway: str) -> str:
    """The address under which the shop's orders are fetched already."""
    connection = await Connection.get_or_none(shop_id=shop.id, platform=gateway)
    return connection.address if connection else ""


def _from_file(path: str) -> dict[str, Any]:
    try:
        found = json.loads(sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes())
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}", code="bad_credentials") from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Invalid("the credentials are not a JSON object", code="bad_credentials")
    return found


def _add_pems(credentials: dict[str, Any], pems: tuple[tuple[str, str], ...]) -> None:
    for name, path in pems:
        try:
            key = Path(path).read_text("ascii")
        except (OSError, UnicodeDecodeError):
            raise Invalid(f"{path} cannot be read as a key", code="bad_credentials") from None
        outer, _, serial = name.partition(".")
        if serial:
            credentials.setdefault(outer, {})[serial] = key
        else:
            credentials[outer] = key


def _ask_for_rest(gateway: str, credentials: dict[str, Any]) -> None:
    """A key of several lines cannot be typed: those come from files."""
    for name in WAYS[gateway].credentials:
        if name not in credentials and not set(WAYS[gateway].instead) & set(credentials):
            credentials[name] = click.prompt(name, hide_input=True)
