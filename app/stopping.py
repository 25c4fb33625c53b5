"""How long a process may take to stop, and its end when something hangs: a database or a network that is away."""

import atexit
import os
import signal
import sys
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

STOP_SECONDS = 5  # from SIGTERM to the end
_MARGIN = 0.5  # seconds that the end itself may take on a busy machine


def end_in_time() -> None:
    """End the process within STOP_SECONDS from now, whatever hangs. Only the main thread may call this.

    That loses nothing: what was acknowledged is committed, and jobs come back when their lease ends. The alarm is the
    system's: a timer of the event loop is late when the loop is, and begins only when the loop hears of the signal.
    """
    signal.signal(signal.SIGALRM, _too_late)
    signal.setitimer(signal.ITIMER_REAL, STOP_SECONDS - _MARGIN)
    # Everything is closed then. To take itself apart costs the interpreter more than all of that, and it takes our
    # handler away first: the alarm would be an end by a signal.
    atexit.register(_end)


def _too_late(_number: int, _frame: FrameType | None) -> None:
    try:  # whatever was interrupted may be writing, too
        log.warning("stopped_by_deadline", seconds=STOP_SECONDS)
    finally:
        _end()


def _end() -> None:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)
