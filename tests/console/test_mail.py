"""Mail at the desk: what the thread says of it, and the original in a frame that nothing leaves."""

import asyncio
import html
import io
import re
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.applications import Starlette

from app.files.intake import Intake
from app.files.storage import FolderStorage
from app.gateways.remote_pictures import RemotePictures
from app.mail.arriving.noting import note_what_was_read
from app.mail.models import IncomingMail, OutgoingMail, OutgoingTry
from app.mail.reading.child import read_whole
from app.web.mail_invitation import invitation_card
from conversations.models import Attachment, Conversation, Message
from conversations.noting import add_note
from conversations.opening import open_conversation
from conversations.posting import post
from core.audit import AuditEntry
from core.clock import now
from core.ids import new_id, new_unguessable_id
from core.jobs import Job
from core.people import Actor
from tests.console.conftest import Browser
from tests.people import World

pytestmark = pytest.mark.anyio
OpenBrowser = Callable[..., Awaitable[Browser]]
SUBJECT = "A lamp <i>late</i>"
LETTER = """From: "Ines <b>Bold</b>" <ines@example.com>
Reply-To: boss@elsewhere.example
To: Lumen <help@lumen.example>, Omar <omar@friends.example>
Cc: <mum@example.com>
Subject: {subject}
Date: Mon, 2 Mar 2026 10:00:00 +0100
Message-ID: <{key}@example.com>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=cut

--cut
Content-Type: text/plain; charset=utf-8

Where is my lamp?

On Sun, 1 Mar 2026, Lumen <help@lumen.example> wrote:
> Thank you for your order 1001. We pack it with care.
--cut
Content-Type: text/html; charset=utf-8

<p style="color:#0b6a62">Where is my lamp?</p><script>alert(1)</script>
<img src="cid:photo@x" alt="The box"><img src="https://cdn.example/logo.png" alt="Logo">
<img src="https://t.example/1" height="1">
<blockquote>Thank you for your order 1001.</blockquote>
--cut--
"""


async def arrive(world: World, *, subject: str = SUBJECT, **columns: Any) -> IncomingMail:
    """A mail of Ines that became a message of a conversation, as the mail room leaves it."""
    conversation = await open_conversation(
        world.lumen, world.ines, channel="email", language="en", subject="A lamp <i>late</i>"
    )
    number = await IncomingMail.all().count()
    raw = LETTER.format(subject=subject, key=number).replace("\n", "\r\n").encode()
    parsed = read_whole(raw)
    message = await post(
        conversation.id, Actor.of(world.ines), parsed.reply_text, client_id=f"mail:{number}", channel="email"
    )
    mail = IncomingMail(
        public_id=new_id("mli"),
        digest=f"{number}",
        sender="ines@example.com",
        recipient="help@lumen.example",
        content=raw,
        state="posted",
        received_at=now(),
        shop=world.lumen,
        conversation_id=conversation.id,
        message_id=message.id,
    )
    note_what_was_read(mail, parsed, ())
    mail.update_from_dict(columns)
    await mail.save()
    return mail


@pytest.fixture
async def shop_pictures() -> AsyncIterator[str]:
    """A web server that answers everything with a picture; its address."""
    drawn = io.BytesIO()
    Image.new("RGB", (4, 4), "teal").save(drawn, "PNG")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        content = drawn.getvalue()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: %d\r\n\r\n" % len(content))
        writer.write(content)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def picture_of(mail: IncomingMail, content_id: str) -> Attachment:
    message = await Message.get(id=mail.message_id)
    return await Attachment.create(
        public_id=new_unguessable_id("att"),
        shop_id=mail.shop_id,
        conversation_id=mail.conversation_id,
        message=message,
        uploader_kind="customer",
        uploader_id=message.author_id,
        name="photo.png",
        media_type="image/png",
        size=10,
        width=300,
        height=200,
        sha256="0" * 64,
        content_id=content_id,
        created_at=now(),
    )


async def thread_of(browser: Browser, mail: IncomingMail) -> str:
    conversation = await Conversation.get(id=mail.conversation_id)
    return (await browser.get(f"/console/conversations/{conversation.public_id}")).text


