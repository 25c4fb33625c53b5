"""A change to many tickets that an agent has asked for."""

from typing import Any

from app.jobs.context import JobContext
from tickets.bulk import carry_on


async def change_tickets(args: dict[str, Any], context: JobContext) -> None:
    """Do what is left of it."""
    await carry_on(args["run"])
