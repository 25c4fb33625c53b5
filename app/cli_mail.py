"""Mail from the command line."""

import asyncio
import sys

import click

from app.cli_orders import in_database, shop_of
from app.database import open_database
from app.intake.listener import MAX_BYTES
from app.intake.pipe import TRY_AGAIN, take_piped
from app.logs import configure_logs
from app.mail.dkim_keys import dns_record
from app.mail.hooks import renew_secret
from app.mail.identities import key_of
from app.mail.identity_models import MailIdentity
from app.mail.reading.__main__ import main as read_mails
from app.mail.threading import ascii_domain
from app.settings import read_settings
from core.people import SYSTEM


@click.group()
def mail() -> None:
    """Mail: what is in it, and ways in."""


@mail.command("parse")
@click.option("--stream", is_flag=True, help="Read many mails, answer each with one line before the next is read.")
def parse_command(stream: bool) -> None:
    """Read a mail (RFC 5322) from standard input, print what is in it as JSON (UTF-8).

    With --stream each mail is one of these, in any order, and gets one line of JSON:

    \b
    {"id": …, "raw": base64}       the mail; "id" is given back
    {"id": …, "path": "a.eml"}     a file that holds the mail
    a.eml                          the same, without JSON
    4711                           a length in bytes; the mail follows the line
    From … / Field: …              a mailbox (mbox) or a single mail, up to the end

    The fields: from, from_name, to, subject, message_id, in_reply_to, references, text (quotes included), html,
    reply_text (the new part), attachments (name, type, size in bytes), auto_reply, bounce, bounce_hard; and problem,
    when something could not be read. A line that is no mail gives {"error": …}.
    """
    sys.exit(read_mails(stream=stream))


@mail.command("dkim-key")
@click.argument("domain")
@in_database
async def dkim_key_command(domain: str) -> None:
    """Print the DNS records that the senders at DOMAIN need, so that receivers find their signatures genuine."""
    signing = (
        await MailIdentity.filter(address__endswith=f"@{domain.lower()}").exclude(selector="").order_by("selector")
    )
    if not signing:
        raise click.ClickException(f"Nobody at {domain} signs: set a key in the settings, under senders.")
    secret = read_settings().secret
    for name, record in sorted({(row.selector, dns_record(key_of(row, secret))) for row in signing}):
        click.echo(f'{name}._domainkey.{ascii_domain(domain.lower())} TXT "{record}"')


@mail.command("receive")
@click.option("--to", "recipient", help="The address it was sent to; else what mail servers have noted in its head.")
@click.option("--from", "sender", help="The envelope's sender, empty for bounces; else its Return-Path.")
def receive_command(recipient: str | None, sender: str | None) -> None:
    """Take a mail from standard input, as a mail server's pipe or procmail delivers it.

    Exit status (sysexits.h): 0 it is kept; 67 no shop has the address; 65 empty or more than 25 MiB; 75 it cannot be
    kept now, try again later.
    """
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        sys.exit(asyncio.run(_receive(content, recipient, sender)))
    except Exception as error:  # noqa: BLE001 - the mail server must keep the mail, and quotes what we say to strangers
        click.echo(f"Not kept: {type(error).__name__}", err=True)
        sys.exit(TRY_AGAIN)


async def _receive(content: bytes, recipient: str | None, sender: str | None) -> int:
    settings = read_settings()
    configure_logs(settings.log_format, "error")
    async with open_database(settings.database):
        return await take_piped(content, recipient, sender)


@mail.command("hook")
@click.argument("shop_key", metavar="SHOP")
@in_database
async def hook_command(shop_key: str) -> None:
    """Make a secret to send mails of SHOP by signed HTTP; the one before is good for a week."""
    shop = await shop_of(shop_key)
    secret = await renew_secret(shop, SYSTEM)
    click.echo(f"Address: {read_settings().public_url}/hooks/mail/{shop.key}\nSecret:  {secret}")
