"""Who is named in a note follows the ticket and finds it unread, in both languages."""

import pytest

from app.reactions import connect
from app.realtime.hub import Hub
from conversations.noting import add_note
from core.events import use_bus
from core.people import BOT
from tests.people import World, chat
from tickets.following import read_mentions, unfollow
from tickets.mentioning import mentioned
from tickets.opening import open_ticket
from tickets.work_models import Follower, Mention

pytestmark = pytest.mark.anyio

NAMES = {1: "Li", 2: "Lina Park", 3: "林", 4: "Lina"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@lina park please", [2]),
        ("ask @Lina, then ＠LI.", [4, 1]),
        ("@Linas lamp", []),
        ("@林请看一下 @Li", [3, 1]),
        ("li@example.com", []),
        ("@ @@", []),
        ("@Li and @Li", [1]),
    ],
)
def test_whom_a_text_names(text: str, found: list[int]) -> None:
    assert mentioned(text, NAMES) == found


async def test_a_colleague_of_the_shop_follows_and_has_it_to_read(world: World) -> None:
    use_bus(connect(Hub()))
    talk = await chat(world.lumen, world.ines)
    ticket = await open_ticket(talk.id, "question", BOT, subject="Lamp")
    for _ in range(2):
        await add_note(talk.id, world.omar, "@Mei have a look? @Wei @Omar", "note-1")
    assert await Mention.all().values_list("agent_id", flat=True) == [world.mei.id]
    assert await Follower.filter(ticket_id=ticket.id).values_list("agent_id", flat=True) == [world.mei.id]
    assert [await read_mentions(world.mei, talk.id) for _ in range(2)] == [1, 0]
    await unfollow(ticket.id, world.mei)
    assert not await Follower.exists(ticket_id=ticket.id)
