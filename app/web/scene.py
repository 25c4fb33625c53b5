"""The rows behind the page of a conversation, read with a constant number of statements."""

from dataclasses import dataclass

from conversations.models import AnswerReceipt, Conversation, Message, Note, Rating
from conversations.proofs import proven_contacts
from conversations.queries import messages_before, notes_of
from conversations.rating import ratings_of
from core.people import Agent
from core.shops import Shop
from core.teams import Team, teams_for
from tickets.models import Ticket, TicketLink, TimelineEntry
from tickets.presence import agents_of
from tickets.queries import links_of, timeline

MESSAGES, RECEIPTS = 100, 20


@dataclass
class Scene:
    """The rows that one page shows."""

    agent: Agent
    conversation: Conversation  # with customer, agent, order
    shop: Shop
    ticket: Ticket | None
    messages: list[Message]
    notes: list[Note]
    timeline: list[TimelineEntry]
    links: list[TicketLink]
    receipts: list[AnswerReceipt]
    proved: tuple[str, ...]
    people: list[Agent]
    ratings: list[Rating]
    teams: list[Team]
    before: int | None = None  # an older page: messages below this number

    @property
    def base(self) -> str:
        if self.ticket is not None:
            return f"/console/tickets/{self.ticket.number}"
        return f"/console/conversations/{self.conversation.public_id}"


async def gather(
    agent: Agent, conversation: Conversation, shop: Shop, ticket: Ticket | None, before: int | None
) -> Scene:
    """Read the rows of a conversation that the agent has been let into; a constant number of statements."""
    messages = await messages_before(conversation.id, before, MESSAGES)
    notes = await notes_of(conversation.id)
    if len(messages) == MESSAGES:
        notes = [note for note in notes if note.created_at >= messages[0].created_at]
    return Scene(
        agent=agent,
        conversation=conversation,
        shop=shop,
        ticket=ticket,
        messages=messages,
        notes=notes,
        timeline=await timeline(ticket) if ticket else [],
        links=await links_of(ticket.id) if ticket else [],
        receipts=await AnswerReceipt.filter(conversation_id=conversation.id).order_by("-id").limit(RECEIPTS),
        proved=await proven_contacts(conversation.id),
        people=await agents_of(shop.id),
        ratings=await ratings_of(conversation.id),
        teams=await teams_for(shop.id),
        before=before,
    )
