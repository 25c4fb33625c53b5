"""Inside the transaction of a ticket's change: what it means to a complaint."""

from tickets.complaints.escalation import clock_warned
from tickets.complaints.intake import links_changed, receive, take_up_again
from tickets.events import TicketChanged, TicketOpened


async def receive_complaint(event: TicketOpened) -> None:
    """A ticket of the kind complaint is one: received, weighed, and soon acknowledged."""
    await receive(event.ticket_id)


async def follow_complaint(event: TicketChanged) -> None:
    """A newly linked order is kept as it was; a clock that has gone far enough is told to the supervisors; what turns
    out to be a complaint is received as one."""
    if event.what == "kind":
        await receive(event.ticket_id)
        await take_up_again(event.ticket_id)
    elif event.what == "links":
        await links_changed(event.ticket_id)
    elif event.what == "clock":
        await clock_warned(event.ticket_id)
