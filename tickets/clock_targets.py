"""A shop's own targets for the clocks of its tickets: written down, checked, audited."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from core import audit
from core.clock import now
from core.errors import Invalid
from core.people import Actor
from core.shops import Shop
from core.transactions import transaction
from tickets.clocks import CLOCKS, targets_of
from tickets.models import PRIORITIES, Ticket
from tickets.statuses import ACTIVE

LONGEST = 60 * 24 * 60  # minutes of open time: sixty full days


async def set_targets(shop: Shop, targets: Mapping[str, Mapping[str, int]], *, actor: Actor | None = None) -> None:
    """Give `shop` targets: priority → clock → minutes of open time; what is missing is usual, nothing is all usual.

    The clocks of tickets that are worked on are told anew. Raises Invalid: bad_target for what is no number from 1 to
    LONGEST, target_order when a more urgent ticket would be given more time (with `priority`, `clock`).
    """
    kept = {priority: dict(own) for priority, own in targets.items() if own}
    for priority, own in kept.items():
        for clock, minutes in own.items():
            if priority not in PRIORITIES or clock not in CLOCKS or not _is_length(minutes):
                raise Invalid(f"1 to {LONGEST} minutes", code="bad_target", priority=priority, clock=clock)
    _require_order(kept)
    async with transaction():
        shop.targets = kept or None
        await shop.save(update_fields=["targets"])
        await Ticket.filter(shop_id=shop.id, status__in=ACTIVE, merged_into_id=None).update(look_at=now())
        await audit.note(actor, "shop.targets_set", shop.public_id, targets=kept)


def _is_length(minutes: Any) -> bool:
    return type(minutes) is int and 1 <= minutes <= LONGEST


def _require_order(kept: Mapping[str, Mapping[str, int]]) -> None:
    found = targets_of(kept)
    for milder, graver in pairwise(PRIORITIES):
        for clock in CLOCKS:
            if getattr(found[graver], clock) > getattr(found[milder], clock):
                raise Invalid("a graver one is sooner", code="target_order", priority=graver, clock=clock)
