"""Inside the transaction of a change: the record of the queue, and a look at it where work is given out."""

from conversations.events import HandlerChanged
from tickets.draining import drain_later
from tickets.events import TicketChanged, TicketOpened
from tickets.queue import follow_turn

# What may free somebody or change the order; that words arrived or were linked does neither.
_MATTERS = frozenset({"assignment", "status", "priority", "merge"})


async def follow_queue(event: HandlerChanged) -> None:
    """Waiting begins or ends, and somebody else may have room now."""
    await follow_turn(event)
    await drain_later(event.shop_id)


async def drain_after_work(event: TicketOpened | TicketChanged) -> None:
    """Work came, ended or went to somebody else."""
    if isinstance(event, TicketOpened) or event.what in _MATTERS:
        await drain_later(event.shop_id)
