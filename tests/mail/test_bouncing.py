"""Letters that come back: the desk hears of it, takes the work up again, and writes to no address that is none."""

from datetime import timedelta

import pytest

from app.gateways.mail import RecordingMailer
from app.mail.holding import PAUSED, UNREACHABLE, forget_ended, hold, holds_on, lift
from app.mail.leaving.addressing import Addressing
from app.mail.leaving.composing import Mailbox
from app.mail.leaving.replying import reply
from app.mail.leaving.retrying import retry
from app.mail.leaving.sending import send
from app.mail.leaving.writing import queue_letter
from app.mail.models import MailHold, OutgoingMail, OutgoingTry
from conversations.models import Conversation, Message, Note
from conversations.posting import post
from core.clock import FrozenClock
from core.people import SYSTEM, Actor
from tests.mail.conftest import Letter, code_for
from tests.mail.test_receiving import HELP, SECRET, answered, arrive, bounce
from tests.people import World
from tickets.assignment import assign
from tickets.models import Ticket, TimelineEntry
from tickets.resolution import await_customer, close, resolve

on_both_databases = pytest.mark.usefixtures("both_databases")

INES, BEN = "ines@example.com", "ben@example.net"


async def answer(world: World, text: str = "Once more.", *, cc: str = "") -> OutgoingMail:
    """What Omar says leaves as mail."""
    talk = await Conversation.get()
    choice = Addressing(to=(Mailbox("", INES),), cc=(Mailbox("", cc),) if cc else ())
    said = await post(
        talk.id, Actor.of(world.omar), text, client_id=text[:60], channel="email", addressing=choice.as_data()
    )
    mail = await reply(said.id, SECRET)
    assert mail is not None
    return mail


async def come_back(world: World, mail: OutgoingMail, content: bytes | None = None) -> None:
    await arrive(world.lumen, content or bounce(mail), sender="", recipient=mail.sender)


async def test_what_came_back_is_work_again_for_whoever_had_it(world: World) -> None:
    ours = await answered(world)
    ticket = await Ticket.get()
    await assign(ticket.id, world.omar, Actor.of(world.sue))
    await resolve(ticket.id, Actor.of(world.omar))
    await come_back(world, ours)
    await ticket.refresh_from_db()
    assert (ticket.status, ticket.reopened, ticket.assignee_id) == ("open", 1, world.omar.id)
    assert ticket.asked_at is not None
    entry = await TimelineEntry.filter(ticket_id=ticket.id, action="undelivered").get()
    assert (entry.actor_kind, entry.detail["name"]) == ("system", INES)
    assert (await Note.get()).text.startswith(f"@Omar The email to {INES} couldn’t be delivered")  # so it is unread
    assert (await OutgoingTry.get(mail_id=ours.id)).outcome == "bounced"


async def test_what_waits_wakes_and_what_is_closed_gets_a_new_ticket(world: World) -> None:
    ours = await answered(world)
    ticket = await Ticket.get()
    await await_customer(ticket.id, Actor.of(world.omar))
    await come_back(world, ours)
    await ticket.refresh_from_db()
    assert ticket.status == "open"
    await MailHold.all().delete()
    again = await answer(world)
    await close(ticket.id, Actor.of(world.sue))
    await come_back(world, again)
    await ticket.refresh_from_db()
    assert ticket.status == "closed"
    fresh = await Ticket.all().order_by("-id").first()
    assert fresh is not None
    assert (fresh.id != ticket.id, fresh.status, fresh.conversation_id) == (True, "open", ticket.conversation_id)
    assert (await Conversation.get()).handler == "queue"


@on_both_databases
async def test_an_address_that_is_none_gets_no_letters_for_a_time(world: World, clock: FrozenClock) -> None:
    mailer = RecordingMailer()
    await come_back(world, await answered(world))
    [held] = await holds_on(world.lumen.id, [INES])
    assert (held.kind, held.detail) == (UNREACHABLE, "550 5.1.1 no such user")
    later = await answer(world)
    await send(later.id, mailer)
    await later.refresh_from_db()
    assert (later.state, mailer.sent) == ("failed", [])
    assert "not tried" in (later.error or "")
    assert [one.until for one in await holds_on(world.lumen.id, [INES])] == [held.until]  # nothing new was learned
    await retry(world.omar, later.public_id)  # he knows better
    await send(later.id, mailer)
    assert len(mailer.sent) == 1
    await hold(world.lumen.id, INES, UNREACHABLE)
    clock.advance(timedelta(days=14))
    assert await holds_on(world.lumen.id, [INES]) == []


async def test_a_hold_ends_when_the_customer_writes_or_an_agent_says_so(world: World) -> None:
    await come_back(world, await answered(world))
    await arrive(world.lumen, Letter(header_id="again@example.com"))
    assert not await MailHold.exists()
    await hold(world.lumen.id, INES, PAUSED)
    ticket = (await Ticket.all().order_by("id"))[0]
    await lift(ticket, INES, PAUSED, world.omar)
    await lift(ticket, INES, PAUSED, world.omar)
    assert not await MailHold.exists()
    assert await TimelineEntry.filter(action="mail_again").count() == 1


