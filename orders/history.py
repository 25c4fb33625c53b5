"""What has become of an order, version by version, and the deliveries it was made from, page by page."""

from collections.abc import Collection, Sequence
from datetime import datetime

from tortoise.expressions import Q

from core.bundles import Bundle, Later, alone
from core.clock import now
from core.events import Together
from core.sql import Program, run_many
from orders.events import OrderChanged
from orders.handles import payment, tracking
from orders.models import Order, OrderChange, SourceEvent
from orders.sources import SOURCES

MOST_CHANGES, MOST_PAGE = 200, 100

_SHOWN = ("id", "public_id", "source", "topic", "order_ref", "received_at", "source_updated_at", "state", "error")
# The deliveries of the running transaction were noted as folded after their order was written, all earlier ones before.
_NOTE = (
    "INSERT INTO order_change (order_id, version, at, before, after, cause_id)"
    " SELECT o.id, {version}, {at}, {before}, {after},"
    " (SELECT MAX(e.id) FROM source_event AS e WHERE e.order_id = o.id AND e.processed_at >= o.folded_at)"
    " FROM shop_order AS o WHERE o.id = {order}"
)


def _note_changes(events: Sequence[OrderChanged]) -> Program[Sequence[OrderChanged]]:
    """Keep that orders have new versions and which deliveries made them; part of the change that did it."""
    rows = [
        {"order": e.order_id, "version": e.version, "at": now(), "before": e.before, "after": e.after} for e in events
    ]
    yield from run_many(_NOTE, rows)
    return ()


note_change = Together(_note_changes)

_CAUSES = (
    "SELECT e.id, e.topic FROM source_event AS e WHERE e.id IN (SELECT c.cause_id FROM order_change AS c"
    " WHERE c.order_id = {order} ORDER BY c.version DESC, c.id DESC LIMIT {most})"
)


async def changes_of(order: Order) -> list[OrderChange]:
    """The versions that this desk has seen come, newest first, 200 at most. What was imported has no history."""
    return await alone(lambda bundle: changes_in(bundle, order))


def changes_in(bundle: Bundle, order: Order) -> Later[list[OrderChange]]:
    """What `changes_of` gives, as part of a bundle."""
    which = "WHERE t.order_id = {order} ORDER BY t.version DESC, t.id DESC LIMIT {most}"
    found = bundle.rows(OrderChange, which, order=order.id, most=MOST_CHANGES)
    return lambda: found


def turned_at(changes: Collection[OrderChange]) -> datetime | None:
    """When this desk learnt that the headline is what it is (UTC); None for what was imported so."""
    return max((change.at for change in changes if change.before != change.after), default=None)


def causes_in(bundle: Bundle, order: Order) -> Later[dict[int, str]]:
    """The topics of the deliveries that made those changes, by id, as part of a bundle."""
    rows = bundle.table("id topic", _CAUSES, order=order.id, most=MOST_CHANGES)
    return lambda: {row["id"]: row["topic"] for row in rows}


def handles_in(bundle: Bundle, order: Order) -> Later[list[str]]:
    """By which parcels and payments others speak of `order`, as part of a bundle."""
    numbers = bundle.table(
        "text", "SELECT tracking_number AS text FROM shipment WHERE order_id = {order}", order=order.id
    )
    references = bundle.table(
        "text", "SELECT gateway_ref AS text FROM payment WHERE order_id = {order}", order=order.id
    )

    def found() -> list[str]:
        handles = [*(tracking(row["text"]) for row in numbers), *(payment(row["text"]) for row in references)]
        return sorted({str(handle) for handle in handles if handle is not None})

    return found


async def deliveries_about(order: Order, names: Sequence[str], after: int | None, limit: int) -> list[SourceEvent]:
    """What shops, carriers and payment services have sent about `order`, newest first, older than the id `after`.

    Carriers and payment services name a parcel or a payment (`handles_in`); what several orders share is shown with
    each of them.
    """
    here = Q(shop_id=order.shop_id)  # in each part: as a condition on all, it would be read through the whole shop
    about = Q(order_id=order.id) | (here & Q(source=order.source, order_ref=order.source_id))
    if names:
        about |= here & Q(source__in=list(SOURCES), order_ref__in=list(names))
    events = SourceEvent.filter(about)
    if after is not None:
        events = events.filter(id__lt=after)
    return await events.order_by("-id").limit(max(1, min(limit, MOST_PAGE))).only(*_SHOWN)


def headline_at(changes: Collection[OrderChange], moment: datetime, today: str) -> str:
    """The headline that the desk knew at `moment`; `today` is that of now. Empty when the order was not known yet."""
    later = [change for change in changes if change.at > moment]
    return min(later, key=lambda change: (change.version, change.id)).before if later else today


def version_at(changes: Collection[OrderChange], moment: datetime) -> int | None:
    """The version that the desk knew at `moment`; None when it was not kept."""
    known = [change.version for change in changes if change.at <= moment]
    return max(known, default=None)
