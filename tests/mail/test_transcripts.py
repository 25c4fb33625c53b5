"""The conversation by mail: only to a proved address, once, with what was said in public and nothing else."""

from datetime import timedelta

import pytest

from app.mail.leaving.letters import write_letter
from app.mail.leaving.transcripts import write_transcript
from app.mail.models import OutgoingMail
from app.reactions import connect
from app.realtime.hub import Hub
from conversations.models import Conversation, Message
from conversations.noting import add_note
from conversations.posting import post
from conversations.proofs import prove_by_token
from conversations.transcripts import request_transcript
from core.clock import FrozenClock
from core.errors import Conflict, NotFound
from core.events import use_bus
from core.jobs import Job
from core.people import BOT, SYSTEM, Actor
from core.shops import Shop
from tests.mail.test_receiving import SECRET, opened, plain
from tests.people import World, chat

pytestmark = pytest.mark.anyio


@pytest.fixture
async def talk(world: World, clock: FrozenClock) -> Conversation:
    """A short chat with a bot, an agent, the system and a note, in a shop in Shanghai."""
    await Shop.filter(id=world.lumen.id).update(timezone="Asia/Shanghai")
    conversation = await chat(world.lumen, world.ines)
    await post(conversation.id, Actor.of(world.ines), "Where is <my> lamp & shade?", client_id="client-1")
    await post(conversation.id, BOT, "On its way.", client_id="bot:1")
    clock.advance(timedelta(hours=20))
    await post(conversation.id, Actor.of(world.omar), "它今天到。", client_id="agent-1", language="zh", take_over=True)
    await post(conversation.id, SYSTEM, "It has arrived.", client_id="notice:1")
    photo = [{"id": "att_1", "name": "lamp <1>.jpg", "media_type": "image/jpeg", "size": 1, "width": 1, "height": 1}]
    await Message.filter(conversation_id=conversation.id, number=1).update(attachments=photo)
    await add_note(conversation.id, world.omar, "She is angry", "note-1")
    return conversation


async def test_a_letter_in_the_shops_time_without_notes(talk: Conversation) -> None:
    mail = await write_transcript(talk.id, "ines@example.com", SECRET)
    assert mail is not None
    text = plain(mail)
    assert opened(mail)["Subject"] == "Your conversation with Lumen"
    assert opened(mail)["Reply-To"] is None  # an answer is a mail of its own, which a person reads
    assert text.index("You · ") < text.index("Where is <my> lamp & shade?") < text.index("[File: lamp <1>.jpg]")
    assert text.index("Assistant · ") < text.index("On its way.") < text.index("Omar · ") < text.index("它今天到。")
    assert text.index("Lumen · ") < text.index("It has arrived.")
    assert text.count("===") == 4, "two days"
    assert "All times are those of Shanghai." in text
    first = await Message.get(conversation_id=talk.id, number=1)
    assert f"You · {(first.created_at + timedelta(hours=8)):%H:%M}" in text
    html = opened(mail).get_body(("html",))
    assert html is not None
    page = html.get_content()
    assert "Where is &lt;my&gt; lamp &amp; shade?" in page
    assert "lamp &lt;1&gt;.jpg" in page
    assert 'lang="zh-Hans">它今天到。' in page
    assert "angry" not in text + page


async def test_in_the_customers_language(talk: Conversation) -> None:
    await Conversation.filter(id=talk.id).update(language="zh")
    mail = await write_transcript(talk.id, "ines@example.com", SECRET)
    assert mail is not None
    assert opened(mail)["Subject"] == "您与Lumen的对话记录"
    assert "上海" in plain(mail)


async def test_a_second_click_within_a_minute_is_the_same_letter(talk: Conversation, clock: FrozenClock) -> None:
    first = await write_transcript(talk.id, "ines@example.com", SECRET)
    clock.advance(timedelta(seconds=50))
    again = await write_transcript(talk.id, "ines@example.com", SECRET)
    other = await write_transcript(talk.id, "else@example.com", SECRET)
    clock.advance(timedelta(seconds=20))
    later = await write_transcript(talk.id, "ines@example.com", SECRET)
    assert first is not None
    assert again is not None
    assert other is not None
    assert later is not None
    assert first.id == again.id
    assert len({first.id, other.id, later.id}) == await OutgoingMail.all().count() == 3


async def test_only_a_proved_address_gets_it(world: World, talk: Conversation) -> None:
    use_bus(connect(Hub()))
    ines = Actor.of(world.ines)
    for address in ("", "ines@example.com"):
        with pytest.raises(NotFound) as refused:
            await request_transcript(talk.id, ines, address)
        assert refused.value.code == "not_proved"
    await prove_by_token(talk.id, ["+4930123456", "old@example.com", "ines@example.com"])
    assert await request_transcript(talk.id, ines) == "ines@example.com"
    assert await request_transcript(talk.id, ines, " Old@Example.com") == "old@example.com"
    with pytest.raises(NotFound):
        await request_transcript(talk.id, ines, "else@example.com")
    with pytest.raises(NotFound):
        await request_transcript(talk.id, Actor.of(world.lin))
    jobs = await Job.filter(kind="transcript.send").order_by("id")
    assert [job.args["recipient"] for job in jobs] == ["ines@example.com", "old@example.com"]


async def test_there_must_be_something_to_send(world: World) -> None:
    empty = await chat(world.lumen, world.ines)
    await prove_by_token(empty.id, ["ines@example.com"])
    with pytest.raises(Conflict):
        await request_transcript(empty.id, Actor.of(world.ines))


def test_the_letter_with_a_code_says_what_the_code_opens() -> None:
    letter = write_letter("address_code", {"shop": "Lumen", "code": "123456", "minutes": 10}, "en")
    assert "123456" in letter.text
    assert "sees the orders with this address" in letter.text
    assert "123456" in letter.html
