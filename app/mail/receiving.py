"""A stored mail becomes words in a conversation. One chain of small questions; each mail is dealt with exactly once.

Who writes is never taken from `From` alone: a mail joins a conversation only with a token that we signed for exactly
that address. Everything else begins a new one, and order numbers in it are suggestions.
"""

import asyncio

import structlog

from app.i18n import gettext
from app.mail.acknowledging import acknowledge
from app.mail.bouncing import note_bounce
from app.mail.models import IncomingMail
from app.mail.parsing import ParsedMail, parse
from app.mail.senders import customer_for, is_ours, language_of
from app.mail.threading import Token, token_in_address, token_in_id, verify
from bots.entities import find_entities
from conversations.handover import hand_to_queue
from conversations.models import BOT, EMAIL, Conversation
from conversations.noting import add_note
from conversations.opening import open_conversation
from conversations.posting import TEXT_LIMIT, post
from core.errors import WismoError
from core.people import SYSTEM, Actor
from core.text import is_blank, reference
from core.transactions import transaction
from orders.models import Order
from tickets.models import QUESTION, Ticket
from tickets.opening import open_ticket
from tickets.statuses import UNFINISHED

log = structlog.get_logger(__name__)

STORED, POSTED, MACHINE, DUPLICATE, QUARANTINED = "stored", "posted", "machine", "duplicate", "quarantined"
MAX_TOKENS = 100  # Message-IDs of a thread that are looked at
MAX_SUGGESTIONS = 3  # orders
# A mail that trips us must neither wait for ever nor hold up the next one of its sender: a person gets it unread.
_OUR_FAULTS = (WismoError, ValueError, TypeError, LookupError, ArithmeticError, AssertionError, AttributeError)
_WORDS_SHOWN = 7_000  # characters of a mail in one message


async def receive(mail_id: int, secret: bytes) -> None:
    """Read the stored mail and post it, begin a conversation with it, or set it aside as a machine's.

    Everything happens in one transaction with the row's change of state, so that a repeated job does nothing.
    """
    mail = await IncomingMail.get_or_none(id=mail_id)
    if mail is None or mail.state != STORED:
        return
    parsed = await asyncio.to_thread(parse, mail.content)
    try:
        await _receive(mail_id, parsed, secret)
    except _OUR_FAULTS as error:
        log.exception("mail_not_understood", mail=mail.public_id)
        await _receive(mail_id, ParsedMail(problem=type(error).__name__), secret)


async def _receive(mail_id: int, parsed: ParsedMail, secret: bytes) -> None:
    async with transaction():
        locked = await IncomingMail.filter(id=mail_id, state=STORED).select_for_update().first()
        if locked is None:
            return
        await locked.fetch_related("shop")
        locked.header_id = parsed.message_id[:500]
        await _deal_with(locked, parsed, secret)
        await locked.save(update_fields=["state", "error", "header_id", "conversation_id", "message_id"])
    log.info("mail_received", mail=locked.public_id, state=locked.state, sign=parsed.automatic, problem=parsed.problem)


async def _deal_with(mail: IncomingMail, parsed: ParsedMail, secret: bytes) -> None:
    if parsed.bounce is not None:
        mail.state, mail.error = MACHINE, "bounce"
        await note_bounce(mail, parsed.bounce, secret)
    elif sign := parsed.automatic or ("" if mail.sender else "null sender") or await _own(parsed):
        mail.state, mail.error = MACHINE, sign
    elif (first := await _twin(mail)) is not None:
        mail.state, mail.conversation_id, mail.message_id = DUPLICATE, first.conversation_id, first.message_id
    elif (conversation := await _thread(mail, parsed, secret)) is not None:
        mail.state = POSTED
        await _continue(mail, parsed, conversation)
    else:
        mail.state = POSTED if parsed.from_address and not parsed.problem else QUARANTINED
        mail.error = parsed.problem
        await _begin(mail, parsed, secret)


async def _own(parsed: ParsedMail) -> str:
    return "own address" if await is_ours(parsed.from_address) else ""


async def _twin(mail: IncomingMail) -> IncomingMail | None:
    """The same letter that came before on another way or under another of our addresses, with other Received lines."""
    if not mail.header_id:
        return None
    seen = IncomingMail.filter(shop_id=mail.shop_id, header_id=mail.header_id, sender=mail.sender, id__lt=mail.id)
    earlier = await seen.filter(state__in=[POSTED, QUARANTINED]).order_by("id").limit(5)
    return next((twin for twin in earlier if _body(twin.content) == _body(mail.content)), None)


