"""Files in messages: posted once, by who sent them, in the conversation they were sent for; read by who may read it."""

import asyncio
from datetime import timedelta

import pytest

from conversations.attachments import (
    UNPOSTED_LIMIT,
    KeptFile,
    attachment_for,
    attachment_of,
    forget_unposted,
    register,
)
from conversations.events import MessagePosted
from conversations.handover import take
from conversations.models import Attachment, Conversation, Message
from conversations.posting import post
from core.clock import FrozenClock
from core.errors import Conflict, Invalid, NotFound, TooMany
from core.ids import new_unguessable_id
from core.people import Actor, Agent, Customer
from tests.heard import Heard
from tests.people import World, chat, make_customer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("both_databases")]


def a_file(name: str = "lamp.jpg", *, width: int | None = 640) -> KeptFile:
    return KeptFile(
        public_id=new_unguessable_id("att"),
        name=name,
        media_type="image/jpeg",
        size=1_000,
        sha256="0" * 64,
        width=width,
        height=width,
    )


async def sent(shop_id: int, who: Customer | Agent, name: str = "lamp.jpg", *, to: int | None = None) -> str:
    return str((await register(shop_id, Actor.of(who), a_file(name), conversation_id=to)).public_id)


async def test_files_are_posted_with_or_without_words(world: World, heard: Heard) -> None:
    talk = await chat(world.lumen, world.ines)
    one, two = [await sent(world.lumen.id, world.ines, name) for name in ("front.jpg", "back.jpg")]
    message = await post(talk.id, Actor.of(world.ines), "", client_id="photos", attachments=[two, one])
    assert message.attachments == [
        {"id": two, "name": "back.jpg", "media_type": "image/jpeg", "size": 1_000, "width": 640, "height": 640},
        {"id": one, "name": "front.jpg", "media_type": "image/jpeg", "size": 1_000, "width": 640, "height": 640},
    ]
    stored = await Message.get(id=message.id)
    assert (stored.text, stored.attachments) == ("", message.attachments)
    assert [event.message.attachments for event in heard.of(MessagePosted)] == [message.attachments]
    rows = await Attachment.all().values_list("message_id", "conversation_id")
    assert set(rows) == {(message.id, talk.id)}
    assert (await Conversation.get(id=talk.id)).last_text == "[back.jpg] [front.jpg]"
    words = await post(talk.id, Actor.of(world.ines), "Only words", client_id="words")
    assert (words.number, words.attachments) == (2, None)


async def test_a_resend_finds_the_first(world: World) -> None:
    talk, ines = await chat(world.lumen, world.ines), Actor.of(world.ines)
    file = await sent(world.lumen.id, world.ines)
    resends = [post(talk.id, ines, "", client_id="photo", attachments=[file]) for _ in range(4)]
    messages = await asyncio.gather(*resends)
    assert {message.number for message in messages} == {1}
    assert await Message.all().count() == 1


async def test_a_file_is_posted_once(world: World) -> None:
    talk, ines = await chat(world.lumen, world.ines), Actor.of(world.ines)
    file = await sent(world.lumen.id, world.ines)
    await post(talk.id, ines, "", client_id="first", attachments=[file])
    await refused(talk, world.ines, [file])
    assert await Message.all().count() == 1


async def test_nobody_posts_what_somebody_else_has_sent(world: World) -> None:
    tom = await make_customer(world.lumen, "Tom", "tom@example.com")
    talk, other = await chat(world.lumen, world.ines), await chat(world.lumen, tom)
    hers, theirs = await sent(world.lumen.id, world.ines), await sent(world.lumen.id, world.omar, to=other.id)
    await refused(other, tom, [hers])
    await take(talk.id, world.mei)
    await refused(talk, world.mei, [hers])
    await refused(talk, world.mei, [theirs])
    await refused(talk, world.ines, [hers, new_unguessable_id("att")])
    await refused(talk, world.ines, ["../../etc/passwd\0"])
    await post(talk.id, Actor.of(world.ines), "", client_id="mine", attachments=[hers])


