"""Bringing the ticket of a case before people's eyes."""

from core.people import SYSTEM
from tickets.aftersales.moves import Case
from tickets.models import PRIORITIES
from tickets.prioritising import set_priority


async def urge(case: Case, least: str) -> None:
    """Raise the ticket of a locked case to this priority, if it is below it."""
    ticket = case.ticket
    if ticket is not None and PRIORITIES.index(ticket.priority) < PRIORITIES.index(least):
        raised = await set_priority(ticket.id, least, SYSTEM)
        ticket.priority, ticket.version = raised.priority, raised.version
