"""The bot's door: whoever asks about somebody else's order sees what whoever asks about no order sees."""

from pathlib import Path
from typing import Any

import pytest

from app.gateways.mail import RecordingMailer
from app.jobs import HANDLERS
from app.jobs.answering import answer
from app.jobs.context import JobContext
from app.reactions import connect
from app.realtime.hub import Hub
from app.realtime.rendering import message_frames
from app.realtime.topics import conversation_topic
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from conversations.models import Conversation, Message
from conversations.posting import post
from core import jobs
from core.clock import FrozenClock
from core.events import use_bus
from core.people import Actor
from tests.bots.test_secrecy import PLAYED
from tests.heard import counted
from tests.people import World, chat, make_order, make_world
from tickets.models import Ticket

pytestmark = [pytest.mark.anyio, pytest.mark.sqlite]

THEIRS, INVENTED, OTHER = "73011", "80624", "80917"
SAMPLE = PLAYED[::12]


class Overheard(Hub):
    """Remembers what customers' pages are sent, topic by topic."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, str]] = []

    def publish(self, topic: str, frame: dict[str, Any]) -> None:
        self.sent.append((topic, frame["type"]))


@pytest.fixture
def hub() -> Overheard:
    return Overheard()


@pytest.fixture
async def world(database: object, clock: FrozenClock, hub: Overheard) -> World:
    use_bus(connect(hub))
    world = await make_world()
    await make_order(world.lumen, THEIRS, email="bob@example.com", phone="+4917055501990")
    return world


@pytest.fixture
def context(tmp_path: Path) -> JobContext:
    return JobContext(Settings(data_dir=tmp_path), RecordingMailer(), Shelf(own_rulebook()))


@pytest.mark.parametrize(("trick", "messages"), SAMPLE, ids=[f"{trick}: {said[0]}" for trick, said in SAMPLE])
async def test_a_foreign_order_looks_like_none(
    trick: str, messages: list[str], world: World, context: JobContext, hub: Overheard
) -> None:
    await heard(messages, OTHER, world, context, hub)  # the first in a shop reads what the next remember
    of_bob, of_nobody = [await heard(messages, number, world, context, hub) for number in (THEIRS, INVENTED)]
    assert of_bob == of_nobody
    frames = of_bob[0]
    assert all(frame["order"] is None for frame in frames)


async def heard(messages: list[str], number: str, world: World, context: JobContext, hub: Overheard) -> tuple[Any, ...]:
    """What the customer's page gets, who has the talk, and how many statements each answer took."""
    conversation = await chat(world.lumen, world.ines)
    counts = []
    for place, text in enumerate([*messages, "and now?"]):
        said = await post(
            conversation.id, Actor.of(world.ines), text.replace("{n}", number), client_id=f"{conversation.id}-{place}"
        )
        with counted() as run:
            await answer({"conversation": conversation.id, "number": said.number}, context)
        counts.append(len(run))
        while claimed := await jobs.claim(10):
            for job in claimed:
                await HANDLERS[job.kind](job.args, context)
                await jobs.finish(job)
    now = await Conversation.get(id=conversation.id)
    tickets = [ticket.number async for ticket in Ticket.filter(conversation_id=conversation.id)]
    rows = await Message.filter(conversation_id=conversation.id).order_by("number")
    frames = [plain(frame, number, tickets) for frame in await message_frames(now, rows)]
    live = [kind for topic, kind in hub.sent if topic == conversation_topic(now.public_id)]
    return frames, now.handler, now.order_id, len(tickets), counts, live


def plain(frame: dict[str, Any], number: str, tickets: list[int]) -> dict[str, Any]:
    """A frame without what differs between any two talks."""
    text = frame["text"].replace(number, "N")
    for ticket in tickets:
        text = text.replace(str(ticket), "T")
    differs = ("id", "conversation", "client_id", "at", "text")
    return {key: value for key, value in frame.items() if key not in differs} | {"text": text}
