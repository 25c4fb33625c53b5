"""The job behind each delivery of a platform: fold it into its order."""

from typing import Any

from app.jobs.context import JobContext
from orders.folding import fold


async def fold_order(args: dict[str, Any], context: JobContext) -> None:
    """Fold the delivery `source_event`. What cannot be read stays on the list of dead jobs and marked failed."""
    await fold(int(args["source_event"]))
