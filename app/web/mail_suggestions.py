"""What a mail seems to be, below the thread: part of another ticket, or a customer's that a colleague passed on."""

from collections.abc import Sequence
from typing import Any

from app.i18n import gettext
from app.mail.models import BELONGS, FORWARDED, OPEN
from app.mail.reading.authentication import FAIL, PASS
from conversations.models import EMAIL
from core.bundles import Bundle, Later
from tickets.models import Ticket
from tickets.statuses import Status

MOST = 5

_COLUMNS = "id kind why address name forwarder sender_check number subject status channel customer same_customer"
_FIND = (
    "SELECT s.public_id AS id, s.kind, s.why, s.address, s.name, f.name AS forwarder, m.sender_check, k.number,"
    " k.subject, k.status, o.channel, u.name AS customer,"
    " CASE WHEN o.customer_id = h.customer_id THEN 1 ELSE 0 END AS same_customer"
    " FROM mail_suggestion AS s JOIN incoming_mail AS m ON m.id = s.mail_id"
    " JOIN conversation AS h ON h.id = s.conversation_id LEFT JOIN agent AS f ON f.id = s.forwarder_id"
    " LEFT JOIN conversation AS o ON o.id = s.target_id LEFT JOIN customer AS u ON u.id = o.customer_id"
    " LEFT JOIN ticket AS k ON k.id = (SELECT COALESCE(x.merged_into_id, x.id) FROM ticket AS x"
    " WHERE x.conversation_id = s.target_id ORDER BY x.id DESC LIMIT 1)"
    " WHERE s.conversation_id = {conversation} AND s.state = {open} ORDER BY s.id LIMIT {most}"
)


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


WHY = {
    "token": _("It carries that ticket’s reply address."),
    "reference": _("It answers an email of that ticket, but came without our reply address."),
    "number": _("Its subject names that ticket."),
    "subject": _("The same customer wrote there with the same subject."),
}
STRANGE = _("%(sender)s used the reply address made for %(customer)s. Nothing from that ticket was sent there.")
CHECKED = {
    FAIL: _("The sender may be forged."),
    PASS: _("The sender is confirmed."),
    "": _("Nobody has confirmed the sender."),
}


def suggestions_in(bundle: Bundle, ticket: Ticket | None) -> Later[list[dict[str, Any]]]:
    """The open suggestions of a ticket's conversation; part of a bundle."""
    if ticket is None:
        return list
    rows = bundle.table(_COLUMNS, _FIND, conversation=ticket.conversation_id, open=OPEN, most=MOST)
    return lambda: [row for row in rows if row["kind"] == FORWARDED or row["number"] not in (None, ticket.number)]


def shown_suggestions(rows: Sequence[dict[str, Any]], base: str, language: str) -> list[dict[str, Any]]:
    """What the page shows of them."""
    return [(_belongs if row["kind"] == BELONGS else _forwarded)(row, base, language) for row in rows]


def _belongs(row: dict[str, Any], base: str, language: str) -> dict[str, Any]:
    same, is_open = bool(row["same_customer"]), row["status"] != Status.CLOSED
    checked = CHECKED[row["sender_check"]]
    return {
        "kind": row["kind"],
        "url": f"{base}/mail-suggestions/{row['id']}",
        "number": row["number"],
        "subject": row["subject"] or gettext(_("(no subject)"), language),
        "ticket": f"/console/tickets/{row['number']}",
        "why": _why(row, language),
        "check": "" if same else gettext(checked, language),
        "join": same and is_open,
        "take_part": not same and row["channel"] == EMAIL and row["sender_check"] != FAIL,
    }


def _why(row: dict[str, Any], language: str) -> str:
    if not row["same_customer"]:
        customer = row["customer"] or gettext(_("the customer"), language)
        return gettext(STRANGE, language) % {"sender": _sender(row), "customer": customer}
    reason = WHY[row["why"]]
    if row["status"] != Status.CLOSED:
        return gettext(reason, language)
    closed = gettext(_("That ticket is closed: open it again to merge them."), language)
    return f"{gettext(reason, language)} {closed}"


def _forwarded(row: dict[str, Any], base: str, language: str) -> dict[str, Any]:
    checked = CHECKED[row["sender_check"]]
    return {
        "kind": row["kind"],
        "url": f"{base}/mail-suggestions/{row['id']}",
        "forwarder": row["forwarder"] or "",
        "name": row["name"],
        "address": row["address"],
        "check": "" if row["sender_check"] == PASS else gettext(checked, language),
    }


def _sender(row: dict[str, Any]) -> str:
    return f"{row['name']} <{row['address']}>" if row["name"] else str(row["address"])