@pytest.mark.parametrize("words", ["552 5.2.2 Mailbox full", "554 5.7.1 blocked as spam"])
async def test_a_soft_bounce_says_nothing_against_the_address(world: World, words: str) -> None:
    ours = await answered(world)
    soft = bounce(ours).replace(b"550 5.1.1 no such user", words.encode()).replace(b"Status: 5.1.1", b"Status: 5.0.0")
    await come_back(world, ours, soft)
    assert (await Message.get(id=ours.message_id)).state == "failed"
    assert not await MailHold.exists()


async def test_a_refusal_at_the_door_counts_like_a_bounce(world: World) -> None:
    mailer = RecordingMailer()
    ours = await answered(world)
    mailer.refuse |= {INES}
    await send(ours.id, mailer)
    await ours.refresh_from_db()
    assert ours.state == "failed"
    assert (await Ticket.get()).asked_at is not None


async def test_a_copy_that_came_back_leaves_the_message_as_it_was(world: World) -> None:
    await answered(world)
    ours = await answer(world, cc=BEN)
    await come_back(world, ours, bounce(ours).replace(INES.encode(), BEN.encode()))
    assert (await Message.get(id=ours.message_id)).state == "sent"
    assert [held.address for held in await MailHold.all()] == [BEN]
    assert any(BEN in note.text for note in await Note.all())


async def test_what_names_no_mail_of_ours_is_a_suggestion(world: World) -> None:
    ours = await answered(world)
    returned = f"Message-ID: <{ours.header_id}>".encode()
    anonymous = bounce(ours).replace(returned, f"Subject: {ours.subject}".encode())
    await arrive(world.lumen, anonymous, sender="", recipient=HELP)
    assert (await Message.get(id=ours.message_id)).state == "sent"
    assert ["seems to have bounced" in note.text for note in await Note.all()] == [True]
    assert not await MailHold.exists()
    other = anonymous.replace(ours.subject.encode(), b"Something else")
    await arrive(world.lumen, other, sender="", recipient=HELP)
    assert await Note.all().count() == 1


def away(ours: OutgoingMail, sender: str = INES) -> Letter:
    """An out-of-office answer to a mail of ours."""
    extra = f"Auto-Submitted: auto-replied\nIn-Reply-To: <{ours.header_id}>\n"
    return Letter(sender=sender, subject="Away", text="Back on Monday.", header_id=f"a@{sender}", extra=extra)


@pytest.mark.parametrize("by_envelope", [True, False])
async def test_an_automatic_answer_is_a_quiet_note(world: World, *, by_envelope: bool) -> None:
    ours = await answered(world)
    ticket = await Ticket.get()
    await resolve(ticket.id, Actor.of(world.omar))
    said = await Message.all().count()
    for number in range(3):
        letter = away(ours)
        letter.text += f" {number}"
        mail = await arrive(world.lumen, letter, sender="", recipient=ours.sender if by_envelope else HELP)
        assert (mail.state, mail.conversation_id) == ("machine", ours.conversation_id)
    [note] = await Note.all()
    assert note.text.splitlines() == [f"Automatic reply from {INES}:", "Away", "", "Back on Monday. 0"]
    await ticket.refresh_from_db()
    assert (ticket.status, await Message.all().count()) == ("resolved", said)
    assert await Ticket.all().count() == 1


async def test_a_strangers_machine_says_nothing_in_other_peoples_talks(world: World) -> None:
    ours = await answered(world)
    for sender, recipient in (("eve@example.net", ours.sender), ("", HELP), ("eve@example.net", HELP)):
        await arrive(world.lumen, away(ours, "eve@example.net"), sender=sender, recipient=recipient)
    assert not await Note.exists()


async def test_a_machine_that_writes_to_the_envelope_sender_is_heard_in_any_words(world: World) -> None:
    ours = await answered(world)
    strange = Letter(
        sender="Relay <relay@mx.example>", to=ours.sender, subject="Ei mennyt", text="Postia ei voi viedä."
    )
    mail = await arrive(world.lumen, strange, sender="", recipient=HELP)  # fetched: only its To has the token
    assert (mail.state, mail.conversation_id) == ("machine", ours.conversation_id)
    assert "Postia ei voi viedä." in (await Note.get()).text


async def test_a_code_that_somebody_waits_for_is_tried_in_any_case(world: World) -> None:
    await hold(world.lumen.id, INES, UNREACHABLE)
    mail = await queue_letter(code_for(world.lumen, INES, "code:1"), secret=SECRET)
    mailer = RecordingMailer()
    await send(mail.id, mailer)
    assert len(mailer.sent) == 1


