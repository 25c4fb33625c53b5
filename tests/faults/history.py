"""What everybody sent, was told and saw, and the judgement over it: nothing lost, doubled, moved, out of order."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

Stored = list[tuple[int, str]]  # numbers and client ids of one conversation, as a fresh reader gets them


@dataclass
class Post:
    """One thing that a writer said; times are monotonic seconds."""

    talk: str
    client_id: str
    sent_at: float
    acked_at: float = 0.0
    numbers: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Verdict:
    """Counts. All but the first three must be zero; `unsure` was never acknowledged, and may be there or not."""

    sent: int = 0
    acked: int = 0
    unsure: int = 0
    lost: int = 0  # acknowledged, and not there
    doubled: int = 0  # one client id, two messages
    moved: int = 0  # a number that was told means something else now
    reordered: int = 0  # acknowledged before the other one was sent, and behind it
    gaps: int = 0  # numbers without a message, and messages that a reader never got
    strange: int = 0  # what nobody has sent, and posts that were refused

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.moved or self.reordered or self.gaps or self.strange)


class History:
    """Grows during a run; `judge` looks at it afterwards, when the desk is at rest."""

    def __init__(self) -> None:
        self.posts: dict[str, Post] = {}
        self.seen: defaultdict[str, dict[str, dict[int, str]]] = defaultdict(dict)  # talk → reader → number → id
        self.moved = 0
        self.refused: list[str] = []
        self.waits: list[float] = []  # seconds from the first sending to the acknowledgement

    def sent(self, talk: str, client_id: str) -> None:
        """A writer sends this, for the first time or again."""
        if client_id not in self.posts:
            self.posts[client_id] = Post(talk, client_id, time.monotonic())

    def acked(self, client_id: str, number: int) -> None:
        """The desk has acknowledged this, for the first time or again."""
        post = self.posts[client_id]
        if not post.numbers:
            post.acked_at = time.monotonic()
            self.waits.append(post.acked_at - post.sent_at)
        post.numbers.add(number)

    def saw(self, talk: str, reader: str, number: int, client_id: str) -> None:
        """A reader got this message, live or by catching up."""
        known = self.seen[talk].setdefault(reader, {}).setdefault(number, client_id)
        self.moved += known != client_id

    def judge(self, stored: dict[str, Stored]) -> Verdict:
        """Compare with what a fresh reader gets of every conversation."""
        acked = [post for post in self.posts.values() if post.numbers]
        found = {client_id for messages in stored.values() for _, client_id in messages}
        return Verdict(
            sent=len(self.posts),
            acked=len(acked),
            unsure=len(self.posts) - len(acked),
            lost=sum(post.client_id not in found for post in acked),
            doubled=sum(_doubled(messages) for messages in stored.values()),
            moved=self.moved + self._moved(acked, stored),
            reordered=sum(self._reordered(messages) for messages in stored.values()),
            gaps=sum(_holes(messages) for messages in stored.values()) + self._missed(stored),
            strange=len(self.refused) + len({one for one in found if one.startswith("fault-")} - self.posts.keys()),
        )

    def _moved(self, acked: Iterable[Post], stored: dict[str, Stored]) -> int:
        """Acknowledged or seen under one number, stored under another."""
        numbers = {(talk, client_id): number for talk, messages in stored.items() for number, client_id in messages}
        told = {(post.talk, post.client_id, number) for post in acked for number in post.numbers}
        for talk, readers in self.seen.items():
            told |= {(talk, client_id, number) for seen in readers.values() for number, client_id in seen.items()}
        return sum(numbers.get((talk, client_id), number) != number for talk, client_id, number in told)

    def _reordered(self, messages: Stored) -> int:
        """Messages behind one that was sent only after they had been acknowledged."""
        found, latest = 0, 0.0
        for _, client_id in sorted(messages):
            post = self.posts.get(client_id)
            if post is not None:
                found += bool(post.acked_at) and post.acked_at < latest
                latest = max(latest, post.sent_at)
        return found

    def _missed(self, stored: dict[str, Stored]) -> int:
        """Messages that a reader who stayed until the end never got."""
        return sum(
            len({number for number, _ in stored.get(talk, [])} - seen.keys())
            for talk, readers in self.seen.items()
            for seen in readers.values()
        )


def _doubled(messages: Stored) -> int:
    return sum(count - 1 for count in Counter(client_id for _, client_id in messages).values())


def _holes(messages: Stored) -> int:
    numbers = {number for number, _ in messages}
    return max(numbers, default=0) - len(numbers)
