"""Folding stored deliveries into orders: read, merge with what is known, derive, write. Safe to repeat in any order."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from pydantic import ValidationError

from core.clock import now
from core.errors import Invalid
from core.shops import Shop
from core.transactions import transaction
from orders.deriving import Picture, derive
from orders.durations import confirmation_expected, ship_by_rule, usual_confirmation
from orders.facts import OrderFacts
from orders.merging import Known, from_json, merge, to_json, without
from orders.models import FactSheet, Order, SourceEvent
from orders.recording import Deadlines, write
from orders.sources import SOURCES
from orders.sources.reading import Delivery, Reading
from orders.statuses import Headline

log = structlog.get_logger(__name__)

TOGETHER = 50  # so many deliveries about one order are folded at once
_NOTED = ("state", "error", "processed_at", "source_updated_at", "order_id")
HISTORY = 200  # so many confirmed orders tell how long confirmation normally takes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What folding came to: no order while its head has not arrived; `told` are the places of facts that were news."""

    order: Order | None
    told: frozenset[int]


async def fold(source_event_id: int) -> None:
    """Fold one delivery, and whatever else waits for the same order with it: its rows are then written once.

    Raises Invalid for what can never be read; other trouble is worth another try. Either way the delivery is marked
    failed with the reason, until a later try succeeds.
    """
    event = await SourceEvent.get_or_none(id=source_event_id)
    if event is None or event.state not in {"received", "failed"}:
        return
    shop = await Shop.get(id=event.shop_id)
    try:
        own = (event, read_event(event, shop))
        waiting = await _waiting(event, shop)
        try:
            await fold_read(shop, [own, *waiting], announce=True)
        except Exception:
            if not waiting:
                raise
            await fold_read(shop, [own], announce=True)  # one of the others may be the trouble: each has its own job
    except Exception as error:
        await mark_failed(event, error)
        raise


async def fold_read(shop: Shop, parts: Sequence[tuple[SourceEvent, Reading]], *, announce: bool) -> None:
    """Fold deliveries of one source that have been read, in one transaction, and note what became of each."""
    async with transaction():
        by_order: dict[str, list[tuple[SourceEvent, OrderFacts]]] = defaultdict(list)
        for event, reading in parts:
            event.state, event.error = "ignored" if reading.ignored else "stale", reading.ignored or None  # type: ignore[assignment]
            for facts in reading.orders:
                by_order[facts.source_id].append((event, facts))
        for together in by_order.values():
            await _fold_order(shop, together, announce=announce)
        for event, _ in parts:
            event.processed_at = now()
            await event.save(update_fields=_NOTED)


async def refold(shop: Shop, source: str, source_id: str, parts: Sequence[tuple[SourceEvent, OrderFacts]]) -> Outcome:
    """Fold deliveries about one order anew: what they said before is forgotten first, so that a better reading wins."""
    heard = frozenset(hashlib.sha256(bytes(event.body)).hexdigest()[:16] for event, _ in parts)
    async with transaction():
        facts = [facts for _, facts in parts]
        return await _fold_facts(shop, source, source_id, facts, announce=True, forget=heard)


async def mark_failed(event: SourceEvent, error: Exception) -> None:
    """Keep the reason with the delivery."""
    await SourceEvent.filter(id=event.id).update(state="failed", error=repr(error)[:2000], processed_at=now())


async def fold_history(source_event_ids: Iterable[int]) -> None:
    """Fold deliveries of the past: each order is written once, in a transaction of its own, and nobody is told."""
    events = await SourceEvent.filter(id__in=list(source_event_ids), state="received").order_by("id")
    shops = {shop.id: shop for shop in await Shop.filter(id__in=list({event.shop_id for event in events}))}
    together: dict[tuple[int, str, str], list[tuple[SourceEvent, OrderFacts]]] = defaultdict(list)
    for event in events:
        for facts in read_event(event, shops[event.shop_id]).orders:
            together[event.shop_id, event.source, facts.source_id].append((event, facts))
    for (shop_id, source, source_id), parts in together.items():
        async with transaction():
            facts_of_all = [facts for _, facts in parts]
            outcome = await _fold_facts(shops[shop_id], source, source_id, facts_of_all, announce=False)
            order_id = outcome.order.id if outcome.order else None
            await SourceEvent.filter(id__in=[event.id for event, _ in parts]).update(
                state="folded" if order_id else "parked", order_id=order_id, processed_at=now()
            )


