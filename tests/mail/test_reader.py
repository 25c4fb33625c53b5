"""Mails are read in child processes: the same as here, and what ends a child ends nothing else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.gateways.mail import RecordingMailer
from app.jobs.arriving import give_up_mail, reread_mail
from app.jobs.context import JobContext
from app.mail.access import mails_for
from app.mail.arriving import reader as reading
from app.mail.arriving.quarantine import raw_mail, re_process
from app.mail.arriving.reader import NotRead, Reader
from app.mail.arriving.receiving import Means, receive
from app.mail.arriving.rereading import reread
from app.mail.arriving.storing import store_mail
from app.mail.models import IncomingMail
from app.mail.reading.child import read_whole
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from conversations.models import Message, Note
from core.audit import AuditEntry
from core.errors import Conflict, Forbidden, NotFound, Unavailable
from core.jobs import Job
from tests.mail.conftest import Letter
from tests.people import World
from tickets.models import Ticket

SECRET = b"secret"
HELP = "help@lumen.example"
SAMPLES = sorted(path for path in Path("tests/data/mail").rglob("*") if path.suffix in (".eml", ".mail", ".txt"))
HOSTILE = """
import os, sys, time; sys.path.insert(0, sys.argv[1])
from app.mail.reading import child
from app.mail.reading.parsing import ParsedMail
def read(mail):
    if b"HANG" in mail: time.sleep(60)
    if b"DIE" in mail: os.abort()
    if b"FAT" in mail: bytearray(1 << 30)
    if b"WRITE" in mail: open(mail.partition(b"WRITE ")[2].strip(), "wb", 0).write(b"x")
    if b"ENV" in mail: return ParsedMail(subject=repr(sorted(os.environ)))
    return true(mail)
