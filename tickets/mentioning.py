"""Notes that name a colleague with an @: they follow the ticket from then on, and find it unread."""

from collections.abc import Mapping, Sequence

from conversations.events import NoteAdded
from conversations.models import Note
from core.clock import now
from core.sql import Columns, fetch
from core.text import fold
from core.transactions import transaction
from tickets.following import add_follower
from tickets.models import Ticket
from tickets.presence import agents_of
from tickets.statuses import UNFINISHED

_ROWS = Columns("note_id bigint, agent_id bigint, conversation_id bigint, created_at timestamptz")
_ADD = (
    "INSERT INTO mention (note_id, agent_id, conversation_id, created_at)"
    " SELECT note_id, agent_id, conversation_id, created_at FROM {rows} AS r WHERE 1 = 1"
    " ON CONFLICT (note_id, agent_id) DO NOTHING"
)


def mentioned(text: str, names: Mapping[int, str]) -> list[int]:
    """Whom a text names with an @, of these people (id → name), in the order of the text; longer names first."""
    words, found = fold(text), dict[int, int]()
    by_length = sorted(names.items(), key=lambda person: -len(person[1]))
    start = words.find("@")
    while start >= 0:
        person = next((id_ for id_, name in by_length if name and _begins(words[start + 1 :], fold(name))), None)
        if person is not None:
            found.setdefault(person, start)
        start = words.find("@", start + 1)
    return list(found)


async def tell_mentioned(event: NoteAdded) -> None:
    """Write down whom a note names, and let them follow the work of its conversation. Part of the note's change."""
    note = await Note.get(id=event.note_id)
    if "@" not in note.text and "＠" not in note.text:
        return
    people = {agent.id: agent.name for agent in await agents_of(event.shop_id) if agent.id != note.agent_id}
    named = mentioned(note.text, people)
    if not named:
        return
    async with transaction():
        rows = [(note.id, agent_id, event.conversation_id, now()) for agent_id in named]
        await fetch(_ADD, rows=_ROWS.of(rows))
        await _let_follow(event.conversation_id, named)


async def _let_follow(conversation_id: int, agent_ids: Sequence[int]) -> None:
    for ticket in await Ticket.filter(conversation_id=conversation_id, status__in=UNFINISHED).order_by("id"):
        for agent_id in agent_ids:
            await add_follower(ticket, agent_id)


def _begins(words: str, name: str) -> bool:
    """`@Li` is not in `@Lina`, but 林 is in `@林请看`: only where letters run on is a name part of a longer one."""
    after = words[len(name) : len(name) + 1]
    return words.startswith(name) and not (after.isascii() and after.isalnum() and name[-1].isascii())
