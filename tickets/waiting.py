"""Whom the open tickets about an order wait for. Pure."""

from collections.abc import Iterable

from orders.responsibility import Waiting
from tickets.models import Ticket
from tickets.statuses import Status


def waiting_of(tickets: Iterable[Ticket]) -> Waiting:
    """Since when an agent owes an answer (the first one, or the next), and since when the customer was last asked."""
    agent, customer = [], []
    for ticket in tickets:
        if ticket.status == Status.PENDING:
            customer.append(ticket.updated_at)
        elif ticket.status == Status.OPEN and ticket.first_replied_at is None:
            agent.append(ticket.created_at)
        elif ticket.status == Status.OPEN and ticket.asked_at is not None:
            agent.append(ticket.asked_at)
    return Waiting(agent_since=min(agent, default=None), customer_since=min(customer, default=None))
