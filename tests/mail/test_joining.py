"""Whose words enter which conversation: the token's owner, who takes part and is proved, and nobody else."""

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.files.intake import Intake
from app.files.storage import FolderStorage
from app.mail.arriving.joining import Place, Trace, lead
from app.mail.arriving.receiving import Means, receive
from app.mail.arriving.settling import dismiss_suggestion, join_suggested, let_take_part
from app.mail.arriving.storing import store_mail
from app.mail.leaving.addressing import Addressing
from app.mail.leaving.composing import Mailbox
from app.mail.leaving.forwarding import forward, send_forward
from app.mail.leaving.replying import reply
from app.mail.models import IncomingMail, MailSuggestion, OutgoingMail
from app.mail.threading import (
    Token,
    bounce_address,
    message_id,
    reply_address,
    same_address,
    token_in_address,
    token_in_id,
)
from conversations.attachments import attachment_for, attachment_of, forget_unposted
from conversations.models import Attachment, Conversation, Message, Note
from conversations.posting import post
from core.clock import now
from core.errors import Conflict, NotFound
from core.people import Actor, Customer
from tests.mail.conftest import Letter
from tests.mail.test_receiving import HELP, SECRET, arrive, opened
from tests.people import World, chat
from tickets.access import ticket_for
from tickets.merging import merge, unmerge
from tickets.models import Ticket
from tickets.resolution import close, resolve
from tickets.work_models import TicketMerge

on_both_databases = pytest.mark.usefixtures("both_databases")

TRUSTED = frozenset({"mx.lumen.example"})
TOM, EVE = "tom@example.org", "eve@example.net"


def checked(address: str, verdict: str = "pass") -> str:
    """What the shop's own mail server writes above a mail."""
    return f"Authentication-Results: mx.lumen.example; dmarc={verdict} header.from={address.partition('@')[2]}\n"


async def come(
    world: World, letter: Letter, sender: str = "ines@example.com", recipient: str = HELP, verdict: str = "pass"
) -> IncomingMail:
    """A mail that the shop's own mail server has looked at."""
    content = checked(sender, verdict).replace("\n", "\r\n").encode() + letter.bytes()
    mail = await store_mail(world.lumen, sender, recipient, content)
    await receive(mail.id, Means(secret=SECRET, trusted=TRUSTED))
    return await IncomingMail.get(id=mail.id)


async def thread(world: World, **letter: str) -> tuple[Conversation, OutgoingMail, str]:
    """Ines wrote and Omar answered: the conversation, the mail to her, and where her answer should go."""
    await come(world, Letter(**letter))
    talk = await Conversation.get()
    message = await post(talk.id, Actor.of(world.omar), "It left Hamburg.", client_id="o1", channel="email")
    ours = await reply(message.id, SECRET)
    assert ours is not None
    return talk, ours, str(opened(ours)["Reply-To"].addresses[0].addr_spec)


async def said(talk: Conversation) -> list[tuple[str, str]]:
    """Who said what in it."""
    rows = await Message.filter(conversation_id=talk.id).order_by("number").values_list("author_name", "text")
    return [(str(name), str(text)) for name, text in rows]


async def ticket_of(talk_id: int, world: World) -> Ticket:
    return await ticket_for(world.omar, (await Ticket.get(conversation_id=talk_id)).number)


# Who takes part


@on_both_databases
async def test_who_was_copied_and_is_proved_joins_in_their_own_name(world: World) -> None:
    talk, _, reply_to = await thread(world, extra=f"Cc: Tom Becker <{TOM}>\n")
    letter = Letter(sender=f"Ines <{TOM}>", text="It is my lamp, too.", header_id="tom@example.org")
    mail = await come(world, letter, TOM, reply_to)
    assert (mail.state, mail.conversation_id, mail.sender_check) == ("posted", talk.id, "pass")
    assert (await said(talk))[-1] == (f"Ines <{TOM}>", "It is my lamp, too.")  # never by the name alone
    assert await Conversation.all().count() == 1
    assert await OutgoingMail.filter(recipient=TOM).count() == 0


@pytest.mark.parametrize("verdict", ["fail", "none"])
async def test_who_was_copied_but_is_not_proved_is_only_suggested(world: World, verdict: str) -> None:
    talk, _, reply_to = await thread(world, extra=f"Cc: {TOM}\n")
    mail = await come(world, Letter(sender=TOM, header_id="tom@example.org"), TOM, reply_to, verdict)
    assert mail.conversation_id != talk.id
    suggestion = await MailSuggestion.get()
    assert (suggestion.kind, suggestion.why, suggestion.target_id) == ("belongs", "token", talk.id)


