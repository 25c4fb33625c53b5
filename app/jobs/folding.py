"""The jobs behind the deliveries of platforms: fold them into their orders."""

from collections.abc import Sequence
from typing import Any

from app.jobs.context import JobContext
from orders.folding import fold, fold_together


async def fold_order(args: dict[str, Any], context: JobContext) -> None:
    """Fold the delivery `source_event`. What cannot be read stays on the list of dead jobs and marked failed."""
    await fold(int(args["source_event"]))


async def fold_orders(batch: Sequence[dict[str, Any]], context: JobContext) -> list[Exception | None]:
    """Fold many deliveries in one transaction. One that fails fails by itself, with its own reason."""
    ids = [int(args["source_event"]) for args in batch]
    failed = await fold_together(ids)
    return [failed.get(event_id) for event_id in ids]
