"""Below the thread: to whom letters do not leave at the moment, why, and the way back."""

from collections.abc import Sequence
from typing import Any

from app.i18n import short_day, when
from app.mail.holding import PAUSED, STOPPED, UNREACHABLE
from app.mail.leaving.failures import failure_of, words_of
from app.web.labels import word
from core.bundles import Bundle, Later
from core.clock import now
from core.sql import as_time
from tickets.models import Ticket

MOST = 5

_FIND = (
    "SELECT h.kind, h.address, h.detail, h.since, h.until FROM mail_hold AS h"
    " WHERE h.shop_id = {shop} AND h.until > {now} AND h.address IN (SELECT LOWER(u.email) FROM conversation AS c"
    " JOIN customer AS u ON u.id = c.customer_id WHERE c.id = {conversation} UNION SELECT p.address"
    " FROM mail_participant AS p WHERE p.conversation_id = {conversation}) ORDER BY h.id LIMIT {most}"
)


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


WORDS = {
    UNREACHABLE: _("Email can’t reach %(address)s. Nothing will be sent there until %(until)s."),
    PAUSED: _("Automatic replies to %(address)s have been paused since %(since)s. What you write is sent as usual."),
    STOPPED: _("%(address)s has opted out of automatic messages since %(since)s. What you write is sent as usual."),
}
WHY = {
    PAUSED: _("Too many were sent in a short time: two machines may be answering each other."),
    STOPPED: _("The reader opted out in one of our emails. Resume only if they ask for it."),
}


def holds_in(bundle: Bundle, ticket: Ticket | None) -> Later[list[dict[str, Any]]]:
    """The holds on whoever takes part in a ticket's conversation; part of a bundle."""
    if ticket is None:
        return list
    which = {"shop": ticket.shop_id, "conversation": ticket.conversation_id, "now": now(), "most": MOST}
    rows = bundle.table("kind address detail since until", _FIND, **which)
    return lambda: list(rows)


def shown_holds(rows: Sequence[dict[str, Any]], base: str, timezone: str, language: str) -> list[dict[str, Any]]:
    """What the page shows of them."""
    return [_hold(row, base, timezone, language) for row in rows]


def _hold(row: dict[str, Any], base: str, timezone: str, language: str) -> dict[str, Any]:
    since, until = as_time(row["since"]), as_time(row["until"])
    assert since is not None
    assert until is not None
    times = {"since": when(since, timezone, language), "until": short_day(until, timezone, language)}
    why = word(WHY, row["kind"], language) if row["kind"] in WHY else words_of(failure_of(row["detail"]), language)
    return {
        "kind": row["kind"],
        "url": f"{base}/mail-holds/{row['kind']}/lifting",
        "address": row["address"],
        "words": word(WORDS, row["kind"], language) % {"address": row["address"], **times},
        "why": why,
        "said": row["detail"] if row["kind"] == UNREACHABLE else "",
    }