async def test_holds_that_are_over_are_forgotten(world: World, clock: FrozenClock) -> None:
    await hold(world.lumen.id, INES, PAUSED)
    await hold(world.lumen.id, BEN, UNREACHABLE)
    clock.advance(timedelta(days=2))
    await forget_ended()
    assert [held.address for held in await MailHold.all()] == [BEN]


async def test_our_own_letter_coming_back_is_no_customers_mail(world: World) -> None:
    ours = await answered(world)
    forwarded = Letter(sender="Ines <ines@example.com>", header_id=ours.header_id, subject="Re: lamp")
    assert (await arrive(world.lumen, forwarded)).error == "own letter"
    assert (await arrive(world.lumen, Letter(sender=HELP, header_id="x@y.example"))).error == "own address"
    assert await Conversation.all().count() == 1


async def machine_says(world: World, client_id: str) -> OutgoingMail | None:
    """Something that no person wrote, in the conversation by mail."""
    talk = await Conversation.all().order_by("id").first()
    assert talk is not None
    said = await post(talk.id, SYSTEM, "We are on it.", client_id=client_id, channel="email")
    return await reply(said.id, SECRET)


async def test_two_machines_that_hide_stop_after_three_rounds(world: World, clock: FrozenClock) -> None:
    left = 0
    for number in range(12):
        letter = Letter(header_id=f"{number}@example.com", subject=f"Thanks {number}", text=f"We have got it. {number}")
        await arrive(world.lumen, letter)
        left += await machine_says(world, f"s{number}") is not None
        clock.advance(timedelta(seconds=15))
    automatic = await OutgoingMail.all().count()
    assert (automatic, left) == (3, 2)  # the acknowledgement, and two more
    [held] = await holds_on(world.lumen.id, [INES])
    assert held.kind == PAUSED
    assert await Message.filter(state="failed").count() == 10
    clock.advance(timedelta(days=1))
    assert await machine_says(world, "later") is not None
    by_hand = await answer_in(world, held.address)
    assert by_hand is not None


async def answer_in(world: World, address: str) -> OutgoingMail | None:
    """What a person writes leaves, whatever machines did."""
    await hold(world.lumen.id, address, PAUSED)
    talk = await Conversation.all().order_by("id").first()
    assert talk is not None
    said = await post(talk.id, Actor.of(world.omar), "Hello?", client_id="hand", channel="email")
    return await reply(said.id, SECRET)


async def test_five_hundred_mails_of_one_sender_are_five_tickets(world: World, clock: FrozenClock) -> None:
    count = 60
    for number in range(count):
        await arrive(
            world.lumen, Letter(header_id=f"{number}@example.com", subject=f"Mail {number}", text=f"No {number}")
        )
        clock.advance(timedelta(milliseconds=120))
    assert (await Ticket.all().count(), await Conversation.all().count()) == (5, 5)
    assert await Message.filter(author_kind="customer").count() == 4 + 50
    assert await OutgoingMail.all().count() == 1
    assert ["a lot of email" in note.text for note in await Note.all()] == [True]
    await arrive(
        world.lumen, Letter(sender="Tom <tom@example.org>", header_id="tom@example.org"), sender="tom@example.org"
    )
    clock.advance(timedelta(minutes=11))
    await arrive(world.lumen, Letter(header_id="later@example.com", text="Later"))
    assert await Ticket.all().count() == 7


async def test_a_form_that_writes_for_many_customers_keeps_them_apart(world: World) -> None:
    for number in range(12):
        extra = f"Reply-To: c{number}@example.net\n"
        letter = Letter(
            sender="Form <form@lumen.shop.example>", header_id=f"{number}@f.example", text=f"{number}?", extra=extra
        )
        await arrive(world.lumen, letter, sender="form@lumen.shop.example")
    assert await Ticket.all().count() == 12


@pytest.mark.parametrize(
    "extra", ["Auto-Submitted: auto-replied\n", "Precedence: junk\n", "Return-Path: <>\n", "List-Unsubscribe: <x>\n"]
)
async def test_machines_and_lists_are_never_answered(world: World, extra: str) -> None:
    await arrive(world.lumen, Letter(extra=extra))
    assert not await OutgoingMail.exists()


async def test_a_bounce_of_a_bounce_and_an_empty_sender_get_no_answer(world: World) -> None:
    ours = await answered(world)
    for _ in range(3):
        await come_back(world, ours)
    await arrive(world.lumen, Letter(header_id="null@example.com"), sender="")
    assert await OutgoingMail.all().count() == 2  # the acknowledgement and the answer


async def test_a_thousand_victims_are_not_written_to_through_us(world: World) -> None:
    count = 70
    for number in range(count):
        victim = f"v{number}@victims.example"
        await arrive(
            world.lumen, Letter(sender=victim, header_id=f"{number}@s.example", text=f"Buy {number}"), sender=victim
        )
    letters = await OutgoingMail.all()
    assert len(letters) == 60  # an hour and a domain
    assert not any(b"Buy" in mail.content for mail in letters)
