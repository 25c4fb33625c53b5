"""What was promised and is not done when its time comes."""

from typing import Any

from app.jobs.context import JobContext
from app.jobs.housekeeping import plan_next
from core.clock import now
from core.promises import BROKEN, OPEN, Promise


async def judge_promise(args: dict[str, Any], context: JobContext) -> None:
    """Mark promises whose time has passed as broken; the inbox shows them first."""
    await plan_next("promise.judge", now())
    await Promise.filter(state=OPEN, due_at__lt=now()).update(state=BROKEN, settled_at=now())