async def test_a_mail_says_from_whom_to_whom_and_who_vouches(world: World, open_browser: OpenBrowser) -> None:
    mail = await arrive(world, sender_check="fail", subject="Another matter")
    page = await thread_of(await open_browser(world.omar), mail)
    assert "Ines &lt;b&gt;Bold&lt;/b&gt;" in page
    assert "&lt;ines@example.com&gt;" in page
    assert "to us and 2 more" in page
    assert "mum@example.com" in page
    assert "Another matter" in page
    assert "The sender may be forged" in page
    assert "Wants replies at a different address" in page
    assert "boss@elsewhere.example" in page
    assert "<b>Bold</b>" not in page


async def test_the_subject_is_said_only_where_it_changes(world: World, open_browser: OpenBrowser) -> None:
    same, other = await arrive(world, subject=f"回复：Re: {SUBJECT}"), await arrive(world, subject="Other")
    browser = await open_browser(world.omar)
    assert 'class="mail-subject"' not in await thread_of(browser, same)
    assert 'class="mail-subject"' in await thread_of(browser, other)


async def test_the_original_and_the_whole_text_are_one_click_away(world: World, open_browser: OpenBrowser) -> None:
    mail = await arrive(world)
    browser = await open_browser(world.omar)
    page = await thread_of(browser, mail)
    assert f'src="/console/mails/{mail.public_id}/body"' in page
    assert f'src="/console/mails/{mail.public_id}/body?text"' in page
    assert "1 remote picture isn" in page
    assert "We pack it with care" not in page
    assert "We pack it with care" in (await browser.get(f"/console/mails/{mail.public_id}/body?text")).text


async def test_the_body_is_a_page_in_which_nothing_runs(world: World, open_browser: OpenBrowser) -> None:
    mail = await arrive(world)
    photo = await picture_of(mail, "Photo@x")
    answer = await (await open_browser(world.omar)).get(f"/console/mails/{mail.public_id}/body")
    policy = answer.headers["content-security-policy"]
    for rule in ("default-src 'none'", "img-src 'self' data:", "form-action 'none'", "base-uri 'none'"):
        assert rule in policy
    assert "sandbox allow-same-origin allow-popups" in policy
    assert "allow-scripts" not in policy
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "alert" not in answer.text
    assert f'<img src="/files/{photo.public_id}/picture" alt="The box">' in answer.text
    assert '<img alt="Logo">' in answer.text
    assert "cdn.example" not in answer.text


async def test_other_shops_agents_find_nothing(world: World, open_browser: OpenBrowser) -> None:
    mail, machine = await arrive(world), await arrive(world, conversation_id=None, message_id=None, state="machine")
    stranger, agent, admin = (
        await open_browser(world.wei),
        await open_browser(world.omar),
        await open_browser(world.ada),
    )
    for name in (mail.public_id, "mli_0", "%00", "x" * 300):
        assert (await stranger.get(f"/console/mails/{name}/body")).status_code == 404
    assert (await agent.get(f"/console/mails/{machine.public_id}/body")).status_code == 404
    assert (await admin.get(f"/console/mails/{machine.public_id}/body")).status_code == 200
    assert (await (await open_browser()).get(f"/console/mails/{mail.public_id}/body")).status_code == 303


async def test_pictures_from_elsewhere_come_through_us_and_only_when_asked_for(
    world: World, open_browser: OpenBrowser, desk: Starlette, tmp_path: Path, shop_pictures: str
) -> None:
    desk.state.remote_pictures = RemotePictures(private=True)
    desk.state.files = Intake(FolderStorage(tmp_path / "files"), 1 << 20)
    mail = await arrive(world, html=f'<img src="remote:{shop_pictures}/logo.png" alt="Logo">')
    path, browser = f"/console/mails/{mail.public_id}/body", await open_browser(world.omar)
    assert "src=" not in (await browser.get(path)).text
    assert "src=" not in (await browser.get(f"{path}?pictures", **{"sec-fetch-site": "cross-site"})).text
    shown = (await browser.get(f"{path}?pictures", **{"sec-fetch-site": "same-origin"})).text
    [address] = re.findall(r'<img src="([^"]+)"', shown)
    answer = await browser.get(html.unescape(address))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content.startswith(b"\x89PNG")
    for broken in (
        html.unescape(address)[:-1] + "x",
        address.partition("&amp;s=")[0],
        address.replace("logo", "other"),
    ):
        assert (await browser.get(html.unescape(broken))).status_code == 404
    assert (await (await open_browser(world.wei)).get(html.unescape(address))).status_code == 404


