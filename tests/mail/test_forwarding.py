"""A warehouse is asked about a conversation: it gets what was chosen, and the customer learns nothing of it."""

import email
from pathlib import Path

import pytest

from app.files.storage import FolderStorage
from app.mail.leaving.addressing import FORWARD, Addressing
from app.mail.leaving.composing import Mailbox
from app.mail.leaving.forwarding import forward, give_up_forward, send_forward
from app.mail.models import OutgoingMail
from app.mail.participants import THIRD_PARTY, role_of
from app.mail.threading import reply_address
from conversations.attachments import KeptFile, register
from conversations.models import Conversation, Message, Note
from conversations.posting import post
from core.errors import Invalid, NotFound
from core.ids import new_unguessable_id
from core.jobs import Job
from core.people import Actor
from tests.mail.conftest import Letter
from tests.mail.test_receiving import SECRET, arrive, opened, plain
from tests.people import World

STORE = Mailbox("Store", "store@warehouse.example")
CHOICE = Addressing(mode=FORWARD, to=(STORE,), numbers=(1,))


async def talk(world: World, text: str = "Hello, where is my order 1001?") -> Conversation:
    await arrive(world.lumen, Letter(text=text))
    return await Conversation.get().select_related("customer", "shop")


async def sent(note: Note, storage: FolderStorage | None = None) -> OutgoingMail:
    job = await Job.get(key=f"mail.forward:{note.id}")
    return await send_forward(job.args["note"], job.args["text"], job.args["addressing"], SECRET, storage)


async def test_a_forward_is_a_note_and_a_mail(world: World) -> None:
    conversation = await talk(world)
    token = reply_address(SECRET, "help@lumen.example", conversation.public_id, "ines@example.com")
    await post(conversation.id, Actor.of(conversation.customer), f"I wrote to {token}.", client_id="c2")
    choice = Addressing(mode=FORWARD, to=(STORE,), numbers=(1, 2))
    note = await forward(conversation.id, world.omar, "Is it on your shelf?", choice, client_id="f1")
    again = await forward(conversation.id, world.omar, "Is it on your shelf?", choice, client_id="f1")
    assert note.id == again.id
    assert "Store <store@warehouse.example>" in note.text
    mail, repeated = await sent(note), await sent(note)
    assert mail.id == repeated.id
    assert (mail.kind, mail.recipient, mail.message_id) == ("forward", "store@warehouse.example", None)
    text, raw = plain(mail), mail.content.decode()
    assert text.startswith("Is it on your shelf?")
    assert "> Hello, where is my order 1001?" in text
    assert "> I wrote to help@lumen.example." in text
    assert "ines@example.com" not in raw  # whose it is, is not the warehouse's business
    assert conversation.subject in str(opened(mail)["Subject"])
    assert opened(mail)["In-Reply-To"] is None
    assert "first@example.com" not in raw
    assert await Message.filter(author_kind="agent").count() == 0
    assert await role_of(conversation.id, STORE.address) == THIRD_PARTY


async def test_files_travel_with_it(world: World, tmp_path: Path) -> None:
    conversation, storage = await talk(world), FolderStorage(tmp_path / "files")
    key, content = new_unguessable_id("att"), b"a list\n"
    async with storage.room() as room:
        room.path("x").write_bytes(content)
        await storage.keep(room.path("x"), key)
    customer = Actor.of(conversation.customer)
    for name in (key, new_unguessable_id("att")):  # the content of the second is gone
        kept = KeptFile(public_id=name, name="清单.txt", media_type="text/plain", size=len(content), sha256="0" * 64)
        await register(world.lumen.id, customer, kept, conversation_id=conversation.id)
        await post(conversation.id, customer, "", client_id=name, attachments=[name])
    choice = Addressing(mode=FORWARD, to=(STORE,), numbers=(2, 3))
    mail = await sent(await forward(conversation.id, world.omar, "", choice, client_id="f1"), storage)
    [part] = opened(mail).iter_attachments()
    assert (part.get_filename(), part.get_payload(decode=True)) == ("清单.txt", content)
    assert "清单.txt" in plain(mail)
    assert email.message_from_bytes(mail.content).get_content_type() == "multipart/mixed"


@pytest.mark.parametrize(
    ("text", "choice", "code"),
    [
        ("x", Addressing(to=(STORE,)), "bad_mode"),
        ("", Addressing(mode=FORWARD, to=(STORE,)), "nothing_to_forward"),
        ("x", Addressing(mode=FORWARD, to=(STORE,), numbers=(99,)), "message_gone"),
        ("x" * 6001, CHOICE, "forward_too_long"),
    ],
)
async def test_what_cannot_be_forwarded(world: World, text: str, choice: Addressing, code: str) -> None:
    conversation = await talk(world)
    with pytest.raises(Invalid) as refused:
        await forward(conversation.id, world.omar, text, choice, client_id="f1")
    assert refused.value.code == code
    assert await Note.filter(client_id="f1").count() == 0


async def test_others_conversations_are_not_there(world: World) -> None:
    conversation = await talk(world)
    with pytest.raises(NotFound):
        await forward(conversation.id, world.wei, "x", CHOICE, client_id="f1")


async def test_a_forward_that_cannot_be_written_is_told_of(world: World) -> None:
    conversation = await talk(world)
    note = await forward(conversation.id, world.omar, "x", CHOICE, client_id="f1")
    await give_up_forward(note.id)
    await give_up_forward(note.id)
    assert await Note.filter(client_id=f"mail:unwritten:{note.public_id}").count() == 1
    other = await forward(conversation.id, world.omar, "y", CHOICE, client_id="f2")
    await sent(other)
    await give_up_forward(other.id)
    assert await Note.filter(client_id=f"mail:unwritten:{other.public_id}").count() == 0