true, child.read_whole = child.read_whole, read
child.main()
"""


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    reader = Reader(seconds=5.0)
    yield reader
    await reader.close()


@pytest.fixture
async def hostile(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reader]:
    """A reader whose children fall for some mails."""
    monkeypatch.setattr(reading, "_PROGRAM", HOSTILE)
    reader = Reader(seconds=0.7)
    yield reader
    await reader.close()


async def test_every_sample_is_read_as_it_is_here(reader: Reader) -> None:
    assert len(SAMPLES) > 40
    for path in SAMPLES:
        mail = path.read_bytes()
        assert await reader.read(mail) == read_whole(mail), path.name
    surrogate = b"Subject: =?utf-8?q?=ED=A0=80?=\nFrom: a@b.example\n\n\x00\xed\xa0\x80"
    assert (await reader.read(surrogate)).from_address == "a@b.example"


async def test_what_ends_a_child_does_not_hold_up_the_next_mail(hostile: Reader) -> None:
    for word in ("HANG", "DIE", "FAT"):
        async with asyncio.timeout(5):
            with pytest.raises(NotRead):
                await hostile.read(Letter(text=word).bytes())
            assert (await hostile.read(Letter().bytes())).subject == "Where is my lamp?"


async def test_a_child_has_no_secrets_and_writes_no_files(
    hostile: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WISMO_SECRET_SOMETHING", "x")
    assert "WISMO" not in (await hostile.read(Letter(text="ENV").bytes())).subject
    with pytest.raises(NotRead):
        await hostile.read(Letter(text=f"WRITE {tmp_path / 'file'}").bytes())
    assert (tmp_path / "file").stat().st_size == 0


async def test_without_processes_mail_waits(world: World, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_PROGRAM", "raise SystemExit(1)")
    mail = await store_mail(world.lumen, "ines@example.com", HELP, Letter().bytes())
    with pytest.raises(Unavailable):
        await receive(mail.id, Means(secret=SECRET, reader=reader))
    assert (await IncomingMail.get(id=mail.id)).tries == 0


async def test_a_waiting_reader_that_is_told_to_stop_ends_its_child(hostile: Reader) -> None:
    task = asyncio.ensure_future(hostile.read(Letter(text="HANG").bytes()))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not hostile._idle


async def unread(world: World, hostile: Reader) -> IncomingMail:
    """A mail that ends its reader; three times tried."""
    mail = await store_mail(world.lumen, "ines@example.com", HELP, Letter(text="DIE, order 1001").bytes())
    for _ in range(2):
        with pytest.raises(NotRead):
            await receive(mail.id, Means(secret=SECRET, reader=hostile))
        assert await Ticket.all().count() == 0
    await receive(mail.id, Means(secret=SECRET, reader=hostile))
    return await IncomingMail.get(id=mail.id)


async def test_what_cannot_be_read_three_times_reaches_a_person(world: World, hostile: Reader) -> None:
    mail = await unread(world, hostile)
    assert (mail.state, mail.tries, mail.headers["from"]) == ("quarantined", 3, "ines@example.com")
    assert (await Ticket.get()).subject == "Where is my lamp?"
    assert mail.public_id in (await Note.get()).text
    [shown] = await mails_for(world.omar, ["quarantined"])
    assert shown.public_id == mail.public_id
    assert await raw_mail(world.ada, mail.public_id) == Letter(text="DIE, order 1001").bytes()
    assert await AuditEntry.filter(action="mail.downloaded", subject=mail.public_id).exists()


async def test_reading_again_posts_what_is_new_once(world: World, hostile: Reader) -> None:
    mail = await unread(world, hostile)
    await re_process(world.ada, mail.public_id)
    assert (await Job.get(kind="mail.reread")).args == {"incoming_mail": mail.id, "person": False}
    for _ in range(2):
        await reread(mail.id, Means(secret=SECRET))
    assert [one.text for one in await Message.all().order_by("number")] == ["(no text)", "DIE, order 1001"]
    again = await IncomingMail.get(id=mail.id)
    assert (again.state, again.error, again.text) == ("posted", None, "DIE, order 1001\n")
    assert await Ticket.all().count() == 1


async def test_only_administrators_read_again_and_see_bytes(world: World, hostile: Reader) -> None:
    mail = await store_mail(world.lumen, "ines@example.com", HELP, Letter().bytes())
    for verb in (raw_mail, re_process):
        with pytest.raises(Forbidden):
            await verb(world.omar, mail.public_id)
        with pytest.raises(NotFound):
            await verb(world.wei, mail.public_id)  # of another shop
    await IncomingMail.filter(id=mail.id).update(state="duplicate")
    with pytest.raises(Conflict):
        await re_process(world.ada, mail.public_id)


async def test_a_person_who_was_taken_for_a_machine_gets_a_ticket(world: World, tmp_path: Path) -> None:
    letter = Letter(extra="Precedence: bulk\n")
    mail = await store_mail(world.lumen, "ines@example.com", HELP, letter.bytes())
    context = JobContext(Settings(data_dir=tmp_path), RecordingMailer(), Shelf(own_rulebook()))
    await receive(mail.id, Means(secret=SECRET))
    await reread_mail({"incoming_mail": mail.id, "person": False}, context)
    assert (await IncomingMail.get(id=mail.id)).state == "machine"
    await reread_mail({"incoming_mail": mail.id, "person": True}, context)
    assert (await IncomingMail.get(id=mail.id)).state == "posted"
    assert await Ticket.all().count() == 1
    assert await Job.filter(kind="mail.send").count() == 0, "no automatic answer"


async def test_a_mail_whose_job_is_given_up_reaches_a_person(world: World, tmp_path: Path) -> None:
    mail = await store_mail(world.lumen, "ines@example.com", HELP, Letter().bytes())
    context = JobContext(Settings(data_dir=tmp_path), RecordingMailer(), Shelf(own_rulebook()))
    await give_up_mail({"incoming_mail": mail.id}, context)
    assert (await IncomingMail.get(id=mail.id)).state == "quarantined"
    assert await Ticket.all().count() == 1