def read_event(event: SourceEvent, shop: Shop) -> Reading:
    """What a stored delivery says. Raises Invalid when it can never be read."""
    delivery = Delivery(
        topic=event.topic,
        headers=event.headers,
        body=bytes(event.body),
        received_at=event.received_at,
        timezone=shop.timezone,
        country=shop.country,
        language=shop.language,
        currency=shop.currency,
    )
    try:
        return SOURCES[event.source].read(delivery)
    except ValidationError as error:
        mistakes = error.errors(include_url=False, include_input=False, include_context=False)[:5]
        raise Invalid(f"facts that cannot be true: {mistakes}", code="impossible_facts") from error


async def _waiting(event: SourceEvent, shop: Shop) -> list[tuple[SourceEvent, Reading]]:
    """Other deliveries about the same order that nobody has folded yet; what cannot be read is left to its own job."""
    if event.order_ref is None:
        return []
    alike = SourceEvent.filter(shop_id=shop.id, source=event.source, order_ref=event.order_ref, state="received")
    readable = []
    for other in await alike.exclude(id=event.id).order_by("id").limit(TOGETHER):
        with suppress(Invalid):
            readable.append((other, read_event(other, shop)))
    return readable


async def _fold_order(shop: Shop, together: Sequence[tuple[SourceEvent, OrderFacts]], *, announce: bool) -> None:
    source, source_id = together[0][0].source, together[0][1].source_id
    for event, facts in together:
        for warning in facts.warnings:
            log.warning("unknown_platform_value", shop=shop.key, source=source, value=warning)
        event.source_updated_at = max((s.version.at for s in facts.statements), default=None)
    outcome = await _fold_facts(shop, source, source_id, [facts for _, facts in together], announce=announce)
    for place, (event, _) in enumerate(together):
        event.order_id = outcome.order.id if outcome.order else None
        if outcome.order is None:
            event.state = "parked"
        elif place in outcome.told:
            event.state = "folded"


async def _fold_facts(
    shop: Shop,
    source: str,
    source_id: str,
    parts: Sequence[OrderFacts],
    *,
    announce: bool,
    forget: frozenset[str] = frozenset(),
) -> Outcome:
    """Merge the facts about one order into its sheet and bring its rows up to date."""
    sheet = await FactSheet.filter(shop_id=shop.id, source=source, source_id=source_id).select_for_update().first()
    before = from_json(sheet.facts) if sheet else Known()
    known, told = without(before, forget), set()
    for place, facts in enumerate(parts):
        more = merge(known, facts.statements)
        if more is not known:
            told.add(place)
        known = more
    order = await Order.get(id=sheet.order_id) if sheet and sheet.order_id else None
    if known.entities == before.entities:
        return Outcome(order, frozenset())
    picture = derive(known)
    if picture is not None:
        is_new = order is None
        order = order or Order(shop_id=shop.id, source=source, source_id=source_id)
        deadlines = await _deadlines(shop, order, picture)
        await write(order, picture, shop, deadlines, known.latest() or now(), announce=announce)
        if is_new:
            await _claim_parked(order)
    await _keep(sheet or FactSheet(shop_id=shop.id, source=source, source_id=source_id), known, order)
    return Outcome(order, frozenset(told))


async def _deadlines(shop: Shop, order: Order, picture: Picture) -> Deadlines:
    """Times that the platform gives win; else what is usual, fixed at the first sight, and what rules ask for."""
    header = picture.header
    confirm_by = header.confirm_by or order.confirm_by
    if confirm_by is None and picture.headline is Headline.AWAITING_CONFIRMATION and header.placed_at is not None:
        usual = usual_confirmation(await _confirmation_times(shop))
        confirm_by = confirmation_expected(header.placed_at, picture.paid_at, usual)
    ship_by = header.promised_ship_by or ship_by_rule(shop.country, picture.paid_at)
    return Deadlines(confirm_by=confirm_by, promised_ship_by=ship_by)


async def _confirmation_times(shop: Shop) -> list[timedelta]:
    rows: list[tuple[datetime, datetime | None, datetime]] = list(
        await Order.filter(shop_id=shop.id, confirmed_at__not_isnull=True)
        .order_by("-placed_at")
        .limit(HISTORY)
        .values_list("placed_at", "paid_at", "confirmed_at")
    )
    return [confirmed - max(placed, paid or placed) for placed, paid, confirmed in rows]


async def _claim_parked(order: Order) -> None:
    """Deliveries that came before their order belong to it now."""
    parked = SourceEvent.filter(shop_id=order.shop_id, source=order.source, order_ref=order.source_id, state="parked")
    await parked.update(state="folded", order_id=order.id)


async def _keep(sheet: FactSheet, known: Known, order: Order | None) -> None:
    sheet.facts = to_json(known)
    sheet.order_id = order.id if order else None
    sheet.updated_at = now()
    await sheet.save()
