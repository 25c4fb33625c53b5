"""What the desk says leaves as mail in the right thread, and nothing a stranger wrote becomes a header."""

import email
import email.policy
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.files.storage import FolderStorage
from app.mail.leaving.addressing import Addressing
from app.mail.leaving.composing import Enclosure, Envelope, Mailbox, compose, reply_subject
from app.mail.leaving.letters import Letter as Written
from app.mail.leaving.letters import write_letter
from app.mail.leaving.replying import reply
from app.mail.leaving.writing import queue_letter
from app.mail.models import OutgoingMail
from app.mail.reading.parsing import parse
from conversations.attachments import KeptFile, register
from conversations.models import Conversation, Message
from conversations.posting import post
from core.clock import FrozenClock, now
from core.errors import Invalid
from core.ids import new_unguessable_id
from core.jobs import Job
from core.people import BOT, SYSTEM, Actor
from orders.models import Order
from tests.mail.conftest import Letter, code_for
from tests.mail.test_receiving import HELP, SECRET, arrive, opened, plain
from tests.people import World, chat, make_order
from tickets.models import TicketLink


async def say(world: World, text: str, *, client_id: str = "o1") -> Message:
    conversation = await Conversation.get()
    return await post(conversation.id, Actor.of(world.omar), text, client_id=client_id, channel="email")


async def test_an_agents_reply(world: World, clock: FrozenClock) -> None:
    await arrive(world.lumen, Letter(subject="Re: AW: Where is my lamp?", extra="References: <zero@example.com>\n"))
    message = await say(world, "It left Hamburg <today> & arrives on Friday.")
    mail = await reply(message.id, SECRET)
    assert mail is not None
    assert (mail.recipient, mail.message_id, mail.state) == ("ines@example.com", message.id, "queued")
    headers = opened(mail)
    assert headers["From"] == "Omar (Lumen) <help@lumen.example>".replace("Omar (Lumen)", '"Omar (Lumen)"')
    assert headers["To"] == "Ines <ines@example.com>"
    assert headers["Subject"] == "Re: Where is my lamp?"
    assert headers["In-Reply-To"] == "<first@example.com>"
    acknowledgement = await OutgoingMail.filter(message_id=None).get()
    assert headers["References"] == f"<{acknowledgement.header_id}> <first@example.com>"
    assert headers["Auto-Submitted"] is None
    assert headers.get_content_type() == "multipart/alternative"
    assert plain(mail).startswith("It left Hamburg <today> & arrives on Friday.\n")
    html = headers.get_body(("html",))
    assert html is not None
    assert "It left Hamburg &lt;today&gt; &amp; arrives on Friday." in html.get_content()
    job = await Job.get(key=f"mail.send:{mail.id}")
    assert job.max_attempts == 60


async def test_a_repeated_job_writes_one_mail(world: World) -> None:
    await arrive(world.lumen, Letter())
    message = await say(world, "It left.")
    first, second = await reply(message.id, SECRET), await reply(message.id, SECRET)
    assert first is not None
    assert second is not None
    assert first.id == second.id
    assert await OutgoingMail.filter(message_id=message.id).count() == 1


async def test_each_mail_of_a_thread_names_the_one_before(world: World) -> None:
    await arrive(world.lumen, Letter())
    first = await reply((await say(world, "One moment.")).id, SECRET)
    second = await reply((await say(world, "It left.", client_id="o2")).id, SECRET)
    assert first is not None
    assert second is not None
    assert f"<{first.header_id}>" in opened(second)["References"]
    assert opened(second)["In-Reply-To"] == "<first@example.com>"


async def test_the_order_stands_in_the_letter_for_whom_it_belongs_to(world: World) -> None:
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    await arrive(world.lumen, Letter())
    await Conversation.all().update(order_id=order.id)
    mail = await reply((await say(world, "It left.")).id, SECRET)
    assert mail is not None
    assert "Order #1001: " in plain(mail)
    html = opened(mail).get_body(("html",))
    assert html is not None
    assert "Order #1001: " in html.get_content()
    copied = Addressing(to=(Mailbox("", "ines@example.com"),), cc=(Mailbox("", "ben@example.net"),))
    for client_id, choice, email_of_order in [("o2", copied, "ines@example.com"), ("o3", None, "other@example.com")]:
        await Order.filter(id=order.id).update(email=email_of_order)
        conversation, data = await Conversation.get(), choice.as_data() if choice else None
        message = await post(
            conversation.id, Actor.of(world.omar), "Yes.", client_id=client_id, channel="email", addressing=data
        )
        mail = await reply(message.id, SECRET)
        assert mail is not None
        assert "Order #1001" not in plain(mail)


