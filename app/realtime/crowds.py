"""How many of one kind an address may keep open at a time, so that one cannot use up what is there for all."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Crowd:
    """Counts by address, in this process."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._there: Counter[str] = Counter()

    @contextmanager
    def one_more(self, address: str) -> Iterator[bool]:
        """Count one for the length of the block; yields whether that is within the limit."""
        self._there[address] += 1
        try:
            yield self._there[address] <= self.limit
        finally:
            self._there[address] -= 1
            if not self._there[address]:
                del self._there[address]
