"""The words of a mail enter a conversation, theirs or a new one with a ticket; files and doubts stand in notes."""

from collections.abc import Sequence

from app.i18n import gettext
from app.mail.arriving.acknowledging import acknowledge
from app.mail.arriving.joining import Place
from app.mail.arriving.senders import customer_for, language_of
from app.mail.arriving.suggesting import suggest_place
from app.mail.models import QUARANTINED, IncomingMail
from app.mail.reading.authentication import FAIL
from app.mail.reading.parsing import ParsedMail
from bots.entities import find_entities
from conversations.attachments import ArrivedFile
from conversations.handover import hand_to_queue
from conversations.models import BOT, EMAIL, Conversation
from conversations.noting import add_note
from conversations.opening import open_conversation
from conversations.posting import TEXT_LIMIT, post_arrived
from core.people import SYSTEM, Actor
from core.text import clean, is_blank, reference
from orders.models import Order
from tickets.joining import follow_customer
from tickets.models import QUESTION, Ticket
from tickets.opening import open_ticket
from tickets.resolution import wake_for
from tickets.statuses import UNFINISHED

MAX_SUGGESTIONS = 3  # orders
_WORDS_SHOWN = 7_000  # characters of a mail in one message


async def continue_conversation(
    mail: IncomingMail, parsed: ParsedMail, place: Place, files: Sequence[ArrivedFile]
) -> None:
    """Post the new part, and see that a ticket is open. The caller has a transaction open.

    The bot answers no mail, and nothing of a sender whom our mail servers speak against.
    """
    conversation = place.conversation
    if place.internal:
        await _note_answer(mail, parsed, place, files)
        return
    if conversation.handler == BOT and (conversation.channel == EMAIL or mail.sender_check == FAIL):
        await hand_to_queue(conversation.id, SYSTEM, "mail")
    await post_words(mail, parsed, conversation, place.author, files)
    await follow_customer(conversation.id)  # what was merged into another talk's ticket goes on here
    if not await Ticket.exists(conversation_id=conversation.id, status__in=UNFINISHED):
        await open_mail_ticket(parsed, conversation, Actor.of(conversation.customer))


async def _note_answer(mail: IncomingMail, parsed: ParsedMail, place: Place, files: Sequence[ArrivedFile]) -> None:
    """What a third party answers the desk stands in a note, and opens what waits."""
    talk, language = place.conversation, place.conversation.language
    mail.conversation_id = talk.id
    lines = [gettext("%(name)s replied:", language) % {"name": place.author.name}, ""]
    lines.append((parsed.reply_text or parsed.text).strip() or gettext("(no text)", language))
    text = "\n".join(lines)[:TEXT_LIMIT]
    await add_note(talk.id, None, text, f"mail:{mail.public_id}:answer", files=files)
    await wake_for(talk.id, place.author)


async def begin_conversation(
    mail: IncomingMail, parsed: ParsedMail, secret: bytes, files: Sequence[ArrivedFile], trace: Conversation | None
) -> None:
    """Open a conversation and a ticket for the mail, and tell its sender. The caller has a transaction open.

    `trace` is the conversation that a token in the mail names, without being the sender's.
    """
    assert mail.shop is not None
    language = language_of(parsed, mail.shop)
    customer = await customer_for(mail, parsed, language)
    conversation = await open_conversation(
        mail.shop, customer, channel=EMAIL, language=language, subject=_subject(parsed, language)
    )
    await hand_to_queue(conversation.id, SYSTEM, "mail")
    actor = Actor.of(customer)
    await post_words(mail, parsed, conversation, actor, files)
    ticket = await open_mail_ticket(parsed, conversation, actor)
    if mail.state == QUARANTINED:
        words = gettext(
            "This email couldn’t be read completely (%(problem)s). The original is kept: %(mail)s", language
        )
        problem = parsed.problem or gettext("no sender", language)
        await add_mail_note(conversation, mail, "unread", words % {"problem": problem, "mail": mail.public_id})
    await suggest_place(mail, parsed, conversation, trace)
    if mail.sender_check != FAIL:  # whoever was forged did not write to us
        await acknowledge(mail, parsed, conversation, customer, ticket, secret)


def cut(words: str) -> str:
    """As much of a mail's words as one message shows; the whole text is one click away."""
    return words if len(words) <= TEXT_LIMIT else words[:_WORDS_SHOWN] + " …"


async def post_words(
    mail: IncomingMail, parsed: ParsedMail, conversation: Conversation, author: Actor, files: Sequence[ArrivedFile]
) -> None:
    """Post the new part of a mail with its files, and note in the mail's row where it is."""
    language = conversation.language
    said = (words.strip() for words in (parsed.reply_text, parsed.text) if not is_blank(words))
    words = next(said, gettext("(no text)", language))
    message = await post_arrived(
        conversation.id, author, cut(words), files, client_id=f"mail:{mail.digest[:56]}", channel=EMAIL
    )
    mail.conversation_id, mail.message_id = conversation.id, message.id


async def add_mail_note(conversation: Conversation, mail: IncomingMail, what: str, text: str) -> None:
    """An internal note about a mail, one for each `what`."""
    await add_note(conversation.id, None, text[:TEXT_LIMIT], f"mail:{mail.public_id}:{what}")


async def open_mail_ticket(parsed: ParsedMail, conversation: Conversation, author: Actor) -> Ticket:
    """A ticket for what was written, with the orders that it names as suggestions."""
    return await open_ticket(
        conversation.id,
        QUESTION,
        author,
        subject=conversation.subject or _subject(parsed, conversation.language),
        order_ids=await _orders_named(parsed, conversation.shop_id),
        link_source="mail",
        link_confirmed=False,
    )


async def _orders_named(parsed: ParsedMail, shop_id: int) -> list[int]:
    """Orders of this shop whose number stands in the mail: a suggestion for the agent, no proof of anything."""
    named = [number for text in (parsed.subject, parsed.reply_text, parsed.text) for number in _numbers_in(text)]
    keys = list(dict.fromkeys(reference(number) for number in named))
    if not keys:
        return []
    found = Order.filter(shop_id=shop_id, number_key__in=keys).order_by("-placed_at").limit(MAX_SUGGESTIONS)
    return list(await found.values_list("id", flat=True))  # type: ignore[arg-type]


def _numbers_in(text: str) -> tuple[str, ...]:
    """What may be an order number in `text`."""
    return find_entities(text, frozenset({"order_number"})).order_numbers


def _subject(parsed: ParsedMail, language: str) -> str:
    subject = clean(parsed.subject, limit=300)
    if not parsed.from_address or parsed.problem:
        return subject or gettext("Unreadable email", language)
    return subject or gettext("(No subject)", language)
