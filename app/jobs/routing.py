"""Looking at the queue: after changes, and once a minute because time alone opens ways, too."""

from typing import Any

from app.jobs.context import JobContext
from app.jobs.housekeeping import plan_next
from core.clock import now
from tickets.draining import drain, drain_later, take_back_unanswered


async def drain_queue(args: dict[str, Any], context: JobContext) -> None:
    """Give out what waits, where shops assign automatically."""
    await drain(context.settings.weights)


async def look_after_queue(args: dict[str, Any], context: JobContext) -> None:
    """Take back what was given out and not answered, and plan a look at the queue."""
    await plan_next("routing.tick", now())
    await take_back_unanswered()
    await drain_later()
