"""How many frames a client may send."""

import time

BURST_FRAMES, FRAMES_PER_SECOND = 100, 20


class Allowance:
    """A bucket of frames that refills with time, so that one client cannot keep the loop busy."""

    __slots__ = ("_at", "_left")

    def __init__(self) -> None:
        self._left, self._at = float(BURST_FRAMES), time.monotonic()

    def take(self) -> bool:
        """Take one frame out; False when there is none left."""
        moment = time.monotonic()
        self._left = min(BURST_FRAMES, self._left + (moment - self._at) * FRAMES_PER_SECOND)
        self._at = moment
        if self._left < 1:
            return False
        self._left -= 1
        return True
