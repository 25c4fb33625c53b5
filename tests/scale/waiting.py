"""Waiting for a condition, with a deadline."""

import asyncio
from collections.abc import Callable


async def until(true: Callable[[], object], seconds: float = 90) -> None:
    """Return when `true()` is. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)
