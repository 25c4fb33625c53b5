"""Photos on real rows: no words, and still the bot answers once, keeps the ticket and gets them to a person."""

from pathlib import Path

import pytest

from app.gateways.mail import RecordingMailer
from app.jobs.answering import answer
from app.jobs.context import JobContext
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from conversations.attachments import KeptFile, register
from conversations.models import Conversation, Message
from conversations.posting import post
from core.clock import FrozenClock
from core.ids import new_unguessable_id
from core.people import BOT, Actor
from tests.people import World, chat, make_world
from tickets.models import Ticket
from tickets.opening import open_ticket

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(database: object, clock: FrozenClock) -> World:
    return await make_world()


@pytest.fixture
def context(tmp_path: Path) -> JobContext:
    return JobContext(Settings(data_dir=tmp_path), RecordingMailer(), Shelf(own_rulebook()))


async def photo(world: World, talk: Conversation, context: JobContext, name: str) -> list[str]:
    """Ines posts a photo without words; what the bot answers."""
    ines, key = Actor.of(world.ines), new_unguessable_id("att")
    file = KeptFile(public_id=key, name=name, media_type="image/jpeg", size=9, sha256="0" * 64, width=8, height=6)
    await register(world.lumen.id, ines, file)
    message = await post(talk.id, ines, "", client_id=f"photo-{name}", attachments=[key])
    await answer({"conversation": talk.id, "number": message.number}, context)
    replies = Message.filter(conversation_id=talk.id, author_kind="bot", number__gt=message.number)
    return [reply.text for reply in await replies.order_by("number")]


async def test_two_photos_without_words_reach_a_person(world: World, context: JobContext) -> None:
    talk = await chat(world.lumen, world.ines)
    assert "can't look at files myself" in (await photo(world, talk, context, "front.jpg"))[0]
    assert not await Ticket.exists()
    assert "passing you on to a person" in (await photo(world, talk, context, "back.jpg"))[0]
    assert await Ticket.filter(conversation_id=talk.id).count() == 1
    assert (await Conversation.get(id=talk.id)).handler == "queue"


async def test_a_photo_for_an_open_ticket_opens_no_other(world: World, context: JobContext) -> None:
    talk = await chat(world.lumen, world.ines)
    ticket = await open_ticket(talk.id, "aftersales", BOT, subject="Broken lamp")
    [thanks] = await photo(world, talk, context, "front.jpg")
    assert str(ticket.number) in thanks
    assert await Ticket.all().count() == 1
