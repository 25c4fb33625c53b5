"""Words that a desk sorts its tickets by. Each shop has its own; the first use makes one."""

from collections.abc import Sequence

from core.clock import now
from core.errors import Conflict, Invalid
from core.people import Actor
from core.sql import fetch
from core.text import clean
from core.transactions import transaction
from tickets.access import locked_ticket
from tickets.models import Ticket
from tickets.timeline import change
from tickets.work_models import Tag, TicketTag

NAME_LIMIT, MOST_TAGS = 40, 20  # characters; tags of a ticket
MOST_SUGGESTED = 8
TONES = 6  # colours that a tag may have

_MAKE = (
    "INSERT INTO tag (shop_id, name, created_at) VALUES ({shop}, {name}, {now})"
    " ON CONFLICT (shop_id, name) DO NOTHING RETURNING id"
)


def tag_name(words: str) -> str:
    """A tag as it is kept: lower case, one line, no commas. Raises Invalid (bad_tag) for what is empty or too long."""
    name = " ".join(clean(words, limit=NAME_LIMIT + 1).casefold().lstrip("#").split())
    if not name or len(name) > NAME_LIMIT or "," in name:
        raise Invalid("a tag has 1 to 40 characters and no comma", code="bad_tag", limit=NAME_LIMIT)
    return name


def tone_of(name: str) -> int:
    """Which of the colours a tag has: always the same one for the same name."""
    return sum(name.encode()) % TONES


async def add_tag(ticket_id: int, words: str, actor: Actor) -> Ticket:
    """Tag a ticket; the same again changes nothing. Raises Invalid (bad_tag), NotFound, Conflict (too_many_tags)."""
    name = tag_name(words)
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, actor)
        await fetch(_MAKE, shop=ticket.shop_id, name=name, now=now())
        tag = await Tag.get(shop_id=ticket.shop_id, name=name)
        tags = TicketTag.filter(ticket_id=ticket.id)
        if await tags.filter(tag_id=tag.id).exists():
            return ticket
        if await tags.count() >= MOST_TAGS:
            raise Conflict("a ticket has twenty tags at most", code="too_many_tags", most=MOST_TAGS)
        await TicketTag.create(ticket_id=ticket.id, tag_id=tag.id)
        await change(ticket, actor, "tags", "tagged", look_again=False, tag=name)
    return ticket


async def remove_tag(ticket_id: int, words: str, actor: Actor) -> Ticket:
    """Take a tag off; nothing happens when it is not there. Raises Invalid (bad_tag), NotFound."""
    name = tag_name(words)
    async with transaction():
        ticket, _ = await locked_ticket(ticket_id, actor)
        tag = await Tag.get_or_none(shop_id=ticket.shop_id, name=name)
        if tag is not None and await TicketTag.filter(ticket_id=ticket.id, tag_id=tag.id).delete():
            await change(ticket, actor, "tags", "untagged", look_again=False, tag=name)
    return ticket


async def suggest_tags(shop_ids: Sequence[int], beginning: str) -> list[str]:
    """Names of these shops' tags that begin so, in order of the alphabet; at most eight."""
    start = " ".join(clean(beginning, limit=NAME_LIMIT).casefold().lstrip("#").split())
    begun = Tag.filter(shop_id__in=list(shop_ids), name__startswith=start)
    found = await begun.order_by("name").distinct().limit(MOST_SUGGESTED).values_list("name", flat=True)
    return [str(name) for name in found]
