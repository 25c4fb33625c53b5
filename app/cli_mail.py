"""Mail from the command line."""

import sys

import click

from app.mail.reading.__main__ import main as read_mails


@click.group()
def mail() -> None:
    """Mail: what is in it."""


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
