"""How a ticket stands among others: its tags, who follows it, what is above, below and merged into it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.i18n import gettext
from app.web.labels import STATUSES
from conversations.models import Message, Note
from core.audit import AuditEntry
from core.bundles import Bundle, Later
from core.people import Agent
from core.promises import Promise
from tickets.merge_candidates import candidates_in
from tickets.models import Ticket
from tickets.parents import family_in
from tickets.statuses import ACTIVE
from tickets.tagging import tone_of

MOST_WORDS = 100  # of other conversations
MOST_REFUSED = 20

_TAGS = (
    "SELECT g.name FROM ticket_tag AS x JOIN tag AS g ON g.id = x.tag_id WHERE x.ticket_id = {ticket} ORDER BY g.name"
)
_FOLLOWS = "SELECT f.id FROM follower AS f WHERE f.ticket_id = {ticket} AND f.agent_id = {agent}"
_NAMED = (
    "SELECT n.id FROM mention AS n WHERE n.agent_id = {agent} AND n.read_at IS NULL"
    " AND n.conversation_id = {conversation}"
)
# The other conversations of a merged ticket, and for notes that of the problem that it is a case of.
_JOINED = "SELECT k.conversation_id FROM ticket AS k WHERE k.merged_into_id = {ticket}"
_NOTED = f"{_JOINED} UNION SELECT k.conversation_id FROM ticket AS k WHERE k.id = {{parent}}"  # noqa: S608
_WORDS = (
    f"WHERE t.conversation_id IN ({_JOINED}) AND t.conversation_id <> {{conversation}}"
    " ORDER BY t.created_at DESC, t.id DESC LIMIT {most}"
)
_NOTES = _WORDS.replace(_JOINED, _NOTED)
_REFUSED = "WHERE t.subject = {ticket} AND t.action = 'transition_refused' ORDER BY t.id DESC LIMIT {most}"
_PROMISES = "WHERE t.subject = {ticket} AND t.kind = 'agent' AND t.state = 'open' ORDER BY t.due_at, t.id"
_AUTHORS = f"WHERE t.id IN (SELECT n.agent_id FROM note AS n WHERE n.conversation_id IN ({_NOTED}))"  # noqa: S608


@dataclass
class Standing:
    """The rows behind the strip, and the words of other conversations that the thread shows among its own."""

    tags: list[str] = field(default_factory=list)
    following: bool = False
    promises: Sequence[Promise] = ()  # of agents, open
    named: bool = False  # a note that the agent has not read names them
    parent: Ticket | None = None
    children: Sequence[Ticket] = ()
    merges: int = 0
    likely: int | None = None  # number of a ticket that seems to be about the same
    words: list[Message] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    refused: list[AuditEntry] = field(default_factory=list)  # steps that were tried and not allowed


def standing_in(
    bundle: Bundle, ticket: Ticket | None, conversation_id: int, customer_id: int, agent: Agent
) -> Later[Standing]:
    """Read them as part of a bundle; of a chat without a ticket only whether a note names the agent."""
    named = bundle.table("id", _NAMED, agent=agent.id, conversation=conversation_id)
    if ticket is None:
        return lambda: Standing(named=bool(named))
    of: dict[str, Any] = {"ticket": ticket.id, "conversation": conversation_id}
    parent = ticket.parent_id or 0
    tags = bundle.table("name", _TAGS, ticket=ticket.id)
    follows = bundle.table("id", _FOLLOWS, ticket=ticket.id, agent=agent.id)
    family, likely = family_in(bundle, ticket), candidates_in(bundle, ticket, customer_id, 1)
    words = bundle.rows(Message, _WORDS, most=MOST_WORDS, **of)
    notes = bundle.rows(Note, _NOTES, most=MOST_WORDS, parent=parent, **of)
    promises = bundle.rows(Promise, _PROMISES, ticket=ticket.public_id)
    authors = bundle.rows(Agent, _AUTHORS, ticket=ticket.id, parent=parent)

    refused = bundle.rows(AuditEntry, _REFUSED, ticket=ticket.public_id, most=MOST_REFUSED)

    def standing() -> Standing:
        above, below = family()
        people = {author.id: author for author in authors}
        for note in notes:
            note.agent = people.get(note.agent_id) if note.agent_id is not None else None
        return Standing(
            tags=[row["name"] for row in tags],
            following=bool(follows),
            promises=promises,
            named=bool(named),
            parent=above,
            children=below,
            merges=ticket.merges,
            likely=next((found.number for found in likely() if found.reasons), None),
            words=words[::-1],
            notes=notes[::-1],
            refused=refused,
        )

    return standing


def strip(standing: Standing, base: str, language: str) -> dict[str, Any]:
    """What the strip under the head of a ticket shows."""
    return {
        "url": base,
        "tags": [{"name": name, "tone": tone_of(name)} for name in standing.tags],
        "following": standing.following,
        "parent": _relative(standing.parent, language) if standing.parent else None,
        "children": [_relative(child, language) for child in standing.children],
        "open_children": sum(child.status in ACTIVE for child in standing.children),
        "promises": [made.text for made in standing.promises],
        "merges": standing.merges,
        "likely": standing.likely,
    }


def _relative(ticket: Ticket, language: str) -> dict[str, Any]:
    status, tone, icon = STATUSES.get(ticket.status, (ticket.status, "", "inbox"))
    return {
        "number": ticket.number,
        "subject": ticket.subject,
        "url": f"/console/tickets/{ticket.number}",
        "status": gettext(status, language),
        "tone": tone,
        "icon": icon,
    }
