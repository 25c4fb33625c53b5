"""`wismo mail mailboxes`, `add-mailbox` and `fetch`: the mailboxes that mail is fetched from, from the command line."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from app.cli_orders import in_database, shop_of
from app.gateways.imap_troubles import ImapTrouble
from app.gateways.smtp_server import USUAL_PORTS as SMTP_PORTS
from app.mail.fetching.following import fetch_once
from app.mail.fetching.taking import TurnLost
from app.mail.fetching.turns import end_turn, hold_turn, note_failure, take_turn
from app.mail.mailbox_models import OAUTH, PASSWORD, PLAIN, STARTTLS, TLS, USUAL_PORTS, Mailbox
from app.mail.mailboxes import Place, add_mailbox, checked
from app.mail.trying import try_account
from app.settings import read_settings
from core.errors import Invalid, Unavailable
from core.people import SYSTEM
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


@click.command("add-mailbox")
@click.argument("shop_key", metavar="SHOP")
@click.option("--address", required=True, help="What customers write to.")
@click.option("--host", required=True, help="The server for IMAP.")
@click.option("--port", type=int, help="The usual one if it is not given.")
@click.option("--security", type=click.Choice([TLS, STARTTLS, PLAIN]), default=TLS, show_default=True)
@click.option("--user", help="The address if it is not given.")
@click.option("--folder", default="INBOX", show_default=True)
@click.option("--smtp-host", default="", help="Answer from the address through this server, as the same account.")
@click.option("--smtp-port", type=int, help="The usual one if it is not given.")
@click.option("--smtp-security", type=click.Choice([TLS, STARTTLS, PLAIN]), default=TLS, show_default=True)
@click.option("--checkers", default="", help="Names whose word on senders counts, by commas; else the provider's.")
@click.option("--begin", type=click.DateTime(["%Y-%m-%d"]), help="Also fetch what came since that day (UTC).")
@click.option(
    "--credentials-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON object: password, or what OAuth needs; without it a password is asked for.",
)
@in_database
async def add_mailbox_command(
    shop_key: str,
    address: str,
    host: str,
    port: int | None,
    security: str,
    user: str | None,
    folder: str,
    smtp_host: str,
    smtp_port: int | None,
    smtp_security: str,
    checkers: str,
    begin: datetime | None,
    credentials_file: Path | None,
) -> None:
    """Sign in, and fetch the mail of SHOP from a mailbox from now on; with --smtp-host, answer through it, too."""
    shop, settings = await shop_of(shop_key), read_settings()
    given = (
        _from_file(credentials_file) if credentials_file else {"password": click.prompt("Password", hide_input=True)}
    )
    place = checked(
        Place(
            address=address,
            host=host,
            user=user or address,
            port=port or USUAL_PORTS[security],
            security=security,
            auth=PASSWORD if "password" in given else OAUTH,
            folder=folder,
            smtp_host=smtp_host,
            smtp_port=smtp_port or SMTP_PORTS[smtp_security],
            smtp_security=smtp_security,
            checkers=checkers,
        )
    )
    trial = await try_account(place, given, private=settings.private_hosts)
    if trial.fetching or trial.sending or trial.sight is None:
        raise trial.fetching or trial.sending or Unavailable("nothing was seen")
    sight, begin_at = trial.sight, begin.replace(tzinfo=UTC) if begin else None
    start = None if begin_at else sight.cursor
    mailbox = await add_mailbox(
        shop, place, trial.credentials, SYSTEM, secret=settings.secret, begin=start, begin_at=begin_at
    )
    click.echo(f"{mailbox.public_id}: the folder holds {sight.mails} mails. A running desk fetches within seconds.")


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


def _asked() -> dict[str, str]:
    return {"password": click.prompt("Password", hide_input=True)}


def _from_file(path: Path) -> dict[str, str]:
    """Raises Invalid (bad_credentials), which never says what was given."""
    try:
        given = json.loads(path.read_bytes())
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise Invalid(f"{path.name} is no JSON object with texts", code="bad_credentials")
    return given
