"""Folding stored deliveries into orders: read, merge with what is known, derive, write. Safe to repeat in any order."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from core.clock import now
from core.errors import Invalid
from core.shops import Shop
from core.transactions import transaction
from orders.facts import Handle, OrderFacts
from orders.handles import handles_of
from orders.linking import known_handles, lock_links, orders_of
from orders.merging import Known, from_json, merge, to_json, without
from orders.models import FactSheet, Order, SourceEvent
from orders.rewriting import claim, claim_parked, rewrite, rewrite_all
from orders.sources import SOURCES
from orders.sources.polled import outranking
from orders.sources.reading import Delivery, Reading
from orders.stock import fold_stock

log = structlog.get_logger(__name__)

TOGETHER = 50  # so many deliveries about one order are folded at once
_NOTED = ("state", "error", "processed_at", "source_updated_at", "order_id", "order_ref")


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
        await lock_links(shop, alone=any(facts.handle for _, reading in parts for facts in reading.orders))
        stocked = await _fold_stock(shop, parts)
        by_order: dict[tuple[Handle | None, str], list[tuple[SourceEvent, OrderFacts]]] = defaultdict(list)
        for event, reading in parts:
            event.state, event.error = "ignored" if reading.ignored else "stale", reading.ignored or None  # type: ignore[assignment]
            event.state = "folded" if event.id in stocked else event.state
            for facts in reading.orders:
                by_order[facts.handle, facts.source_id].append((event, facts))
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
        await lock_links(shop, alone=facts[0].handle is not None)
        return await _fold_facts(shop, source, source_id, facts, announce=True, forget=heard)


async def mark_failed(event: SourceEvent, error: Exception) -> None:
    """Keep the reason with the delivery."""
    await SourceEvent.filter(id=event.id).update(state="failed", error=repr(error)[:2000], processed_at=now())


async def fold_history(source_event_ids: Iterable[int]) -> None:
    """Fold deliveries of the past: each order is written once, in a transaction of its own, and nobody is told."""
    events = await SourceEvent.filter(id__in=list(source_event_ids), state="received").order_by("id")
    shops = {shop.id: shop for shop in await Shop.filter(id__in=list({event.shop_id for event in events}))}
    together: dict[tuple[int, Handle | None, str, str], list[tuple[SourceEvent, OrderFacts]]] = defaultdict(list)
    for event in events:
        reading = read_event(event, shops[event.shop_id])
        if reading.stock:
            await fold_read(shops[event.shop_id], [(event, reading)], announce=False)
        for facts in reading.orders:
            together[event.shop_id, facts.handle, event.source, facts.source_id].append((event, facts))
    for (shop_id, handle, source, source_id), parts in together.items():
        async with transaction():
            await lock_links(shops[shop_id], alone=handle is not None)
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
        secrets=tuple(shop.secrets.get(SOURCES[event.source].SECRETS, ())),
    )
    try:
        return outranking(SOURCES[event.source].read(delivery), event.headers)
    except ValidationError as error:
        mistakes = error.errors(include_url=False, include_input=False, include_context=False)[:5]
        raise Invalid(f"facts that cannot be true: {mistakes}", code="impossible_facts") from error


async def _fold_stock(shop: Shop, parts: Sequence[tuple[SourceEvent, Reading]]) -> set[int]:
    """Take in what deliveries say about stock, all of one source. Returns the ids of those that were news."""
    stock = [(event, facts) for event, reading in parts for facts in reading.stock]
    if not stock:
        return set()
    for event, facts in stock:
        event.source_updated_at = max((s.version.at for s in facts.statements), default=None)
    told = await fold_stock(shop, stock[0][0].source, [facts for _, facts in stock])
    return {event.id for (event, _), was_news in zip(stock, told, strict=True) if was_news}


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
        if event.order_ref is None and facts.handle is not None:
            event.order_ref = str(facts.handle)
    outcome = await _fold_facts(shop, source, source_id, [facts for _, facts in together], announce=announce)
    for place, (event, facts) in enumerate(together):
        if outcome.order is not None:
            event.order_id = event.order_id or outcome.order.id
            event.state = "folded" if place in outcome.told or event.state == "parked" else event.state
        elif event.order_id is None and (facts.handle is None or place in outcome.told):
            event.state = "parked"


async def _fold_facts(
    shop: Shop,
    source: str,
    source_id: str,
    parts: Sequence[OrderFacts],
    *,
    announce: bool,
    forget: frozenset[str] = frozenset(),
) -> Outcome:
    """Merge facts about one order (or about one handle) into their sheet and bring all rows up to date."""
    handle = parts[0].handle
    source = handle.kind.value if handle else source
    sheet = await FactSheet.filter(shop_id=shop.id, source=source, source_id=source_id).select_for_update().first()
    before = from_json(sheet.facts) if sheet else Known()
    known, told = without(before, forget), set()
    for place, facts in enumerate(parts):
        more = merge(known, facts.statements)
        if more is not known:
            told.add(place)
        known = more
    is_news = known.entities != before.entities or bool(forget)  # rows may be older than what derives them
    sheet = sheet or FactSheet(shop_id=shop.id, source=source, source_id=source_id)
    if handle is not None:
        return Outcome(await _pass_on(shop, sheet, handle, known, is_news, announce=announce), frozenset(told))
    order = await Order.get(id=sheet.order_id) if sheet.order_id else None
    if not is_news:
        return Outcome(order, frozenset())
    had = handles_of(before, source_id) if order else frozenset[Handle]()
    order = order or Order(shop_id=shop.id, source=source, source_id=source_id)
    order = await rewrite(shop, order, known, announce=announce)
    await _keep(sheet, known, order)
    if order is not None and (gained := handles_of(known, source_id) - had):
        await claim_parked(shop, order, gained, announce=announce)
    return Outcome(order, frozenset(told))


async def _pass_on(
    shop: Shop, sheet: FactSheet, handle: Handle, known: Known, is_news: bool, *, announce: bool
) -> Order | None:
    """Keep the facts of a handle and derive anew every order that goes by it; the first of them, if there is one."""
    if is_news:
        await _keep(sheet, known, None)
    names = await known_handles(shop, [handle])
    orders = await orders_of(shop, names)
    if is_news:
        await rewrite_all(shop, orders, announce=announce)
        await claim(shop, orders, names)
    return orders[0] if orders else None


async def _keep(sheet: FactSheet, known: Known, order: Order | None) -> None:
    sheet.facts = to_json(known)
    sheet.order_id = order.id if order else None
    sheet.updated_at = now()
    await sheet.save()