async def test_the_order_that_the_desk_has_confirmed_on_the_ticket(world: World) -> None:
    await make_order(world.lumen, "#1001", email="ines@example.com")
    await arrive(world.lumen, Letter())
    first = await reply((await say(world, "One moment.")).id, SECRET)
    await TicketLink.all().update(confirmed=True)
    second = await reply((await say(world, "It left.", client_id="o2")).id, SECRET)
    assert first is not None
    assert second is not None
    assert "Order #1001" not in plain(first)
    assert "Order #1001: " in plain(second)


async def test_the_systems_words_are_marked_as_automatic(world: World) -> None:
    await arrive(world.lumen, Letter())
    conversation = await Conversation.get()
    message = await post(conversation.id, SYSTEM, "Your parcel has left.", client_id="n1", channel="email")
    mail = await reply(message.id, SECRET)
    assert mail is not None
    assert opened(mail)["Auto-Submitted"] == "auto-replied"
    assert opened(mail)["From"] == "Lumen <help@lumen.example>"


async def test_chats_and_customers_send_no_mail(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    said = await post(talk.id, BOT, "Hello", client_id="b1")
    assert await reply(said.id, SECRET) is None
    await arrive(world.lumen, Letter())
    asked = await Message.get(author_kind="customer")
    assert await reply(asked.id, SECRET) is None
    assert await reply(10**9, SECRET) is None


HOSTILE = [
    "x\r\nBcc: all@example.com",
    "x\nBcc: all@example.com",
    "x\rBcc: y",
    "x\x00y",
    "=?utf-8?Q?x=0ABcc=3A_y?=",
    "x\u2028Bcc: y",
    "x\x85Bcc: y",
    "<a@b.c>, z@b.c",
]
PLAIN = ["From", "To", "Reply-To", "Subject", "Date", "Message-ID", "References", "Content-Type", "MIME-Version"]
HEADERS = sorted([*PLAIN, "Auto-Submitted", "X-Auto-Response-Suppress"])


@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_becomes_a_header(words: str) -> None:
    envelope = Envelope(
        from_address=HELP,
        from_name=words,
        to=[Mailbox(words, "ines@example.com")],
        reply_to="help+x@lumen.example",
        message_id="own@lumen.example",
        date=now(),
        in_reply_to=words,
        references=[words, "fine@example.com", "a>\r\nBcc: y"],
        automatic="auto-replied",
    )
    content = compose(Written(words, words, "<p>x</p>"), envelope)
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert sorted(message.keys()) == HEADERS
    assert [address.addr_spec for address in message["To"].addresses] == ["ines@example.com"]
    assert message["References"] == "<fine@example.com>"
    assert b"\r\nBcc" not in content.partition(b"\r\n\r\n")[0]


ANY = st.text(max_size=400) | st.sampled_from(HOSTILE).map(lambda words: words * 30)


@settings(max_examples=40, deadline=None)
@given(st.lists(ANY, min_size=9, max_size=9), st.binary(max_size=50))
def test_whatever_is_written_the_headers_are_ours(words: list[str], content: bytes) -> None:
    ben = Mailbox(words[0], "ben@例子.example")
    envelope = Envelope(
        from_address=HELP,
        from_name=words[1],
        to=[Mailbox(words[2], "ines@example.com"), ben],
        cc=[Mailbox(words[3], "lin@example.com")],
        reply_to="help+x@lumen.example",
        message_id="own@lumen.example",
        date=now(),
        in_reply_to=words[4],
        references=[words[5], "fine@example.com"] * 30,
        automatic="auto-generated",
        unsubscribe=words[6],
    )
    text = words[7].encode("utf-8", "replace").decode()
    file = Enclosure(name=words[8], media_type="application/octet-stream", content=content)
    picture = Enclosure(name=words[8], media_type="image/png", content=content, content_id="p1@lumen.example")
    raw = compose(Written(words[0], text, f"<p>{text}</p>"), envelope, [file, picture])
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert set(message.keys()) <= {*HEADERS, "Cc", "In-Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post"}
    assert len(message.keys()) == len(set(message.keys()))
    assert [box.addr_spec for box in message["To"].addresses] == ["ines@example.com", "ben@xn--fsqu00a.example"]
    assert [box.addr_spec for box in message["Cc"].addresses] == ["lin@example.com"]
    assert [box.addr_spec for box in message["From"].addresses] == [HELP]
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert not message.defects
    [attached] = [part for part in message.walk() if part.get_content_disposition() == "attachment"]
    assert attached.get_content() == content


@pytest.mark.parametrize("address", ["", "x", "a@b.c, d@e.f", "a@b.c\r\nBcc: d@e.f", "<a@b.c>", "a b@c.d", "a@b@c"])
async def test_what_is_no_address_gets_no_mail(world: World, address: str) -> None:
    with pytest.raises(Invalid):
        await queue_letter(code_for(world.lumen, address, "k"), secret=SECRET)
    assert await OutgoingMail.all().count() == 0


def test_subjects() -> None:
    assert reply_subject("Re: RE: 回复：灯在哪里") == "Re: 灯在哪里"
    assert reply_subject("Returns?") == "Re: Returns?"
    assert reply_subject("Re:") == "Re:"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_letters_are_written_in_both_languages(language: str) -> None:
    contexts: dict[str, dict[str, object]] = {
        "code": {"code": "123456", "minutes": 10},
        "acknowledgement": {"ticket": 1042, "by": now(), "timezone": "Asia/Shanghai"},
        "reply": {"text": "{{ 7919 * 7907 }} <b>", "author": "Omar", "subject": ""},
    }
    for template, context in contexts.items():
        letter = write_letter(template, {"shop": "Lumen & Co"} | context, language)
        assert "Lumen & Co" in letter.text
        assert "Lumen &amp; Co" in letter.html
        assert str(7919 * 7907) not in letter.text
        assert "<img" not in letter.html
    assert "123456" not in write_letter("code", {"shop": "Lumen"} | contexts["code"], language).subject


async def test_pictures_stand_under_the_words(world: World, tmp_path: Path) -> None:
    await arrive(world.lumen, Letter())
    conversation, storage, agent = await Conversation.get(), FolderStorage(tmp_path / "files"), Actor.of(world.omar)
    names = []
    sizes: list[tuple[str, str, int | None, int | None]] = [
        ("label & more.png", "image/png", 1180, 400),
        ("phone.jpg", "image/jpeg", 1080, 2400),
        ("icon.png", "image/png", 40, 40),
        ("new.webp", "image/webp", 60, 60),  # Outlook would show an empty frame
        ("bill.pdf", "application/pdf", None, None),
    ]
    for name, kind, width, height in sizes:
        key = new_unguessable_id("att")
        async with storage.room() as room:
            room.path("x").write_bytes(name.encode())
            await storage.keep(room.path("x"), key)
        kept = KeptFile(public_id=key, name=name, media_type=kind, size=9, sha256="0" * 64, width=width, height=height)
        await register(world.lumen.id, agent, kept, conversation_id=conversation.id)
        names.append(key)
    message = await post(conversation.id, agent, "Here it is", client_id="p", channel="email", attachments=names)
    mail = await reply(message.id, SECRET, storage)
    assert mail is not None
    [alternative, *files] = opened(mail).iter_parts()
    assert [part.get_filename() for part in files] == ["new.webp", "bill.pdf"]
    [text, related] = alternative.iter_parts()
    assert (related.get_content_type(), related.get_param("type")) == ("multipart/related", "text/html")
    [html, *pictures] = related.iter_parts()
    assert [part.get_content() for part in pictures] == [b"label & more.png", b"phone.jpg", b"icon.png"]
    assert {part.get_content_disposition() for part in pictures} == {"inline"}
    shown = re.findall(r'<img src="cid:([^"]+)" alt="([^"]+)" width="(\d+)"', html.get_content())
    assert [(f"<{cid}>", alt, int(width)) for cid, alt, width in shown] == [
        (part["Content-ID"], alt, width)
        for part, alt, width in zip(
            pictures, ["label &amp; more.png", "phone.jpg", "icon.png"], [552, 324, 40], strict=True
        )
    ]
    assert "[Picture: label & more.png]" in text.get_content()
    assert not any(key in mail.content.decode() for key in names)
    assert parse(mail.content).text.startswith("Here it is")
