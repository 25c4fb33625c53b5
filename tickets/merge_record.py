"""What a merged ticket brings along: links, tags and followers that the other one lacks, and how to take them back."""

from tickets.models import Ticket, TicketLink
from tickets.work_models import Follower, TicketTag

Added = dict[str, list[int]]


async def copy_belongings(source: Ticket, target: Ticket) -> Added:
    """Copy them; returns the ids of the copies. The source keeps its own rows."""
    return {
        "links": await _copy_links(source.id, target.id),
        "tags": await _copy_tags(source.id, target.id),
        "followers": await _copy_followers(source.id, target.id),
    }


async def remove_belongings(added: Added) -> None:
    """Remove the copies that are still there."""
    await TicketLink.filter(id__in=added["links"]).delete()
    await TicketTag.filter(id__in=added["tags"]).delete()
    await Follower.filter(id__in=added["followers"]).delete()


async def _copy_links(source_id: int, target_id: int) -> list[int]:
    known = {(link.order_id, link.shipment_id, link.line_id) for link in await TicketLink.filter(ticket_id=target_id)}
    added = []
    for link in await TicketLink.filter(ticket_id=source_id).order_by("id"):
        if (link.order_id, link.shipment_id, link.line_id) not in known:
            same = {name: getattr(link, name) for name in _LINK}
            added.append((await TicketLink.create(ticket_id=target_id, **same)).id)
    return added


_LINK = ("order_id", "shipment_id", "line_id", "units", "reason", "source", "confirmed", "created_at")


async def _copy_tags(source_id: int, target_id: int) -> list[int]:
    known = {row.tag_id for row in await TicketTag.filter(ticket_id=target_id)}
    new = [row for row in await TicketTag.filter(ticket_id=source_id).order_by("id") if row.tag_id not in known]
    return [(await TicketTag.create(ticket_id=target_id, tag_id=row.tag_id)).id for row in new]


async def _copy_followers(source_id: int, target_id: int) -> list[int]:
    known = {row.agent_id for row in await Follower.filter(ticket_id=target_id)}
    new = [row for row in await Follower.filter(ticket_id=source_id).order_by("id") if row.agent_id not in known]
    return [(await Follower.create(ticket_id=target_id, agent_id=row.agent_id)).id for row in new]
