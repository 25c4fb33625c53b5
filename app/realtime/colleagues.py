"""Which agents have a conversation open in this process, so that many pages of one agent say it once."""

import time


class Colleagues:
    """Pages by conversation and agent. A hundred consoles of one conversation would otherwise tell each other ten
    thousand times that they are there, again and again."""

    def __init__(self) -> None:
        self._pages: dict[tuple[str, int], set[object]] = {}
        self._told: dict[tuple[str, int], float] = {}

    def shows(self, conversation: str, agent_id: int, page: object, *, again_after: float) -> bool:
        """The agent has the conversation open on `page`. Whether that is to be told: not so within `again_after`
        seconds of the last time."""
        key = conversation, agent_id
        self._pages.setdefault(key, set()).add(page)
        moment = time.monotonic()
        if moment - self._told.get(key, float("-inf")) < again_after:
            return False
        self._told[key] = moment
        return True

    def leaves(self, conversation: str, agent_id: int, page: object) -> bool:
        """`page` shows it no more. Whether no other page of the agent does."""
        key = conversation, agent_id
        pages = self._pages.get(key, set())
        pages.discard(page)
        if pages:
            return False
        self._pages.pop(key, None)
        self._told.pop(key, None)
        return True
