"""Tickets that are merged across conversations: the work is where the customer wrote last.

Of a group of merged tickets each stands in one of the group's conversations, and the one that goes on trades places
with the merged one of the conversation in which the customer speaks. So whatever looks for the work of a conversation
finds it there, and each conversation keeps its own numbers, sockets and proofs.
"""

from collections.abc import Mapping, Sequence

from conversations.models import Conversation
from core.clock import now
from core.people import Actor
from tickets.models import Ticket
from tickets.statuses import ACTIVE, Status
from tickets.timeline import change


async def follow_customer(conversation_id: int, *, to_bot: bool = False) -> None:
    """The customer wrote here: tickets that this conversation's were merged into come here, if they are not closed.

    What is said `to_bot` does not move what was resolved. Part of the running change, with the conversation locked.
    """
    merged = Ticket.filter(conversation_id=conversation_id, merged_into_id__isnull=False).order_by("id")
    here = {ticket.merged_into_id: ticket for ticket in await merged}
    if not here:
        return
    talk = await Conversation.get(id=conversation_id).select_related("customer")
    wanted = [*ACTIVE] if to_bot else [*ACTIVE, Status.RESOLVED]
    for target in await Ticket.filter(id__in=list(here), status__in=wanted).order_by("id").select_for_update():
        if target.conversation_id == conversation_id:
            continue
        await trade_places(target, here[target.id])
        if target.asked_at is None and not to_bot:
            target.asked_at = now()
        await change(target, Actor.of(talk.customer), "conversation", "came_by", "asked_at", channel=talk.channel)


async def trade_places(one: Ticket, other: Ticket) -> None:
    """Each goes to the other's conversation."""
    one.conversation_id, other.conversation_id = other.conversation_id, one.conversation_id
    for ticket in (one, other):
        await ticket.save(update_fields=["conversation_id"])


async def put_back(group: Sequence[Ticket], homes: Mapping[int, int]) -> None:
    """Bring the tickets (id → conversation) of a locked group home; whoever stands there takes their place."""
    for ticket in group:
        home = homes.get(ticket.id, ticket.conversation_id)
        if ticket.conversation_id == home:
            continue
        others = [other for other in group if other.conversation_id == home and homes.get(other.id) != home]
        if others:
            await trade_places(ticket, others[0])
        else:
            ticket.conversation_id = home
            await ticket.save(update_fields=["conversation_id"])
