"""A stored mail becomes a conversation, a message of an old one, or is set aside; once, and never in a wrong place."""

import email
import email.policy
from email.message import EmailMessage

import pytest

from app.mail.arriving import entering
from app.mail.arriving.receiving import Means, receive
from app.mail.arriving.storing import store_mail
from app.mail.leaving.replying import reply
from app.mail.models import IncomingMail, OutgoingMail
from app.mail.threading import mailbox_of, reply_address
from conversations.models import Conversation, Message, Note
from conversations.posting import post
from core.clock import FrozenClock
from core.jobs import Job
from core.people import Actor, Customer
from core.shops import Shop
from tests.mail.conftest import Letter
from tests.people import World, chat, make_order
from tickets.models import Ticket, TicketLink

on_both_databases = pytest.mark.usefixtures("both_databases")

SECRET = b"secret"
HELP = "help@lumen.example"


async def arrive(
    shop: Shop, letter: Letter | bytes, *, sender: str = "ines@example.com", recipient: str = HELP
) -> IncomingMail:
    """The letter comes through the door and is read."""
    content = letter.bytes() if isinstance(letter, Letter) else letter
    mail = await store_mail(shop, sender, recipient, content)
    await receive(mail.id, Means(secret=SECRET))
    return await IncomingMail.get(id=mail.id)


def opened(mail: OutgoingMail) -> EmailMessage:
    message = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def plain(mail: OutgoingMail) -> str:
    body = opened(mail).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@on_both_databases
async def test_a_first_mail_opens_a_conversation_a_ticket_and_is_acknowledged(world: World, clock: FrozenClock) -> None:
    order = await make_order(world.lumen, "#1001", email="ines@example.com")
    mail = await arrive(world.lumen, Letter())
    conversation = await Conversation.get().select_related("customer")
    assert (mail.state, mail.conversation_id, mail.header_id) == ("posted", conversation.id, "first@example.com")
    assert (conversation.channel, conversation.handler, conversation.subject) == ("email", "queue", "Where is my lamp?")
    assert conversation.customer.email == "ines@example.com"
    assert (
        conversation.customer_id != world.ines.id
    )  # a chat visitor typed that address; a mail does not make it theirs
    message = await Message.get()
    assert (message.text, message.author_kind, message.channel) == (
        "Hello, where is my order 1001?",
        "customer",
        "email",
    )
    ticket = await Ticket.get()
    assert (ticket.kind, ticket.opened_by, ticket.subject) == ("question", "mail", "Where is my lamp?")
    link = await TicketLink.get()
    assert (link.order_id, link.source, link.confirmed) == (order.id, "mail", False)

    letter = await OutgoingMail.get()
    assert letter.recipient == "ines@example.com"
    headers = opened(letter)
    assert headers["In-Reply-To"] == "<first@example.com>"
    assert headers["Auto-Submitted"] == "auto-replied"
    assert headers["Message-ID"] == f"<{letter.header_id}>"
    text = plain(letter)
    assert str(ticket.number) in text
    assert "Mon 2 Mar, 10:00" in text
    assert "lamp" not in letter.content.decode()  # none of the sender's words: we are no relay for them
    assert await Job.filter(kind="mail.send").count() == 1


async def test_nothing_is_shown_backwards(world: World) -> None:
    backwards = "\u202eenohp ruoy tset"
    mail = await arrive(world.lumen, Letter(subject=f"Please {backwards}", text=f"Hello {backwards}"))
    assert (await Ticket.get()).subject == "Please enohp ruoy tset"
    assert (await Message.get()).text == (mail.text or "").strip() == "Hello enohp ruoy tset"
    assert mail.headers is not None
    assert mail.headers["subject"] == "Please enohp ruoy tset"


async def test_a_chinese_mail_is_answered_in_chinese(world: World) -> None:
    letter = Letter(
        sender="林 <lin@example.com>", to="help@chaye.example", subject="我的订单呢", text="请问订单1001到哪了？"
    )
    await arrive(world.chaye, letter, sender="lin@example.com", recipient="help@chaye.example")
    assert (await Conversation.get()).language == "zh"
    assert (await Message.get()).text == "请问订单1001到哪了？"
    html = opened(await OutgoingMail.get()).get_body(("html",))
    assert html is not None
    assert 'lang="zh-Hans"' in html.get_content()


@on_both_databases
async def test_a_repeated_job_posts_once(world: World) -> None:
    mail = await arrive(world.lumen, Letter())
    for _ in range(3):
        await receive(mail.id, Means(secret=SECRET))
    assert await Message.all().count() == 1


