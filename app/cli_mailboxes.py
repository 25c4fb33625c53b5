"""`wismo mail mailboxes` and `wismo mail fetch`: the mailboxes that mail is fetched from, from the command line."""

import click

from app.cli_orders import in_database
from app.gateways.imap_troubles import ImapTrouble
from app.mail.fetching.following import fetch_once
from app.mail.fetching.taking import TurnLost
from app.mail.fetching.turns import end_turn, hold_turn, note_failure, take_turn
from app.mail.mailbox_models import Mailbox
from app.settings import read_settings
from core.errors import Unavailable
from core.tasks import end, spawn


@click.command()
@in_database
async def mailboxes() -> None:
    """Every mailbox: shop, address, server, folder, state, last mail, and what is wrong."""
    for mailbox in await Mailbox.all().order_by("shop_id", "address", "id").select_related("shop"):
        last = f"{mailbox.last_mail_at:%Y-%m-%d %H:%M} UTC" if mailbox.last_mail_at else "never"
        wrong = f"{mailbox.last_error}: {mailbox.last_error_detail or ''}" if mailbox.last_error else "fine"
        place = [mailbox.shop.key, mailbox.address, mailbox.host, mailbox.folder]
        click.echo("\t".join([*place, last, wrong if mailbox.enabled else "paused"]))


@click.command()
@click.option("--address", help="Only mailboxes for this address.")
@in_database
async def fetch(address: str | None) -> None:
    """Fetch once what is new in all mailboxes, and end. One that a running desk follows is left to it."""
    settings, failed = read_settings(), False
    found = Mailbox.filter(enabled=True).order_by("id")
    for row in await (found.filter(address=address.lower()) if address else found):
        mailbox = await take_turn(row.id)
        if mailbox is None:
            click.echo(f"{row.address}: a running desk follows it.")
            continue
        try:
            taken = await _held(mailbox, settings.secret, private=settings.private_hosts)
            click.echo(f"{mailbox.address}: {taken} new.")
        except TurnLost:
            click.echo(f"{mailbox.address}: it was changed meanwhile.")
        except ImapTrouble as error:
            failed = True
            await note_failure(mailbox, error.code, error.detail, refused=error.refused)
            click.echo(f"{mailbox.address}: {error.code} {error.detail}")
        finally:
            await end_turn(mailbox)
    if failed:
        raise Unavailable("not every mailbox could be fetched", code="mailbox_failed")


async def _held(mailbox: Mailbox, secret: bytes, *, private: bool) -> int:
    """Fetch, however long it takes, while the mailbox stays ours."""
    holding = spawn(hold_turn(mailbox), name="hold mailbox")
    try:
        return await fetch_once(mailbox, secret, private=private)
    finally:
        await end([holding])
