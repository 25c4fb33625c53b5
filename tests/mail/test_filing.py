"""Files of mails become files of messages; what was read of a mail stands beside it; one letter is one message."""

import asyncio
import errno
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from app.files import storage
from app.files.intake import Intake
from app.files.storage import FolderStorage
from app.mail.arriving.filing import MAX_FILE
from app.mail.arriving.receiving import PATIENCE, Means, receive
from app.mail.arriving.storing import store_mail
from app.mail.models import IncomingMail
from conversations.attachments import attachment_for
from conversations.models import Attachment, Message
from core.clock import FrozenClock
from core.errors import NotFound, Unavailable
from tests.people import World
from tickets.models import Ticket

SECRET = b"secret"
HELP = "help@lumen.example"


@pytest.fixture
def files(tmp_path: Path) -> Intake:
    return Intake(FolderStorage(tmp_path / "files"), MAX_FILE)


def found(files: Intake) -> list[str]:
    assert isinstance(files.storage, FolderStorage)
    return [path.name for path in files.storage.folder.rglob("*") if path.is_file()]


def photo() -> bytes:
    box = BytesIO()
    Image.new("RGB", (60, 40), (200, 0, 0)).save(box, "JPEG")
    return box.getvalue()


def letter(*, header_id: str = "<files@example.com>") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Cc"] = "Ines <ines@example.com>", "Lumen <help@lumen.example>", "a@b.example"
    mail["Subject"], mail["Message-ID"] = "Broken lamp", header_id
    mail["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    mail.set_content("It is broken, see the photo.\n\n> What is wrong?\n")
    return mail


async def arrive(world: World, mail: EmailMessage | bytes, files: Intake, recipient: str = HELP) -> IncomingMail:
    content = mail if isinstance(mail, bytes) else mail.as_bytes()
    stored = await store_mail(world.lumen, "ines@example.com", recipient, content)
    await receive(stored.id, Means(secret=SECRET, files=files))
    return await IncomingMail.get(id=stored.id)


async def test_files_of_a_mail_are_files_of_its_message(world: World, files: Intake) -> None:
    mail = letter()
    mail.add_attachment(photo(), maintype="image", subtype="jpeg", filename="..\\..\\lamp.jpg")
    mail.add_attachment(b"%PDF-1.7\n bill", maintype="application", subtype="octet-stream", filename="bill.pdf")
    mail.add_attachment(b"MZ program", maintype="application", subtype="pdf", filename="bill.pdf.exe")
    await arrive(world, mail, files)
    rows = await Attachment.all().order_by("id")
    assert [(row.name, row.media_type, row.state, row.refusal) for row in rows] == [
        ("lamp.jpg", "image/jpeg", "ready", None),
        ("bill.pdf", "application/pdf", "ready", None),
        ("bill.pdf.exe", "application/octet-stream", "refused", "file_executable"),
    ]
    message = await Message.get()
    assert {row.message_id for row in rows} == {message.id}
    assert [(file["name"], file.get("refusal")) for file in message.attachments][-1] == (
        "bill.pdf.exe",
        "file_executable",
    )
    assert (await attachment_for(world.omar, rows[0].public_id)).width == 60
    with pytest.raises(NotFound):
        await attachment_for(world.omar, rows[2].public_id)
    assert len(found(files)) == 3  # the photo, its thumbnail, the bill


async def test_only_what_the_html_shows_is_inline(world: World, files: Intake) -> None:
    mail = letter()
    mail.add_alternative('<p>See <img src="cid:logo@x"></p>', subtype="html")
    for name in ("logo@x", "other@x"):
        mail.add_attachment(photo(), maintype="image", subtype="jpeg", cid=f"<{name}>")
    await arrive(world, mail, files)
    assert [(row.name, row.content_id) for row in await Attachment.all().order_by("id")] == [
        ("image.jpg", "logo@x"),
        ("image.jpg", None),
    ]
    assert [file.get("inline") for file in (await Message.get()).attachments] == [True, None]


async def test_what_was_read_stands_beside_the_mail(world: World, files: Intake) -> None:
    mail = await arrive(world, letter(), files)
    assert mail.headers == {
        "from": "ines@example.com",
        "from_name": "Ines",
        "reply_to": [],
        "to": [["Lumen", "help@lumen.example"]],
        "cc": [["", "a@b.example"]],
        "subject": "Broken lamp",
        "date": "2026-03-02T09:00:00+00:00",
        "in_reply_to": [],
        "kind": "",
        "invitation": None,
        "remote_images": 0,
        "trackers": 0,
    }
    assert "> What is wrong?" in (mail.text or "")


@pytest.mark.usefixtures("both_databases")
async def test_one_letter_on_two_ways_at_once_is_one_message(world: World, files: Intake) -> None:
    mail = letter()
    mail.add_attachment(photo(), maintype="image", subtype="jpeg", filename="lamp.jpg")
    plain = mail.as_bytes()
    other = b"Received: by elsewhere\r\n" + plain.replace(b"\n", b"\r\n").replace(b"7bit", b"8bit")
    stored = [
        await store_mail(world.lumen, "ines@example.com", HELP, plain),
        await store_mail(world.lumen, "bounces@list.example", "Help+orders@lumen.example", other),
    ]
    await asyncio.gather(*(receive(one.id, Means(secret=SECRET, files=files)) for one in stored))
    states = [(await IncomingMail.get(id=one.id)).state for one in stored]
    assert sorted(states) == ["duplicate", "posted"]
    assert await Message.all().count() == await Ticket.all().count() == await Attachment.all().count() == 1
    assert len(found(files)) == 2  # nothing is left of the second


async def test_programs_that_use_one_message_id_for_all(world: World, files: Intake) -> None:
    first, second = letter(), letter()
    second.replace_header("Date", "Mon, 02 Mar 2026 10:00:01 +0100")
    assert [(await arrive(world, mail, files)).state for mail in (first, second)] == ["posted", "posted"]
    for mail, number in ((first, 1), (second, 2)):  # pictures that lie elsewhere, and nothing else
        mail.set_content(f'<img src="https://shop.example/{number}.png">', subtype="html")
    second.replace_header("Date", str(first["Date"]))
    assert [(await arrive(world, mail, files)).state for mail in (first, second)] == ["posted", "posted"]


async def test_without_a_message_id_the_date_tells_letters_apart(world: World, files: Intake) -> None:
    first, second = letter(), letter()
    del first["Message-ID"], second["Message-ID"]
    assert (await arrive(world, first, files)).state == "posted"
    assert (await arrive(world, first, files, "help+x@lumen.example")).state == "duplicate"
    second.replace_header("Date", "Mon, 02 Mar 2026 10:00:01 +0100")
    assert (await arrive(world, second, files)).state == "posted"


async def test_a_full_disk_delays_a_mail_and_then_only_its_files(
    world: World, files: Intake, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(storage.FolderStorage, "_keep", full)
    mail = letter()
    mail.add_attachment(b"%PDF-1.7\n bill", maintype="application", subtype="pdf", filename="bill.pdf")
    stored = await store_mail(world.lumen, "ines@example.com", HELP, mail.as_bytes())
    with pytest.raises(Unavailable):
        await receive(stored.id, Means(secret=SECRET, files=files))
    assert await Message.all().count() == 0
    clock.advance(PATIENCE)
    await receive(stored.id, Means(secret=SECRET, files=files))
    assert (await Attachment.get()).refusal == "storage_full"
    assert found(files) == []