async def test_nobody_is_copied_into_a_chat(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    reply_to = reply_address(SECRET, HELP, talk.public_id, "ines@example.com")
    letter = Letter(extra=f"Cc: {TOM}\n", header_id="to-chat@example.com")
    await come(world, letter, recipient=reply_to)
    mail = await come(world, Letter(sender=TOM, header_id="tom@example.org"), TOM, reply_to)
    assert mail.conversation_id != talk.id


@on_both_databases
async def test_a_stranger_whom_the_customer_sent_our_mail_begins_his_own_talk(world: World) -> None:
    talk, ours, reply_to = await thread(world)
    before = await said(talk)
    letter = Letter(sender=EVE, text="What is this?", header_id="eve@x", extra=f"In-Reply-To: <{ours.header_id}>\n")
    mail = await come(world, letter, EVE, reply_to)
    assert await said(talk) == before
    [answer] = await OutgoingMail.filter(recipient=EVE)
    assert b"Hamburg" not in answer.content
    assert b"lamp" not in answer.content.lower()
    suggestion = await MailSuggestion.get()
    assert (suggestion.target_id, suggestion.conversation_id, suggestion.address) == (
        talk.id,
        mail.conversation_id,
        EVE,
    )

    ticket = await ticket_of(suggestion.conversation_id, world)
    with pytest.raises(Conflict, match="two customers"):
        await join_suggested(suggestion.public_id, ticket, world.omar)
    await let_take_part(suggestion.public_id, ticket, world.omar)
    assert (await said(talk))[-1] == (f"<{EVE}>", "What is this?")
    with pytest.raises(Conflict):
        await let_take_part(suggestion.public_id, ticket, world.mei)
    await come(world, Letter(sender=EVE, text="And now?", header_id="eve2@x"), EVE, reply_to)
    assert (await said(talk))[-1] == (EVE, "And now?")


# What was forged


async def test_a_forged_sender_is_marked_and_linked_to_nobody(world: World) -> None:
    talk, _, _ = await thread(world)
    mail = await come(world, Letter(subject="Re: Where is my lamp?", header_id="forged@x"), verdict="fail")
    other = await Conversation.get(id=mail.conversation_id)
    assert mail.sender_check == "fail"
    assert other.customer_id != talk.customer_id
    assert await MailSuggestion.all().count() == 0
    assert await OutgoingMail.filter(conversation_id=other.id).count() == 0  # nobody is told of what they did not write
    again = await come(world, Letter(subject="Another", header_id="honest@x"))
    assert (await Conversation.get(id=again.conversation_id)).customer_id == talk.customer_id


async def test_a_first_mail_that_was_forged_does_not_become_the_customer(world: World) -> None:
    forged = await come(world, Letter(), verdict="fail")
    honest = await come(world, Letter(header_id="honest@x"))
    talks = {talk.id: talk.customer_id for talk in await Conversation.all()}
    assert talks[forged.conversation_id or 0] != talks[honest.conversation_id or 0]


async def test_of_two_senders_none_is_proved(world: World) -> None:
    letter = Letter(sender=f"ines@example.com, {EVE}")
    assert (await come(world, letter)).sender_check == ""


# Tokens in all the places where they come back


@pytest.mark.parametrize("way", ["minus", "to", "references", "capitals"])
async def test_a_token_is_found_wherever_mail_programs_leave_it(world: World, way: str) -> None:
    talk, ours, reply_to = await thread(world)
    letter, recipient = Letter(text="Thanks!", header_id="second@x"), HELP
    if way == "minus":
        recipient = reply_to.replace("+", "-")
    elif way == "to":
        letter.to = f"Lumen <{reply_to}>"
    elif way == "references":
        letter.extra = f"References: <first@example.com> <{ours.header_id[:50]}\n {ours.header_id[50:]}> <other@x>\n"
    else:
        recipient = reply_to.upper()
    assert (await come(world, letter, recipient=recipient)).conversation_id == talk.id


async def test_a_closed_ticket_is_followed_by_a_new_one_in_the_same_talk(world: World) -> None:
    talk, _, reply_to = await thread(world)
    first = await Ticket.get()
    await resolve(first.id, Actor.of(world.omar))
    await close(first.id, Actor.of(world.sue))
    mail = await come(world, Letter(text="Again!", header_id="second@x"), recipient=reply_to)
    assert mail.conversation_id == talk.id
    assert await Ticket.filter(conversation_id=talk.id, status="open").exclude(id=first.id).count() == 1


async def test_a_merged_ticket_goes_on_where_the_customer_answers(world: World) -> None:
    talk, _, reply_to = await thread(world)
    mail = await come(world, Letter(subject="Another", header_id="another@x"))
    old, new = await Ticket.get(conversation_id=talk.id), await Ticket.get(conversation_id=mail.conversation_id)
    await merge(old.id, new.id, Actor.of(world.omar))
    await come(world, Letter(text="Hm.", header_id="third@x"), recipient=reply_to)
    assert (await Ticket.get(id=new.id)).conversation_id == talk.id
    assert await Ticket.all().count() == 2


async def test_a_customer_without_an_address_is_nobodys_token(world: World) -> None:
    talk, _, reply_to = await thread(world)
    await Customer.filter(id=talk.customer_id).update(email=None)
    mail = await come(world, Letter(header_id="second@x"), recipient=reply_to)
    assert mail.conversation_id != talk.id


# Suggestions


@on_both_databases
@pytest.mark.parametrize("why", ["reference", "number", "subject"])
async def test_a_mail_without_a_token_is_suggested_and_joined_by_one_click(world: World, why: str) -> None:
    talk, _, _ = await thread(world)
    old = await Ticket.get()
    letter = Letter(subject="Hello", text="One more thing.", header_id="second@x")
    if why == "reference":
        letter.extra = "In-Reply-To: <first@example.com>\n"
    elif why == "number":
        letter.subject = f"About ticket #{old.number}"
    else:
        letter.subject = "回复：Where is my lamp?"
    mail = await come(world, letter)
    assert mail.conversation_id != talk.id  # a guess joins nothing
    suggestion = await MailSuggestion.get()
    assert (suggestion.why, suggestion.target_id) == (why, talk.id)
    new = await ticket_of(mail.conversation_id or 0, world)
    joined = await join_suggested(suggestion.public_id, new, world.omar)
    assert joined.id == old.id
    assert (await Ticket.get(id=new.id)).merged_into_id == old.id
    assert (await Ticket.get(id=old.id)).conversation_id == mail.conversation_id  # where the customer wrote last
    await unmerge((await TicketMerge.get()).public_id, Actor.of(world.omar))
    assert (await Ticket.get(id=old.id)).conversation_id == talk.id


async def test_a_suggestion_can_be_dismissed_once(world: World) -> None:
    await thread(world)
    mail = await come(world, Letter(subject="Re: Where is my lamp?", header_id="second@x"))
    ticket, suggestion = await ticket_of(mail.conversation_id or 0, world), await MailSuggestion.get()
    await dismiss_suggestion(suggestion.public_id, ticket, world.omar)
    with pytest.raises(Conflict):
        await join_suggested(suggestion.public_id, ticket, world.omar)


async def test_nothing_is_suggested_to_another_address(world: World) -> None:
    await thread(world)
    number = (await Ticket.get()).number
    letter = Letter(sender=EVE, subject=f"Re: Where is my lamp? #{number}", extra="In-Reply-To: <first@example.com>\n")
    await arrive(world.lumen, replace(letter, header_id="eve@x"), sender=EVE)
    assert await MailSuggestion.all().count() == 0


# Thousands of threads


PEOPLE = ["ines@example.com", "INES@example.com", TOM, EVE, "ines@bücher.example", "i.nes@example.com", ""]
FOREIGN = b"another desk"


@cache
def talk_of(number: int) -> Conversation:
    customer = Customer(id=number, email=PEOPLE[number % len(PEOPLE)].lower() or None, name="")
    customer._saved_in_db = True
    return Conversation(id=number, public_id=f"cnv_{number:026d}", customer=customer, customer_id=number)


@st.composite
def tokens_found(draw: st.DrawFn) -> tuple[Token, tuple[str, str] | None]:
    """A token, and the talk and address that this desk made it for: none for another desk's, a bounce's, a bent one."""
    talk, person = talk_of(draw(st.integers(0, 13))), draw(st.sampled_from(PEOPLE))
    secret, way = draw(st.sampled_from([SECRET, SECRET, FOREIGN])), draw(st.sampled_from("aaiibxs"))
    truth = (talk.public_id, same_address(person)) if secret == SECRET and way in "ai" else None
    token = token_in_address(reply_address(secret, HELP, talk.public_id, person))
    if way == "i":
        token = token_in_id(message_id(secret, HELP, draw(st.sampled_from("abc")), talk.public_id, person))
    elif way == "b":
        name = talk.public_id.replace("cnv_", "mlo_")
        token = token_in_address(bounce_address(secret, HELP, name, person))
    assert token is not None
    if way == "x":
        token = replace(token, public_id=talk_of((talk.id + 1) % 14).public_id)
    elif way == "s":
        token = replace(token, signature=token.signature[1:] + "a", kind="r")
    if way == "b" and draw(st.booleans()):
        token = replace(token, kind="r", public_id=talk.public_id)
    return token, truth


@settings(max_examples=600)
@given(found=st.lists(tokens_found(), max_size=6), sender=st.sampled_from(PEOPLE[:-1]))
def test_no_token_lets_anybody_speak_as_another(found: list[tuple[Token, tuple[str, str] | None]], sender: str) -> None:
    talks = [talk_of(number) for number in range(14)]
    made = {truth for _, truth in found if truth is not None}
    own = {talk.public_id for talk in talks if same_address(talk.customer.email or "") == same_address(sender)}
    entitled = {talk for talk, address in made if talk in own and address == same_address(sender)}
    place = lead([token for token, _ in found], talks, sender, SECRET)
    if isinstance(place, Place):
        assert place.conversation.public_id in entitled
        assert place.author.id == place.conversation.customer_id
    else:
        assert not entitled
    if isinstance(place, Trace):
        assert place.conversation.public_id in {talk for talk, _ in made}


# Whom an agent asked


async def ask_warehouse(world: World, talk: Conversation) -> str:
    """Omar forwards the first words to a warehouse; where its answer goes."""
    choice = Addressing(mode="forward", to=(Mailbox("Warehouse", EVE),), numbers=(1,))
    note = await forward(talk.id, world.omar, "Who is the provider?", choice, client_id="f1")
    asked = await send_forward(note.id, "Who is the provider?", choice.as_data(), SECRET)
    return str(opened(asked)["Reply-To"].addresses[0].addr_spec)


@on_both_databases
@pytest.mark.parametrize("verdict", ["pass", "none"])
async def test_what_a_third_party_answers_is_for_the_desk_alone(world: World, verdict: str) -> None:
    talk, _, _ = await thread(world)
    ticket = await Ticket.get()
    await resolve(ticket.id, Actor.of(world.omar))
    before = await said(talk)
    reply_to = await ask_warehouse(world, talk)
    letter = Letter(sender=f"Warehouse <{EVE}>", text="It is lost.", header_id="warehouse@x", subject="Re: Fwd")
    mail = await come(world, letter, EVE, reply_to, verdict)
    assert (mail.state, mail.conversation_id, mail.message_id) == ("posted", talk.id, None)
    assert await said(talk) == before
    answer = await Note.filter(conversation_id=talk.id).order_by("-id").first()
    assert answer is not None
    assert f"Warehouse <{EVE}>" in answer.text
    assert "It is lost." in answer.text
    assert (await Ticket.get(id=ticket.id)).status == "open"
    assert await Conversation.all().count() == 1


@on_both_databases
async def test_files_of_a_third_party_are_for_the_desk_alone(world: World, tmp_path: Path) -> None:
    talk, _, _ = await thread(world)
    reply_to = await ask_warehouse(world, talk)
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Message-ID"] = EVE, reply_to, "<files@x>"
    letter.set_content("See the protocol.")
    letter.add_attachment(b"%PDF-1.7 lost", maintype="application", subtype="pdf", filename="protocol.pdf")
    files = Intake(FolderStorage(tmp_path / "files"), 1_000_000)
    mail = await store_mail(world.lumen, EVE, reply_to, letter.as_bytes())
    await receive(mail.id, Means(secret=SECRET, files=files))
    file, note = await Attachment.get(), await Note.filter(attachments__isnull=False).get()
    assert (file.note_id, file.message_id, file.state) == (note.id, None, "ready")
    assert note.attachments[0]["name"] == "protocol.pdf"
    with await files.storage.open(file.public_id) as content:
        assert content.read() == b"%PDF-1.7 lost"
    assert (await attachment_for(world.mei, file.public_id)).id == file.id
    for refused in (attachment_for(world.wei, file.public_id), attachment_of(world.ines, file.public_id)):
        with pytest.raises(NotFound):
            await refused
    with pytest.raises(NotFound):
        await attachment_of(await Customer.get(id=talk.customer_id), file.public_id)
    await Attachment.all().update(created_at=now() - timedelta(days=30))
    assert await forget_unposted() == []
