"""What reconciliation asks of a shop: a list of changed orders, and one order by its id. Adapters: app/gateways."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from core.errors import Invalid, Unauthenticated, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One order as the shop gave it, in the form that `orders/sources/<source>.py` reads.

    `updated_at` is the shop's time of the change, `as_of` the shop's time of the answer (its `Date` header; ours when
    it sends none), both UTC. Header names are lower case.
    """

    source: str
    source_id: str  # the platform's id of the order, as the source reads it
    topic: str
    body: bytes
    updated_at: datetime
    as_of: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


class FeedUnavailable(Unavailable):
    """The shop does not answer now or asks for patience: `data["retry_after"]` in seconds, None if it did not say."""

    code = "feed_unavailable"


class FeedRefused(Unauthenticated):
    """The shop does not accept the credentials, or they may not read orders: a person has to act."""

    code = "feed_refused"


class FeedMalformed(Invalid):
    """The shop's answer is not what its protocol says: a wrong address, another version, a page that never ends."""

    code = "feed_malformed"


FeedTrouble = FeedUnavailable | FeedRefused | FeedMalformed
TROUBLE = (FeedUnavailable, FeedRefused, FeedMalformed)  # for `except`


class OrderFeed(Protocol):
    """One shop's orders, read over the network. Every method may raise FeedUnavailable, FeedRefused, FeedMalformed."""

    def changed(self, since: datetime, until: datetime) -> AsyncIterator[Fetched]:
        """Orders changed from `since` to `until` (UTC, both included), oldest change first, pages fetched on the way.

        An order that changes meanwhile may come later, twice, or (with a change after `until`) not at all; one that
        stays is never left out. Whoever stops reading goes on with `since` = the last `updated_at`.
        """
        ...

    async def order(self, source_id: str) -> Fetched | None:
        """The order as it is now; None when the shop does not know it."""
        ...

    async def aclose(self) -> None:
        """Give up the connections."""
        ...
