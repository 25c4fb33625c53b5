"""The clocks of tickets: looked at once a minute, because time alone moves them."""

from typing import Any

from app.jobs.context import JobContext
from app.jobs.housekeeping import plan_next
from core.clock import now
from tickets.clockwork import AT_ONCE, look_at_clocks

MOST_ROUNDS = 10  # the next minute goes on


async def look_at_tickets(args: dict[str, Any], context: JobContext) -> None:
    """Work out the clocks of tickets that something happened to, or whose next warning has come."""
    await plan_next("tickets.clocks", now())
    for _ in range(MOST_ROUNDS):
        if await look_at_clocks() < AT_ONCE:
            return
