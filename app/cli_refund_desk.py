"""`wismo refunds stuck`: what of the money that leaves waits too long."""

from datetime import timedelta

import click

from app.cli_orders import in_database
from core.clock import now
from core.money import plain_amount
from orders.refunds.watching import Waiting, stuck

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
