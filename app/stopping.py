"""How long a process may take to stop, and its end when something hangs: a database or a network that is away."""

import asyncio
import os
import sys

import structlog

log = structlog.get_logger(__name__)

STOP_SECONDS = 5  # from SIGTERM to the end


def end_in_time(loop: asyncio.AbstractEventLoop) -> None:
    """End the process within STOP_SECONDS from now, whatever hangs.

    That loses nothing: what was acknowledged is committed, and jobs come back when their lease ends.
    """
    loop.call_later(STOP_SECONDS - 0.3, _end_now)


def _end_now() -> None:
    log.warning("stopped_by_deadline", seconds=STOP_SECONDS)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