def _body(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").partition(b"\n\n")[2]


async def _thread(mail: IncomingMail, parsed: ParsedMail, secret: bytes) -> Conversation | None:
    """The conversation that a token of ours names, if the sender is the customer it was made for."""
    tokens = [token_in_address(mail.recipient)]
    tokens += [token_in_id(header_id) for header_id in (*parsed.in_reply_to, *reversed(parsed.references))][:MAX_TOKENS]
    for token in dict.fromkeys(token for token in tokens if token is not None):
        conversation = await _named(token, mail, parsed, secret)
        if conversation is not None:
            return conversation
    return None


async def _named(token: Token, mail: IncomingMail, parsed: ParsedMail, secret: bytes) -> Conversation | None:
    if not parsed.from_address or not verify(secret, token, parsed.from_address):
        return None
    found = Conversation.filter(public_id=token.public_id, shop_id=mail.shop_id, customer__email=parsed.from_address)
    return await found.select_related("customer", "shop").first()


async def _continue(mail: IncomingMail, parsed: ParsedMail, conversation: Conversation) -> None:
    customer = Actor.of(conversation.customer)
    if conversation.channel == EMAIL and conversation.handler == BOT:
        await hand_to_queue(conversation.id, SYSTEM, "mail")
    await _post(mail, parsed, conversation, customer, parsed.reply_text)
    if not await Ticket.exists(conversation_id=conversation.id, status__in=UNFINISHED):
        await _open_ticket(parsed, conversation, customer)


async def _begin(mail: IncomingMail, parsed: ParsedMail, secret: bytes) -> None:
    assert mail.shop is not None
    language = language_of(parsed, mail.shop)
    customer = await customer_for(mail.shop, parsed, mail.sender, language)
    conversation = await open_conversation(
        mail.shop, customer, channel=EMAIL, language=language, subject=_subject(parsed, language)
    )
    await hand_to_queue(conversation.id, SYSTEM, "mail")
    actor = Actor.of(customer)
    await _post(mail, parsed, conversation, actor, parsed.reply_text)
    if len(parsed.text) > len(parsed.reply_text) + 20:
        await _note(conversation, mail, "whole", gettext("The whole mail:", language) + "\n\n" + parsed.text)
    ticket = await _open_ticket(parsed, conversation, actor)
    if mail.state == QUARANTINED:
        words = gettext(
            "This mail could not be read completely (%(problem)s). It is kept as it came: %(mail)s", language
        )
        problem = parsed.problem or gettext("no sender", language)
        await _note(conversation, mail, "unread", words % {"problem": problem, "mail": mail.public_id})
    await acknowledge(mail, parsed, conversation, customer, ticket, secret)


async def _post(mail: IncomingMail, parsed: ParsedMail, conversation: Conversation, author: Actor, text: str) -> None:
    language = conversation.language
    said = (words.strip() for words in (text, parsed.text) if not is_blank(words))
    words = next(said, gettext("(a mail without text)", language))
    shown = words if len(words) <= TEXT_LIMIT else words[:_WORDS_SHOWN] + " …"
    message = await post(conversation.id, author, shown, client_id=f"mail:{mail.digest[:56]}", channel=EMAIL)
    mail.conversation_id, mail.message_id = conversation.id, message.id
    if shown != words:
        words = gettext("The mail is longer than what is shown. It is kept as it came: %(mail)s", language)
        await _note(conversation, mail, "long", words % {"mail": mail.public_id})
    if parsed.attachments:
        files = "\n".join(f"- {file.name or file.type} ({file.size} B)" for file in parsed.attachments[:50])
        words = gettext("Files in the mail, kept with it (%(mail)s):", language) % {"mail": mail.public_id}
        await _note(conversation, mail, "files", f"{words}\n{files}")


async def _note(conversation: Conversation, mail: IncomingMail, what: str, text: str) -> None:
    await add_note(conversation.id, None, text[:TEXT_LIMIT], f"mail:{mail.public_id}:{what}")


async def _open_ticket(parsed: ParsedMail, conversation: Conversation, author: Actor) -> Ticket:
    return await open_ticket(
        conversation.id,
        QUESTION,
        author,
        subject=conversation.subject or _subject(parsed, conversation.language),
        summary=parsed.reply_text[:1000],
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
    if not parsed.from_address or parsed.problem:
        return parsed.subject or gettext("Mail we could not read", language)
    return parsed.subject or gettext("Mail without a subject", language)
