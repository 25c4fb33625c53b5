"""Automatic letters that only words give away: quiet where they answer us, somebody's mail where they do not."""

from app.mail.models import OutgoingMail
from conversations.models import Message, Note
from core.people import Actor
from tests.mail.conftest import Letter
from tests.mail.test_receiving import answered, arrive
from tests.people import World
from tickets.models import Ticket
from tickets.resolution import resolve

INES = "ines@example.com"
AWAY = "I am out of the office until Monday with limited access to email. I will respond to your message on my return."


async def test_an_absence_that_answers_us_is_a_quiet_note_and_reopens_nothing(world: World) -> None:
    ours = await answered(world)
    await resolve((await Ticket.get()).id, Actor.of(world.omar))
    said, left = await Message.all().count(), await OutgoingMail.all().count()
    letter = Letter(subject="Re: Where is my lamp?", text=AWAY, header_id="away@example.com")
    mail = await arrive(world.lumen, letter, sender=INES, recipient=ours.sender)
    assert (mail.state, mail.error, mail.conversation_id) == ("machine", "absence", ours.conversation_id)
    assert AWAY in (await Note.get()).text
    assert ((await Ticket.get()).status, await Message.all().count()) == ("resolved", said)
    assert await OutgoingMail.all().count() == left


async def test_the_same_words_in_a_first_mail_open_a_ticket_that_no_machine_answers(world: World) -> None:
    mail = await arrive(world.lumen, Letter(subject="Away", text=AWAY))
    assert mail.state == "posted"
    assert (await Message.get(author_kind="customer")).text == AWAY
    assert await Ticket.all().count() == 1
    assert not await OutgoingMail.exists()
