"""The rows behind the page of a conversation, read together."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.mail.forward_models import HeldForward
from app.mail.leaving.holding import forwards_in
from app.mail.queries import Mails, SentMail, forwarded_in, mails_in
from app.web.case_panels import panels_in
from app.web.mail_holds import holds_in
from app.web.mail_suggestions import suggestions_in
from app.web.ticket_about import Subject, subject_in
from app.web.ticket_strip import Standing, standing_in
from conversations.composing_models import HeldMessage, WrittenDraft
from conversations.drafting import drafts_in
from conversations.holding import held_in
from conversations.models import AnswerReceipt, Conversation, Message, Note, Rating
from conversations.proofs import proven_in
from conversations.queries import messages_in, notes_in
from conversations.rating import ratings_in
from core.bundles import Bundle
from core.people import Agent
from core.shops import Shop
from core.teams import Team, teams_in
from orders.claims.models import Claim
from tickets.cancelling import claims_in
from tickets.models import Ticket, TicketLink, TimelineEntry
from tickets.presence import agents_in
from tickets.queries import links_in, timeline_in, turned_in

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
    turned: dict[int, datetime]  # since when its orders have their headlines, by id
    standing: Standing
    panels: list[dict[str, Any]]  # what is being done about the ticket
    drafts: dict[str, WrittenDraft]  # of this agent, by mode
    held: list[HeldMessage]  # of this agent
    subject: Subject
    claims: list[Claim]  # on its orders, newest first
    mails: Mails  # behind the messages
    forwarded: dict[str, SentMail]  # by the public ids of their notes
    forwards: list[HeldForward]  # that left lately, and those of this agent that have not
    mail_suggestions: list[dict[str, Any]]  # what its mails seem to be
    mail_holds: list[dict[str, Any]]  # to whom letters do not leave
    before: int | None = None  # an older page: messages below this number

    @property
    def base(self) -> str:
        if self.ticket is not None:
            return f"/console/tickets/{self.ticket.number}"
        return f"/console/conversations/{self.conversation.public_id}"


async def gather(
    agent: Agent, conversation: Conversation, shop: Shop, ticket: Ticket | None, before: int | None
) -> Scene:
    """Read the rows of a conversation that the agent has been let into; one statement."""
    bundle, receipts_of = Bundle(), "WHERE t.conversation_id = {conversation} ORDER BY t.id DESC LIMIT {most}"
    messages_read, notes_read = (
        messages_in(bundle, conversation.id, before, MESSAGES),
        notes_in(bundle, conversation.id),
    )
    entries = timeline_in(bundle, ticket.id) if ticket else list
    links = links_in(bundle, ticket.id) if ticket else list
    receipts = bundle.rows(AnswerReceipt, receipts_of, conversation=conversation.id, most=RECEIPTS)
    proved, ratings = proven_in(bundle, conversation.id), ratings_in(bundle, conversation.id)
    turned = turned_in(bundle, ticket.id if ticket else None, conversation.order_id)
    subject = subject_in(bundle, ticket)
    suggested, held_mail = suggestions_in(bundle, ticket), holds_in(bundle, ticket)
    mails = mails_in(bundle, conversation.id, before, MESSAGES)
    forwarded = forwarded_in(bundle, conversation.id)
    forwards = forwards_in(bundle, conversation.id, agent.id)
    claims = claims_in(bundle, ticket.id if ticket else None, conversation.order_id)
    standing = standing_in(bundle, ticket, conversation.id, conversation.customer_id, agent)
    panels = panels_in(bundle, ticket, shop, agent)
    people, teams = agents_in(bundle, shop.id), teams_in(bundle, shop.id)
    drafts, held = drafts_in(bundle, conversation.id, agent.id), held_in(bundle, conversation.id, agent.id)
    await bundle.read()
    messages, notes = messages_read(), notes_read()
    if len(messages) == MESSAGES:
        notes = [note for note in notes if note.created_at >= messages[0].created_at]
    return Scene(
        agent=agent,
        conversation=conversation,
        shop=shop,
        ticket=ticket,
        messages=messages,
        notes=notes,
        timeline=entries(),
        links=links(),
        receipts=receipts,
        proved=proved(),
        people=people(),
        ratings=ratings(),
        teams=teams(),
        drafts=drafts(),
        held=held(),
        before=before,
        turned=turned(),
        standing=standing(),
        subject=subject(),
        panels=panels(),
        claims=claims(),
        mails=mails(),
        forwarded=forwarded(),
        forwards=forwards(),
        mail_suggestions=suggested(),
        mail_holds=held_mail(),
    )
