"""Deliveries that failed or wait, and folding stored ones anew: after a table was corrected, or an order came."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from tortoise.expressions import Q

from core import audit
from core.bundles import Bundle, Later, alone
from core.errors import Invalid, NotFound
from core.jobs import bury
from core.people import Actor
from core.shops import Shop
from core.text import clean
from orders.facts import OrderFacts
from orders.folding import fold_read, mark_failed, refold
from orders.models import Order, SourceEvent
from orders.receiving import FOLD
from orders.rereading import read_event

log = structlog.get_logger(__name__)

FAILED, PARKED = "failed", "parked"
PAGE, MOST_PAGE = 50, 100
_COMPARED = (
    "number",
    "headline",
    "confirmation",
    "payment",
    "fulfilment",
    "returns",
    "refund",
    "closure",
    "holds",
    "gates",
    "total",
    "version",
)
_COUNT = (
    "SELECT COUNT(*) AS found FROM (SELECT e.id FROM source_event AS e WHERE e.state = {state}"
    " AND e.shop_id IN ({shops}) LIMIT {most}) AS failed"
)
_FOLDED = frozenset({"folded", "stale"})


@dataclass(frozen=True, slots=True)
class Change:
    """A field of the order that is different now."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What replaying came to: the states of the delivery, its error, and what changed in the order."""

    name: str  # public id of the delivery, or of the order that was folded anew
    before: str = ""
    after: str = ""
    error: str = ""
    order: str = ""  # its number
    changes: tuple[Change, ...] = ()


async def failed_events(
    shop_ids: Sequence[int], after: int | None = None, limit: int = PAGE, *, states: Sequence[str] = (FAILED, PARKED)
) -> list[SourceEvent]:
    """Deliveries of these shops that failed or wait for their order, newest first, older than the id `after`."""
    events = SourceEvent.filter(shop_id__in=list(shop_ids), state__in=list(states))
    if after is not None:
        events = events.filter(id__lt=after)
    return await events.order_by("-id").limit(max(1, min(limit, MOST_PAGE)))


async def count_failed(shop_ids: Sequence[int], most: int = MOST_PAGE) -> int:
    """How many deliveries of these shops failed; counting stops at `most`."""
    return await alone(lambda bundle: failed_count_in(bundle, shop_ids, most))


def failed_count_in(bundle: Bundle, shop_ids: Sequence[int], most: int = MOST_PAGE) -> Later[int]:
    """What `count_failed` gives, as part of a bundle."""
    rows = bundle.table("found", _COUNT, shops=list(shop_ids), state=FAILED, most=most)
    return lambda: int(rows[0]["found"])


async def event_in_view(shop_ids: Sequence[int], public_id: str) -> SourceEvent:
    """A stored delivery of one of these shops. Raises NotFound, also for another shop's."""
    event = await SourceEvent.get_or_none(public_id=clean(public_id, limit=40), shop_id__in=list(shop_ids))
    if event is None:
        raise NotFound("there is no such delivery", code="delivery_not_found")
    return event


async def replay(event_id: int, actor: Actor) -> Replayed:
    """Fold a stored delivery again, with its order as a whole if it was folded before. Audited.

    A delivery that still cannot be read stays failed; the reason is in the result, not raised.
    """
    event = await SourceEvent.get(id=event_id)
    state, before = event.state, _state_of(await _order_of(event))
    error = ""
    shop = await Shop.get(id=event.shop_id)
    try:
        reading = read_event(event, shop)
        order = await _order_of(event) if state in _FOLDED else None
        if order is not None:
            await _refold_order(order, shop)
        else:
            await fold_read(shop, [(event, reading)], announce=True)
    except Exception as caught:
        log.warning("replay_failed", delivery=event.public_id, exc_info=caught)
        await mark_failed(event.id, caught)
        error = repr(caught)[:2000]
    event = await SourceEvent.get(id=event_id)
    if event.state != FAILED:
        await bury(FOLD, {"source_event": event.id})
    after = _state_of(await _order_of(event))
    await audit.note(actor, "delivery.replayed", event.public_id, before=state, after=event.state)
    return Replayed(
        name=event.public_id,
        before=state,
        after=event.state,
        error=error,
        order=str(after.get("number", "")),
        changes=_changes(before, after),
    )


async def replay_order(order: Order, actor: Actor) -> Replayed:
    """Fold everything that is stored about `order` anew: a corrected table wins over what it said before. Audited."""
    before = _state_of(order)
    refused = await _refold_order(order, await Shop.get(id=order.shop_id))
    after = _state_of(await Order.get(id=order.id))
    await audit.note(actor, "order.replayed", order.public_id)
    error = f"{refused} deliveries cannot be read" if refused else ""
    return Replayed(name=order.public_id, order=order.number, error=error, changes=_changes(before, after))


async def _refold_order(order: Order, shop: Shop) -> int:
    """Refold what every stored delivery has said about the order. Returns how many cannot be read any more."""
    about = Q(order_id=order.id) | Q(source=order.source, order_ref=order.source_id)
    parts: dict[tuple[str, Any, str], list[tuple[SourceEvent, OrderFacts]]] = defaultdict(list)
    healed, refused = list[int](), 0
    for event in await SourceEvent.filter(about, shop_id=shop.id).exclude(state="received").order_by("id"):
        try:
            found = read_event(event, shop).orders
        except Invalid as error:
            refused += 1
            await mark_failed(event.id, error)
            continue
        for facts in found:
            parts[event.source, facts.handle, facts.source_id].append((event, facts))
        healed += [event.id] if found and event.state == FAILED else []
    for (source, _, source_id), together in parts.items():
        await refold(shop, source, source_id, together)
    await SourceEvent.filter(id__in=healed).update(state="folded", error=None, order_id=order.id)
    for event_id in healed:
        await bury(FOLD, {"source_event": event_id})
    return refused


async def _order_of(event: SourceEvent) -> Order | None:
    if event.order_id is not None:
        return await Order.get_or_none(id=event.order_id)
    if event.order_ref is None:
        return None
    return await Order.get_or_none(shop_id=event.shop_id, source=event.source, source_id=event.order_ref)


def _state_of(order: Order | None) -> dict[str, Any]:
    return {name: getattr(order, name) for name in _COMPARED} if order else {}


def _changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[Change, ...]:
    names = [name for name in _COMPARED if before.get(name) != after.get(name)]
    return tuple(Change(name, before.get(name), after.get(name)) for name in names)
