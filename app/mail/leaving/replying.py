"""What the desk says in a conversation that came by mail leaves as mail, in the right thread."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.files.storage import Storage
from app.i18n import gettext
from app.mail.holding import may_answer_by_itself
from app.mail.leaving.addressing import Addressing, addressing_of
from app.mail.leaving.cards import card_for
from app.mail.leaving.composing import REPLIED, Mailbox, is_address, reply_subject
from app.mail.leaving.enclosing import enclosures_of
from app.mail.leaving.quoting import Quoted, quoted
from app.mail.leaving.writing import Dispatch, queue_letter
from app.mail.models import IncomingMail, OutgoingMail
from app.mail.participants import COPIED, add_participants
from conversations.models import AGENT, EMAIL, Conversation, Message
from conversations.noting import add_note
from core.transactions import transaction

_THREAD = 50  # mails of a conversation that are looked at


async def reply(
    message_id: int, secret: bytes, storage: Storage | None = None, *, site: str = ""
) -> OutgoingMail | None:
    """Queue the mail for a message of an agent, the bot or the system; once, however often it is asked for.

    It goes to whom its agent chose, else to the customer. None when the conversation is none by mail, the customer
    wrote the message, or nobody can be written to. `site` is where our pages are: what no person wrote can be stopped
    there.
    """
    message = await Message.get_or_none(id=message_id).select_related("conversation__customer", "conversation__shop")
    if message is None or message.author_kind == "customer" or message.conversation.channel != EMAIL:
        return None
    conversation, by_person = message.conversation, message.author_kind == AGENT
    choice = addressing_of(message) or Addressing(quote=by_person)
    to, cc = _recipients(choice, conversation)
    if not to:
        return None
    if not by_person:
        async with transaction():
            if not await _may_leave(message, to[0].address):
                return None
    others = [(box.name, box.address) for box in (*to, *cc) if not _is_customer(box, conversation)]
    await add_participants(conversation.id, others, COPIED, message.author_id if by_person else None)
    letter = await _letter(message, choice, to, cc, storage)
    return await queue_letter(letter if by_person else replace(letter, stop_at=site), secret=secret)


async def _letter(
    message: Message, choice: Addressing, to: Sequence[Mailbox], cc: Sequence[Mailbox], storage: Storage | None
) -> Dispatch:
    """What leaves for the message. Its pictures stand under the words."""
    conversation, by_person = message.conversation, message.author_kind == AGENT
    last, thread = await _thread(conversation)
    ids = [message.id] if message.attachments else []
    enclosures, pictures, missing = await enclosures_of(ids, storage, shown=True)
    author = message.author_name if by_person else ""
    context = {
        "text": message.text,
        "author": author,
        "subject": _subject(conversation),
        "quoted": await _answered(message) if choice.quote else None,
        "pictures": pictures,
        "missing": missing,
        "order": await card_for(conversation, message, [*to, *cc]) if by_person else None,
    }
    return Dispatch(
        shop=conversation.shop,
        template="reply",
        context=context,
        language=message.language,
        key=f"message:{message.id}",
        to=to,
        cc=cc,
        conversation=conversation,
        message=message,
        in_reply_to=last,
        references=thread,
        author=author,
        automatic="" if by_person else REPLIED,
        enclosures=enclosures,
        identity=choice.identity,
    )


async def give_up_replying(message_id: int) -> None:
    """No letter could be written for a message: it has failed, and the desk hears of it."""
    message = await Message.get_or_none(id=message_id)
    if message is None or await OutgoingMail.exists(key=f"message:{message_id}"):
        return
    async with transaction():
        await Message.filter(id=message_id).update(state="failed")
        words = gettext(_("This reply couldn’t be sent by email: %(text)s"), message.language)
        text = words % {"text": message.text[:200]}
        await add_note(message.conversation_id, None, text, f"mail:unwritten:{message_id}")


async def _may_leave(message: Message, address: str) -> bool:
    """Whether a machine's answer may leave by mail; otherwise its message says that it did not."""
    key = f"message:{message.id}"
    if await OutgoingMail.exists(key=key):
        return True
    if await may_answer_by_itself(message.conversation.shop_id, address, message.conversation_id):
        return True
    await Message.filter(id=message.id).update(state="failed")
    return False


def _recipients(choice: Addressing, conversation: Conversation) -> tuple[list[Mailbox], list[Mailbox]]:
    """To and Cc, the customer first: the token of the reply address is made for whoever stands there."""
    customer = Mailbox(conversation.customer.name, conversation.customer.email or "")
    usual = [customer] if is_address(customer.address) else []
    to = sorted(choice.to or usual, key=lambda box: not _is_customer(box, conversation))
    return to, list(choice.cc)


def _is_customer(box: Mailbox, conversation: Conversation) -> bool:
    return box.address.lower() == (conversation.customer.email or "").lower()


def _subject(conversation: Conversation) -> str:
    return reply_subject(conversation.subject) if conversation.subject else ""


async def _answered(message: Message) -> Quoted | None:
    """The customer's newest words before the answer."""
    before = Message.filter(
        conversation_id=message.conversation_id, author_kind="customer", number__lt=message.number
    ).order_by("-number")
    asked = await before.first()
    if asked is None or not asked.text:
        return None
    name = asked.author_name or message.conversation.customer.name
    return quoted(name, asked.created_at, asked.text, message.conversation.shop.timezone, message.language)


async def _thread(conversation: Conversation) -> tuple[str, list[str]]:
    """The Message-ID of the customer's newest mail, and those of all mails of the conversation in order of time.

    What was forwarded to others is no part of it.
    """
    of = {"conversation_id": conversation.id}
    came: Any = await (
        IncomingMail.filter(state="posted", message_id__isnull=False, **of)
        .order_by("-id").limit(_THREAD).values_list("received_at", "header_id")
    )  # fmt: skip
    left: Any = await (
        OutgoingMail.filter(**of).exclude(kind="forward")
        .order_by("-id").limit(_THREAD).values_list("created_at", "header_id")
    )  # fmt: skip
    last = next((header_id for _, header_id in came if header_id), "")
    return last, [header_id for _, header_id in sorted([*came, *left]) if header_id and header_id != last]


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message
