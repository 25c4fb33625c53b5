"""`wismo shops connect` and its kin: from which shops the desk fetches orders."""

import json
from pathlib import Path
from typing import Any

import click

from app.cli_orders import in_database, shop_of
from app.gateways.feed_http import checked_address
from app.gateways.feeds import FEEDS, Platform
from app.jobs.reconciling import plan_first
from core.errors import Invalid, NotFound
from core.people import SYSTEM
from orders.connections import connect_shop, disconnect_shop
from orders.models import Connection


@click.command()
@click.argument("shop_key", metavar="SHOP")
@click.option("--platform", type=click.Choice(sorted(FEEDS)), required=True)
@click.option("--address", required=True, help="The shop's home page; for generic: the address of the feed.")
@click.option(
    "--credentials-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON object with the credentials; without it they are asked for.",
)
@click.option("--acts", is_flag=True, help="The credentials may write: hold, cancel and readdress orders there, too.")
@in_database
async def connect(shop_key: str, platform: str, address: str, credentials_file: Path | None, acts: bool) -> None:
    """Fetch the orders of SHOP from its platform from now on. Again: new address and credentials."""
    shop, checked = await shop_of(shop_key), checked_address(address)
    credentials = _from_file(credentials_file) if credentials_file else _asked(FEEDS[platform])
    _check(FEEDS[platform], credentials)
    connection = await connect_shop(shop, platform, checked, credentials, SYSTEM, acts=acts)
    await plan_first(connection)
    click.echo(f"{connection.public_id}: the orders of the last 60 days come in first, quietly.")
    click.echo(f"Look with: ./wismo orders reconcile --shop {shop.key} --dry-run")


@click.command()
@in_database
async def connections() -> None:
    """Every connection: shop, platform, address, last success, and what is wrong."""
    for connection in await Connection.all().order_by("shop_id", "platform").select_related("shop"):
        success = connection.last_success_at
        seen = f"{success:%Y-%m-%d %H:%M} UTC" if success else "never"
        words = [connection.shop.key, connection.platform, connection.address, seen, connection.last_error or "fine"]
        click.echo("\t".join(words))


@click.command()
@click.argument("shop_key", metavar="SHOP")
@click.option("--platform", type=click.Choice(sorted(FEEDS)), required=True)
@in_database
async def disconnect(shop_key: str, platform: str) -> None:
    """Fetch no more orders of SHOP, and forget the credentials. Its orders stay."""
    shop = await shop_of(shop_key)
    connection = await Connection.get_or_none(shop_id=shop.id, platform=platform)
    if connection is None:
        raise NotFound("there is no such connection", code="connection_not_found")
    await disconnect_shop(connection, SYSTEM)
    click.echo("Disconnected.")


def _asked(platform: Platform) -> dict[str, str]:
    return {name: click.prompt(name, hide_input=True) for name in platform.credentials}


def _from_file(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        raise Invalid(f"{path.name} is not JSON", code="bad_credentials") from None


def _check(platform: Platform, given: Any) -> None:
    """Raises Invalid(bad_credentials), which never says what was given."""
    forms = [set(names) for names in (platform.credentials, platform.instead) if names]
    right = isinstance(given, dict) and set(given) in forms
    if not right or not all(isinstance(value, str) and value.isprintable() and value for value in given.values()):
        names = ", ".join(platform.credentials) + (f" (or {', '.join(platform.instead)})" if platform.instead else "")
        raise Invalid(f"the credentials are {names}", code="bad_credentials")
