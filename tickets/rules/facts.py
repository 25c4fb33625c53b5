"""What rules can ask about a ticket and everything around it, and what they can do. Reading is the same few
statements for any number of tickets."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

from conversations.models import Conversation
from core.business_hours import BusinessHours
from core.clock import now
from core.money import exponent
from core.sql import fetch
from orders.models import Order, Shipment
from orders.statuses import Headline, Hold, ParcelState, RefundState
from tickets.models import KINDS, PRIORITIES, Ticket, TicketLink
from tickets.rules.conditions import Fact, Known, Sort
from tickets.statuses import Status
from tickets.work_models import TicketTag


class Trigger(StrEnum):
    """What a rule listens to."""

    TICKET_OPENED = "ticket_opened"
    TICKET_CHANGED = "ticket_changed"  # status, priority, who works on it
    CUSTOMER_WROTE = "customer_wrote"
    ORDER_CHANGED = "order_changed"  # a linked order has another headline
    PARCEL_MOVED = "parcel_moved"
    REFUND_CHANGED = "refund_changed"
    CLOCK_WARNED = "clock_warned"
    SINCE_OPENED = "since_opened"  # so many minutes after it
    SINCE_CUSTOMER = "since_customer"  # after the customer's last words, while nobody has answered them
    SINCE_AGENT = "since_agent"  # after the desk's last words, while the customer has not answered them


TIMED = frozenset({Trigger.SINCE_OPENED, Trigger.SINCE_CUSTOMER, Trigger.SINCE_AGENT})

FACTS: dict[str, Fact] = {
    "ticket.kind": Fact(Sort.CHOICE, KINDS),
    "ticket.status": Fact(Sort.CHOICE, tuple(status.value for status in Status)),
    "ticket.priority": Fact(Sort.CHOICE, PRIORITIES),
    "ticket.assigned": Fact(Sort.FLAG),
    "ticket.tags": Fact(Sort.WORDS),
    "ticket.subject": Fact(Sort.TEXT),
    "ticket.reopened": Fact(Sort.NUMBER),
    "ticket.hours": Fact(Sort.NUMBER),
    "conversation.channel": Fact(Sort.CHOICE, ("chat", "email")),
    "conversation.language": Fact(Sort.CHOICE, ("en", "zh")),
    "conversation.handler": Fact(Sort.CHOICE, ("bot", "queue", "agent")),
    "customer.words": Fact(Sort.TEXT),
    "customer.waits_hours": Fact(Sort.NUMBER),
    "order.linked": Fact(Sort.FLAG),
    "order.headline": Fact(Sort.CHOICE, tuple(headline.value for headline in Headline)),
    "order.hold": Fact(Sort.CHOICE, tuple(hold.value for hold in Hold)),
    "order.refund": Fact(Sort.CHOICE, tuple(state.value for state in RefundState)),
    "order.total": Fact(Sort.NUMBER),
    "order.country": Fact(Sort.WORDS),
    "order.late": Fact(Sort.FLAG),
    "parcel.state": Fact(Sort.CHOICE, tuple(state.value for state in ParcelState)),
    "shop.open": Fact(Sort.FLAG),
}
_OVER = frozenset({"delivered", "completed", "cancelled", "expired"})
_LAST_WORDS = (
    "SELECT m.conversation_id, m.text FROM conversation AS c JOIN message AS m ON m.conversation_id = c.id"
    " AND m.number = c.last_customer_number WHERE c.id IN ({conversations})"
)


async def facts_of(tickets: Sequence[Ticket]) -> dict[int, dict[str, Known]]:
    """The facts by ticket id, as they are now."""
    ids, talk_ids = [ticket.id for ticket in tickets], sorted({ticket.conversation_id for ticket in tickets})
    talks = {talk.id: talk for talk in await Conversation.filter(id__in=talk_ids).select_related("shop")}
    words = {row["conversation_id"]: row["text"] for row in await fetch(_LAST_WORDS, conversations=talk_ids or [0])}
    tags: defaultdict[int, set[str]] = defaultdict(set)
    for tagged in await TicketTag.filter(ticket_id__in=ids).select_related("tag"):
        tags[tagged.ticket_id].add(tagged.tag.name)
    orders: defaultdict[int, list[Order]] = defaultdict(list)
    for link in await TicketLink.filter(ticket_id__in=ids, confirmed=True).select_related("order"):
        orders[link.ticket_id].append(link.order)
    order_ids = {order.id for linked in orders.values() for order in linked}
    parcels: defaultdict[int, set[str]] = defaultdict(set)
    outbound = Shipment.filter(order_id__in=list(order_ids), direction="outbound", cancelled=False)
    for order_id, state in await outbound.values_list("order_id", "state"):
        parcels[int(str(order_id))].add(str(state))
    return {
        ticket.id: _of_ticket(ticket, tags[ticket.id])
        | _of_talk(ticket, talks[ticket.conversation_id], words.get(ticket.conversation_id, ""))
        | _of_orders(orders[ticket.id], parcels)
        for ticket in tickets
    }


def _of_ticket(ticket: Ticket, tags: Collection[str]) -> dict[str, Known]:
    return {
        "ticket.kind": ticket.kind,
        "ticket.status": ticket.status,
        "ticket.priority": ticket.priority,
        "ticket.assigned": ticket.assignee_id is not None,
        "ticket.tags": frozenset(tags),
        "ticket.subject": ticket.subject,
        "ticket.reopened": ticket.reopened,
        "ticket.hours": _hours(ticket.created_at),
    }


def _of_talk(ticket: Ticket, talk: Conversation, words: str) -> dict[str, Known]:
    hours = BusinessHours.of(talk.shop.hours, talk.shop.timezone)
    return {
        "conversation.channel": talk.channel,
        "conversation.language": talk.language,
        "conversation.handler": talk.handler,
        "customer.words": words,
        "customer.waits_hours": _hours(ticket.asked_at) if ticket.asked_at else None,
        "shop.open": hours.is_open(now()),
    }


def _of_orders(orders: Sequence[Order], parcels: dict[int, set[str]]) -> dict[str, Known]:
    """Of several orders, a choice is what any of them is; the total is that of the dearest."""
    if not orders:
        return {"order.linked": False, "order.late": False}
    late = any(o.promised_to is not None and o.promised_to < now() and o.headline not in _OVER for o in orders)
    return {
        "order.linked": True,
        "order.headline": frozenset(order.headline for order in orders),
        "order.hold": frozenset(hold for order in orders for hold in order.holds),
        "order.refund": frozenset(order.refund for order in orders),
        "order.total": max(order.total / 10 ** exponent(order.currency) for order in orders),
        "order.country": frozenset(str(order.ship_to.get("country") or "").casefold() for order in orders),
        "order.late": late,
        "parcel.state": frozenset(state for order in orders for state in parcels[order.id]),
    }


def _hours(since: datetime) -> float:
    return round((now() - since).total_seconds() / 3600, 2)
