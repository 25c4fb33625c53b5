"""`wismo refunds limits`: who may send how much of a shop's money back alone."""

import copy

import click

from app.cli_orders import in_database, shop_of
from core.money import parse_money, plain_amount
from core.people import ROLES, SYSTEM
from core.shops import Shop
from orders.refunds.fields import check_currency
from orders.refunds.limits import KINDS, limits_of, set_refund_limits, shown_currencies

_NONE, _USUAL = "none", "usual"


@click.command("limits")
@click.argument("shop_key", metavar="SHOP")
@click.option("--currency", help="ISO 4217; the shop's own if it is left out.")
@click.option("--role", type=click.Choice(ROLES), help="Whose limit is changed.")
@click.option(
    "--single", metavar="AMOUNT", help="For one refund, in major units; `none`: no limit; `usual`: the default."
)
@click.option("--daily", metavar="AMOUNT", help="In 24 hours, alike.")
@in_database
async def limits_command(
    shop_key: str, currency: str | None, role: str | None, single: str | None, daily: str | None
) -> None:
    """Print the limits of SHOP, after changing those of one role in one currency if --single or --daily say so."""
    shop = await shop_of(shop_key)
    told = {kind: word for kind, word in zip(KINDS, (single, daily), strict=True) if word is not None}
    if told:
        if role is None:
            raise click.UsageError("whose limit? --role")
        await _change(shop, check_currency(currency or shop.currency), role, told)
    for each in shown_currencies(shop):
        for whose in ROLES:
            limits = limits_of(shop, each, whose)
            amounts = "\t".join(_written(most, each) for most in (limits.single, limits.daily))
            click.echo(f"{each}\t{whose}\t{amounts}\t{limits.source}")


async def _change(shop: Shop, currency: str, role: str, told: dict[str, str]) -> None:
    limits = copy.deepcopy(shop.refund_limits or {})
    for kind, word in told.items():
        roles = limits.setdefault(kind, {}).setdefault(currency, {})
        if word == _USUAL:
            roles.pop(role, None)
        else:
            roles[role] = None if word == _NONE else parse_money(word, currency).amount
    await set_refund_limits(shop, limits, actor=SYSTEM)


def _written(most: int | None, currency: str) -> str:
    return _NONE if most is None else plain_amount(most, currency)
