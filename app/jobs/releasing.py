"""Held replies whose time has come."""

from typing import Any

from app.jobs.context import JobContext
from conversations.holding import release, stop


async def release_reply(args: dict[str, Any], context: JobContext) -> None:
    """Say the reply `held`, unless it was taken back or may not be said any more."""
    await release(args["held"])


async def give_back_reply(args: dict[str, Any], context: JobContext) -> None:
    """It could not be said: the words go back to the agent's draft."""
    await stop(args["held"], "failed")