async def test_a_sender_whose_pictures_are_always_shown(world: World, open_browser: OpenBrowser) -> None:
    mail, forged = await arrive(world), await arrive(world, sender_check="fail")
    browser = await open_browser(world.omar)
    assert "Always from this sender" in await thread_of(browser, mail)
    answer = await browser.post(f"/console/mails/{mail.public_id}/trust", show="1")
    assert answer.status_code == 303
    assert "cdn.example" in (await browser.get(f"/console/mails/{mail.public_id}/body")).text
    assert "t.example" not in (await browser.get(f"/console/mails/{mail.public_id}/body")).text
    assert "cdn.example" not in (await browser.get(f"/console/mails/{forged.public_id}/body")).text
    assert "Always from this sender" not in await thread_of(browser, forged)
    assert "Pictures from this sender are shown" in await thread_of(browser, mail)
    await browser.post(f"/console/mails/{mail.public_id}/trust", show="0")
    assert "cdn.example" not in (await browser.get(f"/console/mails/{mail.public_id}/body")).text
    await (other := await open_browser(world.wei)).get("/console/account")
    assert (await other.post(f"/console/mails/{mail.public_id}/trust", show="1")).status_code == 404


async def test_mails_that_were_set_aside(world: World, open_browser: OpenBrowser) -> None:
    odd = await arrive(world, state="quarantined", error="too many parts", subject="<b>odd</b>")
    machine = await arrive(world, state="machine", conversation_id=None, message_id=None, sender="mailer@shop.example")
    sue = await open_browser(world.sue)
    page = (await sue.get("/console/mails")).text
    assert odd.public_id in page
    assert "&lt;b&gt;odd&lt;/b&gt;" in page
    assert "too many parts" in page
    assert machine.public_id not in page
    assert machine.public_id in (await sue.get("/console/mails?state=machine&q=MAILER")).text
    assert machine.public_id not in (await sue.get("/console/mails?state=machine&q=ines")).text
    assert (await sue.get(f"/console/mails/{machine.public_id}")).status_code == 200
    assert odd.public_id not in (await (await open_browser(world.ada)).get(f"/console/mails?before={odd.id}")).text
    assert (await (await open_browser(world.omar)).get("/console/mails")).status_code == 403


async def test_the_source_is_for_administrators_and_looking_is_noted(world: World, open_browser: OpenBrowser) -> None:
    mail = await arrive(world, content=LETTER.format(subject="x\u202ey", key=1).encode() + b"\xff\x00")
    path = f"/console/mails/{mail.public_id}"
    sue, ada = await open_browser(world.sue), await open_browser(world.ada)
    assert "Content-Type: multipart" not in (await sue.get(path)).text
    assert (await sue.get(f"{path}/raw")).status_code == 403
    assert await AuditEntry.filter(subject=mail.public_id).count() == 0
    page = (await ada.get(path)).text
    assert "Content-Type: multipart" in page
    assert "x\\u202ey" in page
    assert "&lt;script&gt;alert(1)" in page
    answer = await ada.get(f"{path}/raw")
    assert answer.content == bytes((await IncomingMail.get(id=mail.id)).content)
    assert answer.headers["content-disposition"] == f'attachment; filename="{mail.public_id}.eml"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")
    noted = await AuditEntry.filter(subject=mail.public_id).order_by("id")
    assert [entry.action for entry in noted] == ["mail.read", "mail.downloaded"]


async def test_a_mail_is_read_again(world: World, open_browser: OpenBrowser) -> None:
    mail = await arrive(world, state="machine", conversation_id=None, message_id=None)
    path = f"/console/mails/{mail.public_id}"
    ada, sue = await open_browser(world.ada), await open_browser(world.sue)
    assert "A person wrote this" in (await ada.get(path)).text
    assert (await ada.post(f"{path}/read", person="1")).headers["location"] == f"{path}?said=mail_reread"
    job = await Job.get(kind="mail.reread")
    assert job.args == {"incoming_mail": mail.id, "person": True}
    await sue.get("/console/account")
    assert (await sue.post(f"{path}/read")).status_code == 403


