"""One problem, many cases: a ticket above others. One level only, so that everybody sees what belongs to what."""

from collections.abc import Sequence

from core.bundles import Bundle, Later
from core.errors import Conflict, NotFound
from core.people import Actor
from core.transactions import transaction
from tickets.access import locked_tickets
from tickets.models import Ticket
from tickets.statuses import ACTIVE
from tickets.timeline import change

MOST_CHILDREN = 100  # shown at a time


async def put_below(child_id: int, parent_id: int | None, actor: Actor) -> Ticket:
    """Make a ticket a case of the problem `parent_id`, or of none. Returns the child.

    Raises NotFound, also for a ticket of another shop, and Conflict (no_parent) when either is merged, the parent is
    itself below another, or the child has tickets below it.
    """
    if child_id == parent_id:
        raise Conflict("nothing is below itself", code="no_parent")
    async with transaction():
        ids = [child_id, *([] if parent_id is None else [parent_id])]
        (child, *parents), _ = await locked_tickets(ids, actor)
        if child.parent_id == parent_id:
            return child
        for parent in parents:
            await _require_above(parent, child)
            await change(parent, actor, "parent", "child_added", number=child.number)
        was = await Ticket.get_or_none(id=child.parent_id) if child.parent_id is not None else None
        child.parent_id = parent_id
        action, number = ("put_below", parents[0].number) if parents else ("taken_out", was.number if was else 0)
        await change(child, actor, "parent", action, "parent_id", number=number)
    return child


async def open_children(ticket_id: int) -> list[Ticket]:
    """The cases of a problem that still need work, oldest first."""
    return await Ticket.filter(parent_id=ticket_id, status__in=ACTIVE).order_by("id").limit(MOST_CHILDREN)


def family_in(bundle: Bundle, ticket: Ticket) -> Later[tuple[Ticket | None, Sequence[Ticket]]]:
    """The ticket above and the tickets below, the first hundred by number; part of a bundle."""
    above = bundle.rows(Ticket, "WHERE t.id = {parent}", parent=ticket.parent_id or 0)
    below = bundle.rows(
        Ticket, "WHERE t.parent_id = {ticket} ORDER BY t.id LIMIT {most}", ticket=ticket.id, most=MOST_CHILDREN
    )
    return lambda: (above[0] if above else None, below)


async def _require_above(parent: Ticket, child: Ticket) -> None:
    if parent.shop_id != child.shop_id:
        raise NotFound("no such ticket in this shop")
    taken = parent.parent_id is not None or await Ticket.exists(parent_id=child.id)
    if taken or parent.merged_into_id is not None or child.merged_into_id is not None:
        raise Conflict("that would be more than one level", code="no_parent")
