"""A process that only runs jobs, for desks with several processes."""

import asyncio
import signal
from contextlib import AsyncExitStack

from app.database import open_database
from app.main import open_parts
from app.migrating import require_migrated
from app.settings import Settings
from app.stopping import end_in_time


def work_until_stopped(settings: Settings) -> None:
    """Run jobs until SIGTERM or Ctrl-C; then finish what is running."""
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    stopping = asyncio.Event()

    def stop() -> None:
        end_in_time()
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    async with AsyncExitStack() as stack:
        await require_migrated(settings.database)
        await stack.enter_async_context(open_database(settings.database))
        parts = await open_parts(settings, stack, work=True, intake=False)
        await stopping.wait()
        parts.begin_to_stop()
