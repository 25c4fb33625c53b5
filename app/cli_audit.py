"""`wismo audit`: is the record of who did and read what whole, what does it say, and a copy to keep elsewhere."""

import json
import re
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import click

from app.cli_orders import in_database
from core.audit_chain import digest_of, record_time, same_digest, seal
from core.audit_checks import Break, before_first_since, sealed, verify
from core.audit_search import Found, entries_about
from core.clock import utc
from core.people import Agent

_HEAD = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")
BROKEN = {
    "changed": "does not fit the digest: the entry, its place or what is before it was changed",
    "removed": "the entry is gone",
    "gap": "the place is missing",
    "cut": "the chain ends before this place, and went on",
    "beyond": "a place behind the end of the chain",
    "inserted": "an entry that the desk did not write: it is neither sealed nor waiting",
    "another": "another digest than the one that was noted: the chain was written anew",
}


@click.group()
def audit() -> None:
    """Who did and read what."""


@audit.command("verify")
@click.option("--head", metavar="PLACE:DIGEST", help="An end of the chain that was noted earlier: from the log, say.")
@in_database
async def verify_command(head: str | None) -> None:
    """Check the whole chain. Status 1, and the first broken place, if anything was changed, removed or added."""
    verdict = await verify(_known(head))
    if verdict.broken is not None:
        click.echo(f"BROKEN at {_where(verdict.broken)}: {BROKEN[verdict.broken.what]}")
        click.echo(f"{verdict.sealed} entries before it are as they were written.")
        sys.exit(1)
    click.echo(f"{verdict.sealed} entries are as they were written.")
    if verdict.waiting:
        click.echo(f"{verdict.waiting} are not sealed yet: nothing can be said about them.")
    click.echo(f"Head: {verdict.sealed}:{verdict.head}")


@audit.command("seal")
@in_database
async def seal_command() -> None:
    """Seal now what waits to be sealed, as the desk does every minute."""
    count = 0
    while done := await seal():
        count += done
    click.echo(f"{count} entries sealed.")


@audit.command()
@click.option("--since", help="Only what was sealed from this time on (ISO 8601; without an offset: UTC).")
@click.option("--output", type=click.File("w", encoding="ascii"), default="-", help="A file instead of the terminal.")
@in_database
async def export(since: str | None, output: TextIO) -> None:
    """Write the sealed entries as JSON lines with their digests, which can be checked without Wismo (docs/audit.md)."""
    place, digest = await before_first_since(_moment(since)) if since else (0, "0" * 64)
    output.write(json.dumps({"after": place, "digest": digest}) + "\n")
    async for one in sealed(place):
        if one.content is None or not same_digest(digest_of(digest, one.content), one.digest):
            raise click.ClickException(f"the chain is broken at place {one.place}: see `wismo audit verify`")
        output.write(json.dumps({"entry": one.content, "digest": one.digest}) + "\n")
        digest = one.digest


@audit.command()
@click.argument("subject")
@click.option("--json", "as_json", is_flag=True, help="As JSON lines.")
@in_database
async def show(subject: str, as_json: bool) -> None:
    """Everything about one public id (an order, an agent, a team …), oldest first; times are UTC."""
    names = {agent.id: f"{agent.name} <{agent.email}>" for agent in await Agent.all()}
    found = False
    async for row in entries_about(subject):
        found = True
        entry = {"at": record_time(row.at), "who": _who(row, names), "action": row.action, "detail": row.detail}
        if as_json:
            click.echo(json.dumps(entry, ensure_ascii=False))
        else:
            click.echo(f"{record_time(row.at)[:19]}Z\t{entry['who']}\t{entry['action']}\t{_short(row.detail)}")
    if not found:
        raise click.ClickException("nothing is written about this id")


def _known(head: str | None) -> tuple[int, str] | None:
    if head is None:
        return None
    fits = _HEAD.fullmatch(head)
    if fits is None:
        raise click.BadParameter("PLACE:DIGEST, as verify prints it", param_hint="--head")
    return int(fits[1]), fits[2]


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("a time like 2026-03-02T09:00:00Z", param_hint="--since") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else utc(moment)


def _where(broken: Break) -> str:
    names = [("place", broken.place), ("entry", broken.entry_id)]
    return ", ".join(f"{name} {number}" for name, number in names if number is not None)


def _who(row: Found, names: dict[int, str]) -> str:
    if row.actor_kind == "agent" and row.actor_id in names:
        return names[row.actor_id]
    return row.actor_kind if row.actor_id is None else f"{row.actor_kind} {row.actor_id}"


def _short(detail: dict[str, Any]) -> str:
    return json.dumps(detail, ensure_ascii=False) if detail else ""