@on_both_databases
async def test_dying_in_the_middle_leaves_nothing_behind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = await store_mail(world.lumen, "ines@example.com", HELP, Letter().bytes())

    async def die(*args: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(entering, "acknowledge", die)
        with pytest.raises(RuntimeError):
            await receive(mail.id, Means(secret=SECRET))
    assert await Conversation.all().count() == await Message.all().count() == await Ticket.all().count() == 0
    await receive(mail.id, Means(secret=SECRET))
    assert await Conversation.all().count() == await Message.all().count() == await Ticket.all().count() == 1


async def answered(world: World) -> OutgoingMail:
    """Ines wrote, Omar answered; the mail to her."""
    await arrive(world.lumen, Letter())
    conversation = await Conversation.get()
    message = await post(conversation.id, Actor.of(world.omar), "It left Hamburg.", client_id="o1", channel="email")
    mail = await reply(message.id, SECRET)
    assert mail is not None
    return mail


@on_both_databases
async def test_an_answer_to_our_mail_joins_its_conversation_by_reply_address(world: World) -> None:
    ours = opened(await answered(world))
    reply_to = ours["Reply-To"].addresses[0].addr_spec
    assert mailbox_of(reply_to) == HELP
    text = "Thanks!\n\nOn Mon, 2 Mar 2026 at 10:00, Omar <help@lumen.example> wrote:\n> It left Hamburg."
    mail = await arrive(world.lumen, Letter(text=text, header_id="second@example.com"), recipient=reply_to)
    assert mail.state == "posted"
    assert [message.text for message in await Message.all().order_by("number")][-1] == "Thanks!"
    assert await Conversation.all().count() == await Ticket.all().count() == 1


async def test_an_answer_to_our_mail_joins_its_conversation_by_message_id(world: World) -> None:
    ours = await answered(world)
    letter = Letter(text="Thanks!", header_id="second@example.com", extra=f"In-Reply-To: <{ours.header_id}>\n")
    assert (await arrive(world.lumen, letter)).state == "posted"
    assert await Conversation.all().count() == 1


@pytest.mark.parametrize("sender", ["eve@example.com", "Ines <eve@example.com>"])
async def test_a_stranger_with_a_stolen_token_begins_a_new_conversation(world: World, sender: str) -> None:
    ours = await answered(world)
    reply_to = opened(ours)["Reply-To"].addresses[0].addr_spec
    letter = Letter(sender=sender, extra=f"In-Reply-To: <{ours.header_id}>\n", header_id="eve@example.com")
    await arrive(world.lumen, letter, sender="eve@example.com", recipient=reply_to)
    conversations = await Conversation.all().order_by("id").select_related("customer")
    assert [conversation.customer.email for conversation in conversations] == ["ines@example.com", "eve@example.com"]
    assert await Message.filter(conversation_id=conversations[0].id, author_kind="customer").count() == 1


async def test_a_forged_sender_without_a_token_begins_a_new_conversation(world: World) -> None:
    await answered(world)
    letter = Letter(subject="Re: Where is my lamp?", text="Send it to me.", header_id="forged@example.com")
    await arrive(world.lumen, letter, sender="eve@example.com")
    assert await Conversation.all().count() == 2


@pytest.mark.parametrize("secret", [b"other", b""])
async def test_a_forged_token_is_worth_nothing(world: World, secret: bytes) -> None:
    await answered(world)
    conversation = await Conversation.get()
    forged = reply_address(secret, HELP, conversation.public_id, "ines@example.com")
    await arrive(world.lumen, Letter(header_id="forged@example.com"), recipient=forged)
    assert await Conversation.all().count() == 2


async def test_a_chat_is_never_joined_from_outside_of_its_shop(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    address = reply_address(SECRET, "help@chaye.example", talk.public_id, "ines@example.com")
    await arrive(world.chaye, Letter(), recipient=address)
    assert (await Message.get()).conversation_id != talk.id


MACHINES = [
    Letter(extra="Auto-Submitted: auto-replied\n"),
    Letter(extra="Precedence: bulk\n"),
    Letter(subject="Out of office: Where is my lamp?", text="I am away until Monday."),
    Letter(subject="自动回复：您的邮件", text="您好，您的邮件我已收到，会尽快回复您。"),
    Letter(sender="Lumen <help@lumen.example>"),
    Letter(sender="help+x@chaye.example"),
]


@pytest.mark.parametrize("letter", MACHINES, ids=lambda letter: letter.extra or letter.subject)
async def test_machines_are_set_aside_and_never_answered(world: World, letter: Letter) -> None:
    mail = await arrive(world.lumen, letter)
    assert mail.state == "machine"
    assert mail.error
    assert await Conversation.all().count() == await OutgoingMail.all().count() == 0


async def test_a_null_sender_is_never_answered(world: World) -> None:
    assert (await arrive(world.lumen, Letter(), sender="")).state == "machine"
    assert await OutgoingMail.all().count() == 0


async def test_a_list_reaches_a_person_but_gets_no_automatic_answer(world: World) -> None:
    await arrive(world.lumen, Letter(extra="List-Id: <lamps.example>\n"))
    assert await Ticket.all().count() == 1
    assert await OutgoingMail.all().count() == 0


@on_both_databases
async def test_one_acknowledgement_a_day(world: World, clock: FrozenClock) -> None:
    for number in range(3):
        await arrive(world.lumen, Letter(header_id=f"{number}@example.com", text=f"Question {number}"))
    assert await Ticket.all().count() == 3
    assert await OutgoingMail.all().count() == 1
    assert await Customer.filter(email="ines@example.com").count() == 2  # the chat visitor, and one known by mail


@on_both_databases
async def test_the_same_letter_on_two_ways_is_one_message(world: World) -> None:
    first = await arrive(world.lumen, Letter())
    other = b"Received: from elsewhere\r\n" + Letter().bytes()
    second = await arrive(world.lumen, other, recipient="help+orders@lumen.example")
    assert (second.state, second.message_id) == ("duplicate", first.message_id)
    assert await Message.all().count() == 1
    third = await arrive(world.lumen, Letter(text="Another text under the same id"))
    assert third.state == "posted"


def bounce(original: OutgoingMail, *, action: str = "failed") -> bytes:
    status = "5.1.1" if action == "failed" else "4.4.1"
    return (
        "From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n\nSorry.\n'
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; {original.recipient}\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; 550 {status} no such user\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <{original.header_id}>\n--b--\n"
    ).encode()


@on_both_databases
@pytest.mark.parametrize("way", ["by token", "by id"])
async def test_a_bounce_marks_the_message_and_tells_the_desk(world: World, way: str) -> None:
    ours = await answered(world)
    recipient = ours.sender if way == "by token" else HELP
    mail = await arrive(world.lumen, bounce(ours), sender="", recipient=recipient)
    assert (mail.state, mail.message_id) == ("machine", ours.message_id)
    assert (await Message.get(id=ours.message_id)).state == "failed"
    assert (await OutgoingMail.get(id=ours.id)).state == "failed"
    assert "550 5.1.1 no such user" in (await Note.get()).text
    assert await Conversation.all().count() == 1


async def test_a_delay_and_a_forged_bounce_change_nothing(world: World) -> None:
    ours = await answered(world)
    await arrive(world.lumen, bounce(ours, action="delayed"), sender="", recipient=ours.sender)
    forged = bounce(ours).replace(ours.header_id.encode(), b"made-up@lumen.example")
    await arrive(world.lumen, forged, sender="", recipient=ours.sender[:-16] + "x@lumen.example")
    assert (await Message.get(id=ours.message_id)).state == "sent"


@on_both_databases
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"no headers at all", b"Subject: who am I\n\nhello"])
async def test_unreadable_mail_reaches_a_person(world: World, content: bytes) -> None:
    mail = await arrive(world.lumen, content)
    assert mail.state == "quarantined"
    ticket = await Ticket.get()
    assert ticket.subject in ("Unreadable email", "who am I")
    assert mail.public_id in (await Note.filter(text__contains="couldn’t be read").get()).text


