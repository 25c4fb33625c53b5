"""Which tickets might be merged: of the same customer, those about the same order for the same reason first."""

from dataclasses import dataclass

from core.bundles import Bundle, Later
from tickets.models import Ticket

MOST = 10

_FIND = (
    "SELECT t.number, t.subject, t.status, t.kind, c.channel, (SELECT COUNT(*) FROM ticket_link AS l"
    " JOIN ticket_link AS m ON m.order_id = l.order_id AND m.ticket_id = {ticket} WHERE l.ticket_id = t.id) AS orders,"
    " (SELECT COUNT(*) FROM ticket_link AS l JOIN ticket_link AS m ON m.order_id = l.order_id AND m.reason = l.reason"
    " AND m.ticket_id = {ticket} WHERE l.ticket_id = t.id) AS reasons"
    " FROM ticket AS t JOIN conversation AS c ON c.id = t.conversation_id"
    " WHERE t.id <> {ticket} AND t.shop_id = {shop} AND t.merged_into_id IS NULL AND t.status <> 'closed'"
    " AND t.conversation_id IN (SELECT o.id FROM conversation AS o WHERE o.customer_id = {customer}"
    " UNION SELECT p.conversation_id FROM proof AS p JOIN proof AS q ON q.contact = p.contact"
    " WHERE q.conversation_id = {conversation})"
    " ORDER BY reasons DESC, orders DESC, t.updated_at DESC, t.id DESC LIMIT {most}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A ticket of the same customer; `orders` are links that both have, `reasons` those with the same reason."""

    number: int
    subject: str
    status: str
    kind: str
    channel: str
    orders: int
    reasons: int


def candidates_in(bundle: Bundle, ticket: Ticket, customer_id: int, most: int = MOST) -> Later[list[Candidate]]:
    """Tickets that `ticket` may be merged with, the likeliest first; part of a bundle."""
    rows = bundle.table(
        " ".join(Candidate.__slots__),
        _FIND,
        ticket=ticket.id,
        shop=ticket.shop_id,
        customer=customer_id,
        conversation=ticket.conversation_id,
        most=most,
    )
    return lambda: [Candidate(**row) for row in rows]
