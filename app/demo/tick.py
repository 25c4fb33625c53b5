"""The demo is alive: every few seconds the simulated shops and carriers move some orders."""

from typing import Any

from app.demo.orders import tick
from app.jobs.context import JobContext
from app.jobs.housekeeping import plan_next
from core.clock import now


async def tick_demo(args: dict[str, Any], context: JobContext) -> None:
    """Move a few orders one step and plan the next time."""
    await plan_next("demo.tick", now())
    await tick(now())