async def test_what_became_of_ours_and_sending_it_again(world: World, open_browser: OpenBrowser) -> None:
    mail = await arrive(world)
    assert mail.conversation_id is not None
    said = await post(mail.conversation_id, Actor.of(world.omar), "It comes.", client_id="say-1", channel="email")
    ours = await OutgoingMail.create(
        public_id=new_id("mlo"),
        header_id="1@lumen.example",
        key="reply:1",
        shop=world.lumen,
        conversation_id=mail.conversation_id,
        message_id=said.id,
        sender="help@lumen.example",
        recipient="ines@example.com",
        to=[["Ines", "ines@example.com"]],
        cc=[["", "mum@example.com"]],
        kind="reply",
        subject="Re: A lamp",
        content=b"x",
        state="failed",
        attempts=2,
        error="550 5.1.1 <i>no such user</i>",
        created_at=now(),
    )
    await OutgoingTry.create(mail=ours, outcome="deferred", detail="451 later", at=now())
    browser = await open_browser(world.omar)
    page = await thread_of(browser, mail)
    for words in (
        "to Ines and 1 more",
        "Not delivered",
        "This address does not exist",
        "&lt;i&gt;no such user",
        "451 later",
    ):
        assert words in page
    assert (await (other := await open_browser(world.wei)).get("/console/account")).status_code == 200
    assert (await other.post(f"/console/sent-mails/{ours.public_id}/retry")).status_code == 404
    await thread_of(browser, mail)
    assert (await browser.post(f"/console/sent-mails/{ours.public_id}/retry")).status_code == 303
    page = await thread_of(browser, mail)
    assert "Waiting to be sent" in page
    assert "Sent again by an agent" in page


async def test_all_files_of_a_mail_in_one_download(
    world: World, open_browser: OpenBrowser, desk: Starlette, tmp_path: Path
) -> None:
    storage = FolderStorage(tmp_path / "files")
    desk.state.files = Intake(storage, 1 << 20)
    mail = await arrive(world)
    path, browser = f"/console/mails/{mail.public_id}/files.zip", await open_browser(world.omar)
    assert (await browser.get(path)).status_code == 404
    for content in (b"one", b"two"):
        row = await picture_of(mail, "photo@x")
        (tmp_path / "new").write_bytes(content)
        await storage.keep(tmp_path / "new", row.public_id)
    await Attachment.filter(public_id=(await picture_of(mail, "x")).public_id).update(state="refused")
    answer = await browser.get(path)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "photo.png": b"one",
            "photo (2).png": b"two",
        }
    assert answer.headers["content-disposition"] == f'attachment; filename="{mail.public_id}.zip"'
    assert (await (await open_browser(world.wei)).get(path)).status_code == 404


@pytest.mark.parametrize(
    ("start", "end", "zone", "shown"),
    [
        ("2026-03-02T09:00:00+00:00", "2026-03-02T10:00:00+00:00", "", "Mon 2 Mar, 10:00 – 11:00"),
        ("2026-03-02T09:00:00", "", "Asia/Shanghai", "2026-03-02 09:00 (Asia/Shanghai)"),
        ("2026-03-02", "2026-03-02", "", "2 Mar 2026"),
        ("nonsense", "", "", ""),
    ],
)
def test_the_time_of_an_appointment(start: str, end: str, zone: str, shown: str) -> None:
    card = invitation_card({"summary": "Tea", "start": start, "end": end, "zone": zone}, "Europe/Berlin", "en")
    assert card is not None
    assert shown in card["time"] if shown else card["time"] == ""


async def test_an_invitation_is_a_card(world: World, open_browser: OpenBrowser) -> None:
    invitation = {
        "method": "request",
        "summary": "<b>Visit</b>",
        "location": "Shop",
        "guests": 2,
        "start": "2026-03-02",
    }
    mail = await arrive(world, headers={"from": "ines@example.com", "invitation": invitation, "kind": "encrypted"})
    page = await thread_of(await open_browser(world.omar), mail)
    for words in ("Invitation", "&lt;b&gt;Visit", "2 invited", "Encrypted"):
        assert words in page


async def test_a_note_about_a_mail_has_the_mail_beside_it(world: World, open_browser: OpenBrowser) -> None:
    mail = await arrive(world)
    answer = await arrive(world, conversation_id=mail.conversation_id, message_id=None)
    assert mail.conversation_id is not None
    await add_note(mail.conversation_id, None, "The warehouse answers:", f"mail:{answer.public_id}:answer")
    await add_note(mail.conversation_id, world.omar, "Thanks", "note-1")
    page = await thread_of(browser := await open_browser(world.omar), mail)
    assert page.count(f'src="/console/mails/{answer.public_id}/body"') == 1
    assert "Where is my lamp?" in (await browser.get(f"/console/mails/{answer.public_id}/body")).text
