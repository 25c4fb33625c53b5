"""A customer's mail that an agent passes on is held: nobody hears of it before somebody says whose it is."""

import pytest

from app.mail.arriving.receiving import Means
from app.mail.arriving.rereading import reread
from app.mail.arriving.settling import confirm_forwarded, dismiss_suggestion
from app.mail.leaving.replying import reply
from app.mail.models import IncomingMail, MailSuggestion, OutgoingMail
from conversations.models import Conversation, Message, Note
from conversations.posting import post
from core.errors import Invalid, NotFound
from core.people import Actor, Customer
from tests.mail.conftest import Letter
from tests.mail.test_joining import come, ticket_of
from tests.mail.test_receiving import HELP
from tests.people import World
from tickets.models import TimelineEntry

on_both_databases = pytest.mark.usefixtures("both_databases")

OMAR, ANNA = "omar@wismo.example", "anna@example.com"
PASSED_ON = f"""She is in a hurry, and do not tell her of the recall.

---------- Forwarded message ---------
From: Anna Smith <{ANNA}>
Date: Mon, 2 Mar 2026 at 09:12
Subject: My lamp
To: <omar@wismo.example>

It came broken. Order 1001.
"""


def passed_on(**changes: str) -> Letter:
    return Letter(**{"sender": f"Omar <{OMAR}>", "subject": "Fwd: My lamp", "text": PASSED_ON} | changes)


async def say(world: World, talk: Conversation, client_id: str) -> OutgoingMail | None:
    message = await post(talk.id, Actor.of(world.omar), "Sorry!", client_id=client_id, channel="email")
    return await reply(message.id, b"secret")


@on_both_databases
async def test_it_is_held_and_then_answered_to_whom_an_agent_names(world: World) -> None:
    await come(world, passed_on(extra="Cc: boss@wismo.example\n"), OMAR)
    talk = await Conversation.get().select_related("customer")
    message, note, suggestion = await Message.get(), await Note.get(), await MailSuggestion.get()
    assert (message.text, message.author_kind, message.author_name) == (
        "It came broken. Order 1001.",
        "customer",
        "Anna Smith",
    )
    assert (talk.subject, talk.customer.email) == ("My lamp", None)
    assert "recall" in note.text
    assert "recall" not in message.text
    assert (suggestion.kind, suggestion.address, suggestion.forwarder_id) == ("forwarded", ANNA, world.omar.id)
    assert await OutgoingMail.all().count() == 0
    headers = (await IncomingMail.get()).headers
    assert (headers["from"], headers["cc"], headers["passed_on_by"]) == (ANNA, [], "Omar")
    assert await say(world, talk, "too early") is None

    ticket = await ticket_of(talk.id, world)
    for wrong in ("", "anna", HELP, "help+x@chaye.example"):
        with pytest.raises(Invalid):
            await confirm_forwarded(suggestion.public_id, ticket, world.omar, address=wrong)
    await confirm_forwarded(suggestion.public_id, ticket, world.omar, address=" Anna@Example.com ")
    answer = await say(world, talk, "now")
    assert answer is not None
    assert answer.recipient == ANNA
    assert b"recall" not in answer.content
    assert (await TimelineEntry.get(action="customer_named")).detail == {"name": "Anna Smith"}


@on_both_databases
async def test_a_customer_who_is_known_by_mail_gets_the_talk(world: World) -> None:
    await come(world, Letter(sender=f"Anna <{ANNA}>"), ANNA)
    anna = await Customer.get(email=ANNA)
    mail = await come(world, passed_on(header_id="second@x"), OMAR)
    ticket, suggestion = await ticket_of(mail.conversation_id or 0, world), await MailSuggestion.get()
    await confirm_forwarded(suggestion.public_id, ticket, world.omar, address=ANNA)
    talk = await Conversation.get(id=mail.conversation_id)
    assert talk.customer_id == anna.id
    assert (await Message.get(id=mail.message_id)).author_id == anna.id


async def test_it_was_the_agents_own_mail(world: World) -> None:
    mail = await come(world, passed_on(), OMAR)
    ticket, suggestion = await ticket_of(mail.conversation_id or 0, world), await MailSuggestion.get()
    await dismiss_suggestion(suggestion.public_id, ticket, world.omar)
    talk = await Conversation.get().select_related("customer")
    answer = await say(world, talk, "now")
    assert answer is not None
    assert answer.recipient == OMAR


async def test_a_forged_agent_passes_nothing_on_and_is_never_the_agent(world: World) -> None:
    await come(world, passed_on(), OMAR, verdict="fail")
    message = await Message.get()
    assert (message.author_kind, message.author_name) == ("customer", "Omar")
    assert await MailSuggestion.all().count() == 0
    assert await OutgoingMail.all().count() == 0


@pytest.mark.parametrize("sender", ["wei@wismo.example", "eve@example.net"])
async def test_only_agents_of_the_shop_pass_on(world: World, sender: str) -> None:
    await come(world, passed_on(sender=sender), sender)
    assert await MailSuggestion.all().count() == 0


async def test_our_own_words_are_no_customers(world: World) -> None:
    await come(world, passed_on(text=PASSED_ON.replace(ANNA, "help+x@lumen.example")), OMAR)
    assert await MailSuggestion.all().count() == 0


async def test_nobody_settles_what_is_in_another_ticket(world: World) -> None:
    await come(world, passed_on(), OMAR)
    other = await come(world, Letter(header_id="second@x"))
    assert await IncomingMail.all().count() == 2
    ticket, suggestion = await ticket_of(other.conversation_id or 0, world), await MailSuggestion.get()
    with pytest.raises(NotFound):
        await confirm_forwarded(suggestion.public_id, ticket, world.omar, address=ANNA)


async def test_reading_it_again_tells_the_customer_nothing_new(world: World) -> None:
    mail = await come(world, passed_on(extra="Cc: boss@wismo.example\n"), OMAR)
    await reread(mail.id, Means(secret=b"secret"))
    again = await IncomingMail.get(id=mail.id)
    assert [message.text for message in await Message.all()] == ["It came broken. Order 1001."]
    assert (again.headers, again.message_id) == (mail.headers, mail.message_id)
    await IncomingMail.filter(id=mail.id).update(content=passed_on(text="Nothing to see.").bytes())
    await reread(mail.id, Means(secret=b"secret"))
    assert await Message.all().count() == 1
    assert (await IncomingMail.get(id=mail.id)).headers == mail.headers
