"""After-sales cases: their timers once a minute, and what has happened elsewhere."""

from typing import Any

from app.jobs.context import JobContext
from app.jobs.housekeeping import plan_next
from core.clock import now
from tickets.aftersales.expiring import AT_ONCE, look_at_timers
from tickets.aftersales.following import follow
from tickets.aftersales.told import follow_platform

MOST_ROUNDS = 10  # the next minute goes on


async def look_at_cases(args: dict[str, Any], context: JobContext) -> None:
    """Warn before times are over, and do what follows when they are."""
    await plan_next("aftersales.timers", now())
    for _ in range(MOST_ROUNDS):
        if await look_at_timers() < AT_ONCE:
            return


async def follow_case(args: dict[str, Any], context: JobContext) -> None:
    """Bring `case` (public id) up to its parcels, its money and the shop's answers."""
    await follow(str(args["case"]))


async def follow_told_case(args: dict[str, Any], context: JobContext) -> None:
    """Bring our case up to what the platform says of its `case` of `order`."""
    await follow_platform(int(args["order"]), str(args["case"]))
