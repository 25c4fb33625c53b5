"""What was promised and is not done when its time comes."""

from typing import Any

from app.jobs.context import JobContext
from app.jobs.housekeeping import plan_next
from core.clock import now
from tickets.promising import AT_ONCE, break_overdue, escalate_promises

MOST_ROUNDS = 10  # the next minute goes on


async def judge_promise(args: dict[str, Any], context: JobContext) -> None:
    """Let promises press whose time is near, and break those whose time has passed; the inbox shows them first."""
    await plan_next("promise.judge", now())
    for _ in range(MOST_ROUNDS):
        if await escalate_promises() < AT_ONCE:
            break
    await break_overdue()
