"""The promise ledger as the desk reads it: pages of a view, with the ticket or order that each promise is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from tortoise.expressions import Q

from core.clock import now
from core.promises import BROKEN, OPEN, Promise
from orders.models import Order
from tickets.models import Ticket

VIEWS = ("open", "soon", "broken")
SOON = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Promised:
    """A promise, and the number of the ticket or of the order it is about; the other one is empty."""

    made: Promise
    ticket: int | None
    order: str


async def promised(shops: Sequence[int], view: str, after: str, limit: int) -> list[Promised]:
    """A page of `view`: open and soon by when they are due, broken ones the latest first; a fixed number of statements.

    `after` is the public id of the last one of the page before; what is none of these begins at the first.
    """
    rows = Promise.filter(shop_id__in=list(shops), state=BROKEN if view == "broken" else OPEN)
    if view == "soon":
        rows = rows.filter(due_at__lte=now() + SOON)
    last = await Promise.filter(public_id=after, shop_id__in=list(shops)).first() if after else None
    if view == "broken":
        if last is not None:
            rows = rows.filter(Q(due_at__lt=last.due_at) | Q(due_at=last.due_at, id__lt=last.id))
        rows = rows.order_by("-due_at", "-id")
    else:
        if last is not None:
            rows = rows.filter(Q(due_at__gt=last.due_at) | Q(due_at=last.due_at, id__gt=last.id))
        rows = rows.order_by("due_at", "id")
    found = await rows.limit(limit).select_related("shop")
    subjects = [made.subject for made in found]
    tickets = dict(await Ticket.filter(public_id__in=subjects).values_list("public_id", "number"))
    orders = dict(await Order.filter(public_id__in=subjects).values_list("public_id", "number"))
    return [Promised(made, tickets.get(made.subject), orders.get(made.subject, "")) for made in found]
