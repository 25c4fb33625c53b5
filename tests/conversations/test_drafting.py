"""Drafts survive: on one device, on two, and never beyond the moment in which their words are said."""

from datetime import timedelta

import pytest

from conversations.composing_models import NOTE, REPLY, WrittenDraft
from conversations.drafting import Written, drafted_in, drop_draft, forget_old_drafts, keep_draft
from conversations.events import DraftKept
from conversations.models import Conversation
from conversations.noting import add_note
from conversations.posting import post
from core.bundles import alone
from core.clock import FrozenClock
from core.errors import Conflict, Invalid, NotFound
from core.people import Actor
from tests.heard import Heard
from tests.people import World, chat

pytestmark = pytest.mark.anyio


@pytest.fixture
async def talk(world: World, clock: FrozenClock) -> Conversation:
    return await chat(world.lumen, world.ines)


def words(text: str, client_id: str = "web-00000001") -> Written:
    return Written(text=text, client_id=client_id, seen=3, orders={"ord_1": {"v": 1, "f": {}, "w": 1}})


async def test_what_is_written_is_kept_and_told_to_its_author(world: World, talk: Conversation, heard: Heard) -> None:
    first = await keep_draft(talk.id, world.omar, REPLY, words("Good"), version=0)
    second = await keep_draft(talk.id, world.omar, REPLY, words("Good news"), version=1)
    assert first is not None
    assert second is not None
    assert (second.id, second.version, second.text, second.seen) == (first.id, 2, "Good news", 3)
    assert [(event.agent_id, event.version) for event in heard.of(DraftKept)] == [(world.omar.id, n) for n in (1, 2)]
    assert await keep_draft(talk.id, world.omar, REPLY, words(" \n"), version=2) is None
    assert heard.of(DraftKept)[-1].version == 0
    assert await WrittenDraft.all().count() == 0


async def test_another_device_is_not_overwritten(world: World, talk: Conversation) -> None:
    await keep_draft(talk.id, world.omar, REPLY, words("from the phone"), version=0)
    with pytest.raises(Conflict, match="elsewhere"):
        await keep_draft(talk.id, world.omar, REPLY, words("from the laptop"), version=0)
    same = await keep_draft(talk.id, world.omar, REPLY, words("from the phone"), version=0)
    assert same is not None
    assert same.text == "from the phone"


async def test_reply_and_note_and_colleagues_stay_apart(world: World, talk: Conversation) -> None:
    await keep_draft(talk.id, world.omar, REPLY, words("Dear Ines"), version=0)
    await keep_draft(talk.id, world.omar, NOTE, words("She is cross"), version=0)
    await keep_draft(talk.id, world.mei, REPLY, words("Hello"), version=0)
    await drop_draft(talk.id, world.omar, REPLY)
    assert sorted(draft.text for draft in await WrittenDraft.all()) == ["Hello", "She is cross"]
    assert await alone(lambda bundle: drafted_in(bundle, world.omar.id)) == {talk.public_id}
    assert await alone(lambda bundle: drafted_in(bundle, world.sue.id)) == set()


async def test_said_words_do_not_come_back_with_a_late_draft(world: World, talk: Conversation) -> None:
    await post(talk.id, Actor.of(world.omar), "Good news", client_id="web-00000001")
    await add_note(talk.id, world.omar, "She is cross", "web-00000002")
    for mode, client_id in ((REPLY, "web-00000001"), (NOTE, "web-00000002")):
        assert await keep_draft(talk.id, world.omar, mode, words("Good ne", client_id), version=0) is None
    assert await WrittenDraft.all().count() == 0


async def test_who_may_not_read_may_not_write(world: World, talk: Conversation) -> None:
    with pytest.raises(NotFound):
        await keep_draft(talk.id, world.wei, REPLY, words("hi"), version=0)
    with pytest.raises(Invalid):
        await keep_draft(talk.id, world.omar, "shout", words("hi"), version=0)
    with pytest.raises(Invalid):
        await keep_draft(talk.id, world.omar, REPLY, words("x" * 20_001), version=0)


async def test_drafts_that_nobody_touches_go(world: World, talk: Conversation, clock: FrozenClock) -> None:
    await keep_draft(talk.id, world.omar, REPLY, words("hi"), version=0)
    clock.advance(timedelta(days=91))
    assert await forget_old_drafts(timedelta(days=90)) == 1
