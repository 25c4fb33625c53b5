"""An agent decides what a mail is: a part of another conversation, somebody who takes part, a customer's mail."""

from app.mail.arriving.senders import customer_of_mail, is_ours
from app.mail.leaving.composing import is_address
from app.mail.models import ACCEPTED, BELONGS, DISMISSED, FORWARDED, OPEN, IncomingMail, MailSuggestion
from app.mail.participants import COPIED, add_participants
from app.mail.threading import same_address
from conversations.handover import hand_to_queue
from conversations.models import BOT, EMAIL, Conversation, Message
from conversations.posting import post
from core import audit
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from core.ids import as_id
from core.people import SYSTEM, Actor, Agent
from core.transactions import transaction
from tickets.access import ticket_for
from tickets.joining import follow_customer
from tickets.merging import merge
from tickets.models import Ticket
from tickets.timeline import change

CUSTOMER = "customer"


async def join_suggested(suggestion_id: str, ticket: Ticket, agent: Agent) -> Ticket:
    """Let the work of `ticket` go on in the one that the mail belongs to, as a merge that can be undone, where the
    customer wrote last. Returns that ticket. Raises NotFound, Conflict (suggestion_settled) and what `merge` raises.
    """
    async with transaction():
        suggestion = await _open(suggestion_id, ticket, BELONGS)
        target = await _target(suggestion, agent)
        await merge(ticket.id, target.id, Actor.of(agent))
        await follow_customer(ticket.conversation_id)
        await _settle(suggestion, agent, ACCEPTED)
    return target


async def let_take_part(suggestion_id: str, ticket: Ticket, agent: Agent) -> Ticket:
    """Somebody who is not the customer may take part: their words enter the conversation that the mail names, in their
    own name, and so do their later mails that are proved. What was said there is not sent to them. Returns the ticket
    there. Raises NotFound, Conflict (suggestion_settled, same_customer, not_by_mail).
    """
    async with transaction():
        suggestion = await _open(suggestion_id, ticket, BELONGS)
        target = await _target(suggestion, agent)
        talk = await Conversation.get(id=suggestion.target_id).select_related("customer")
        if talk.channel != EMAIL:
            raise Conflict("only talks by mail have others in them", code="not_by_mail")
        if talk.customer_id == ticket.conversation.customer_id:
            raise Conflict("it is the customer", code="same_customer")
        mail = await IncomingMail.get(id=suggestion.mail_id).only("id", "digest", "message_id")
        words = await Message.get(id=mail.message_id)
        shown = f"{suggestion.name} <{suggestion.address}>".strip()[:200]
        author = Actor(CUSTOMER, talk.customer_id, shown)
        if talk.handler == BOT:
            await hand_to_queue(talk.id, SYSTEM, "mail")
        await post(talk.id, author, words.text, client_id=f"mail:{mail.digest[:56]}", channel=EMAIL)
        await add_participants(talk.id, [(suggestion.name, suggestion.address)], COPIED, agent.id)
        await _settle(suggestion, agent, ACCEPTED)
        await audit.note(Actor.of(agent), "mail.participant_added", target.public_id, suggestion=suggestion.public_id)
    return target


async def confirm_forwarded(suggestion_id: str, ticket: Ticket, agent: Agent, *, address: str, name: str = "") -> None:
    """Say whose mail it is that a colleague passed on: from now on answers go to `address`. Raises NotFound, Conflict
    (suggestion_settled) and Invalid (bad_mail_address) for what is no address of a customer's.
    """
    wanted = address.strip().lower()
    if not is_address(wanted) or len(wanted) > 254 or await is_ours(wanted):
        raise Invalid("an address of a customer is needed", code="bad_mail_address")
    async with transaction():
        suggestion = await _open(suggestion_id, ticket, FORWARDED)
        await _become(ticket, agent, wanted, name.strip()[:200] or suggestion.name)
        await _settle(suggestion, agent, ACCEPTED)


async def dismiss_suggestion(suggestion_id: str, ticket: Ticket, agent: Agent) -> None:
    """It is not so. A mail that was passed on is then the forwarder's own, and answers go to them. Raises NotFound and
    Conflict (suggestion_settled).
    """
    async with transaction():
        suggestion = await _open(suggestion_id, ticket)
        if suggestion.kind == FORWARDED:
            sender = await Agent.get(id=suggestion.forwarder_id)
            await _become(ticket, agent, sender.email, sender.name)
        await _settle(suggestion, agent, DISMISSED)


async def _open(suggestion_id: str, ticket: Ticket, kind: str = "") -> MailSuggestion:
    """The suggestion, ours until the commit. The ticket was reached through the agent. Raises NotFound, Conflict."""
    found = MailSuggestion.filter(public_id=as_id(suggestion_id), conversation_id=ticket.conversation_id)
    suggestion = await found.select_for_update().first()
    if suggestion is None or (kind and suggestion.kind != kind):
        raise NotFound("no such suggestion")
    if suggestion.state != OPEN:
        raise Conflict("somebody was faster", code="suggestion_settled")
    return suggestion


async def _target(suggestion: MailSuggestion, agent: Agent) -> Ticket:
    """Where the work of the other conversation is now: the newest ticket, or the one it was merged into."""
    tickets = Ticket.filter(conversation_id=suggestion.target_id)
    newest = await tickets.order_by("-id").select_related("merged_into").first()
    if newest is None:
        raise NotFound("no such ticket")
    return await ticket_for(agent, (newest.merged_into or newest).number)


async def _become(ticket: Ticket, agent: Agent, address: str, name: str) -> None:
    """The conversation's nameless customer is the one with this address: known by mail, or this row from now on."""
    held = ticket.conversation.customer
    known = await customer_of_mail(ticket.shop_id, address)
    if known is None:
        known, held.email, held.name = held, same_address(address), name or held.name
        await held.save(update_fields=["email", "name"])
    words = Message.filter(conversation_id=ticket.conversation_id, author_kind=CUSTOMER, author_id=held.id)
    await words.update(author_id=known.id, author_name=known.name)
    await Conversation.filter(id=ticket.conversation_id).update(customer_id=known.id)
    await change(ticket, Actor.of(agent), "customer", "customer_named", name=known.name)
    await audit.note(Actor.of(agent), "mail.customer_named", ticket.public_id)


async def _settle(suggestion: MailSuggestion, agent: Agent, state: str) -> None:
    suggestion.state, suggestion.settled_by_id, suggestion.settled_at = state, agent.id, now()
    await suggestion.save(update_fields=["state", "settled_by_id", "settled_at"])
