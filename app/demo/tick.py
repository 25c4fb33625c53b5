"""The demo is alive: every few seconds the simulated shops and carriers move some orders."""

from datetime import timedelta
from typing import Any

from app.demo.orders import tick
from app.jobs.context import JobContext
from app.jobs.housekeeping import forget_run, plan_next
from core.clock import now

KEEP_RUNS = timedelta(hours=1)


async def tick_demo(args: dict[str, Any], context: JobContext) -> None:
    """Move a few orders one step and plan the next time."""
    await plan_next("demo.tick", now())
    await forget_run("demo.tick", now() - KEEP_RUNS)
    await tick(now())