async def test_a_mail_that_trips_us_reaches_a_person_unread(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def trip(*args: object) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(entering, "language_of", lambda parsed, shop: shop.language if parsed.problem else trip())
    mail = await arrive(world.lumen, Letter())
    assert (mail.state, mail.error) == ("quarantined", "ValueError")
    assert await Ticket.all().count() == await Conversation.all().count() == 1


async def test_long_text_is_shown_in_part_and_kept_whole(world: World) -> None:
    letter = Letter(text="很长的信" * 5000).bytes()
    mail = await arrive(world.lumen, letter)
    message = await Message.get()
    assert message.text.startswith("很长的信")
    assert message.text.endswith("…")
    assert mail.content == letter
    assert mail.text == "很长的信" * 5000 + "\n"
    assert await Note.all().count() == 0


async def test_a_mail_without_words_still_says_something(world: World) -> None:
    await arrive(world.lumen, Letter(text="", subject=""))
    assert (await Message.get()).text == "(no text)"
    assert (await Ticket.get()).subject == "(No subject)"


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u202e\ufeff", "\x00\x01"])
async def test_a_mail_without_words_still_becomes_a_ticket(world: World, text: str) -> None:
    mail = await arrive(world.lumen, Letter(text=text))
    assert (mail.state, (await Message.get()).text) == ("posted", "(no text)")
    assert await Ticket.all().count() == 1