async def test_an_agents_file_goes_into_the_conversation_it_was_sent_for(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    other = await chat(world.lumen, await make_customer(world.lumen, "Tom", "tom@example.com"))
    file = await sent(world.lumen.id, world.omar, "label.pdf", to=talk.id)
    await refused(other, world.omar, [file])
    message = await post(talk.id, Actor.of(world.omar), "Your label", client_id="label", attachments=[file])
    assert message.attachments is not None
    assert (await Conversation.get(id=talk.id)).agent_id == world.omar.id, "who answers takes over"


async def test_a_refused_post_leaves_the_file_for_the_next_try(world: World) -> None:
    talk, omar = await chat(world.lumen, world.ines), Actor.of(world.omar)
    file = await sent(world.lumen.id, world.omar, to=talk.id)
    await post(talk.id, Actor.of(world.ines), "Hello?", client_id="hello")
    with pytest.raises(Conflict):
        await post(talk.id, omar, "Here", client_id="late", attachments=[file], seen=0)
    await post(talk.id, omar, "Here", client_id="late", attachments=[file], seen=1)


async def test_five_files_at_most(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    files = [await sent(world.lumen.id, world.ines) for _ in range(6)]
    await refused(talk, world.ines, files, "too_many_files")
    await post(talk.id, Actor.of(world.ines), "", client_id="five", attachments=[*files[:5], files[0]])


async def test_who_posts_nothing_may_not_go_on_sending(world: World) -> None:
    for _ in range(UNPOSTED_LIMIT):
        await sent(world.lumen.id, world.ines)
    with pytest.raises(TooMany):
        await sent(world.lumen.id, world.ines)


async def test_who_may_read_a_file(world: World) -> None:
    tom = await make_customer(world.lumen, "Tom", "tom@example.com")
    talk = await chat(world.lumen, world.ines)
    posted, unposted = await sent(world.lumen.id, world.ines), await sent(world.lumen.id, world.ines)
    draft = await sent(world.lumen.id, world.omar, to=talk.id)
    await post(talk.id, Actor.of(world.ines), "", client_id="photo", attachments=[posted])
    everybody: list[Customer | Agent] = [
        world.ines, tom, world.lin, world.omar, world.mei, world.wei, world.sue, world.ada,
    ]  # fmt: skip
    readers = {file: [who.name for who in everybody if await may_read(who, file)] for file in (posted, unposted, draft)}
    assert readers == {posted: ["Ines", "Omar", "Mei", "Sue", "Ada"], unposted: ["Ines"], draft: ["Omar"]}
    world.omar.active = False
    assert not await may_read(world.omar, posted)
    await Attachment.all().update(state="refused")
    assert not await may_read(world.ines, posted)


async def test_what_nobody_posts_expires(world: World, clock: FrozenClock) -> None:
    talk = await chat(world.lumen, world.ines)
    posted, old = await sent(world.lumen.id, world.ines), await sent(world.lumen.id, world.ines)
    await post(talk.id, Actor.of(world.ines), "", client_id="photo", attachments=[posted])
    clock.advance(timedelta(hours=23))
    fresh = await sent(world.lumen.id, world.ines)
    clock.advance(timedelta(hours=2))
    assert await forget_unposted() == [old]
    assert await forget_unposted() == []
    assert {row.public_id for row in await Attachment.all()} == {posted, fresh}
    await refused(talk, world.ines, [old])


async def refused(talk: Conversation, who: Customer | Agent, files: list[str], code: str = "attachment_gone") -> None:
    with pytest.raises(Invalid) as error:
        await post(talk.id, Actor.of(who), "", client_id="refused", attachments=files)
    assert error.value.code == code


async def may_read(who: Customer | Agent, public_id: str) -> bool:
    try:
        found = await (attachment_of(who, public_id) if isinstance(who, Customer) else attachment_for(who, public_id))
    except NotFound:
        return False
    return bool(found.public_id == public_id)
