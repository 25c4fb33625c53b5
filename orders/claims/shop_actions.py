"""What a shop is asked to do with an order that has not left, and what it may answer. Adapters: app/gateways."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from orders.claims.rules import Units, Why


class Said(StrEnum):
    """A shop's answer to one question."""

    DONE = "done"  # it is so now, or was so before
    REFUSED = "refused"  # it is not so, for certain; `why`
    UNKNOWN = "unknown"  # nobody knows: no answer in time, 5xx, a cut connection, an answer that cannot be read


class Stands(StrEnum):
    """How an order stands at its shop."""

    OPEN = "open"
    HELD = "held"  # by us
    CANCELLED = "cancelled"
    CHANGED = "changed"  # it goes to the address of the action
    SHIPPED = "shipped"  # some of the units asked about have left
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One wish towards a shop. `key` is the same in every try, and an action under it happens once.

    `units` are what is claimed, `whole` when that is all that the order still holds. `reference` is the shop's name of
    our hold, once it has told one.
    """

    key: str
    shop_id: int
    platform: str
    order_source_id: str
    order_number: str
    units: Units
    whole: bool
    reason: str = ""
    reference: str = ""
    address_to: Mapping[str, Any] = field(default_factory=dict)
    base: str = ""  # the shop's address
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`text` is the shop's own sentence, without secrets."""

    said: Said
    why: Why = Why.REFUSED_BY_SHOP
    reference: str = ""
    text: str = ""


class ShopActions(Protocol):
    """One platform. Nothing is kept between calls; whatever fails in between is an UNKNOWN, never an exception."""

    async def hold(self, action: Action) -> Outcome:
        """Stop the units from being picked and sent."""
        ...

    async def release(self, action: Action) -> Outcome:
        """Let go of our hold. DONE also when there is none; REFUSED (cancelled_at_shop) when the order is cancelled."""
        ...

    async def cancel(self, action: Action) -> Outcome:
        """Cancel the units, without paying anything back. Never once they have left."""
        ...

    async def change_address(self, action: Action) -> Outcome:
        """Send the order elsewhere, and let go of our hold."""
        ...

    async def look_up(self, action: Action) -> Stands:
        """How the order stands now."""
        ...
