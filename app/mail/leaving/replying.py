"""What the desk says in a conversation that came by mail leaves as mail, in the right thread."""

from app.mail.leaving.composing import is_address, reply_subject
from app.mail.leaving.writing import queue_letter
from app.mail.models import IncomingMail, OutgoingMail
from conversations.models import AGENT, EMAIL, Conversation, Message
from core.transactions import transaction

_THREAD = 50  # mails of a conversation that are looked at


async def reply(message_id: int, secret: bytes) -> OutgoingMail | None:
    """Queue the mail for a message of an agent, the bot or the system; once, however often it is asked for.

    None when the conversation is none by mail, the customer wrote the message, or nobody can be written to.
    """
    message = await Message.get_or_none(id=message_id).select_related("conversation__customer", "conversation__shop")
    if message is None or message.author_kind == "customer":
        return None
    conversation = message.conversation
    recipient = conversation.customer.email or ""
    if conversation.channel != EMAIL or not is_address(recipient):
        return None
    by_person = message.author_kind == AGENT
    async with transaction():
        last, thread = await _thread(conversation)
        return await queue_letter(
            conversation.shop,
            recipient,
            "reply",
            {
                "text": message.text,
                "author": message.author_name if by_person else "",
                "subject": _subject(conversation),
            },
            message.language,
            secret=secret,
            key=f"message:{message.id}",
            conversation=conversation,
            message=message,
            in_reply_to=last,
            references=thread,
            to_name=conversation.customer.name,
            from_name=f"{message.author_name} ({conversation.shop.name})" if by_person else "",
            automatic=not by_person,
        )


def _subject(conversation: Conversation) -> str:
    return reply_subject(conversation.subject) if conversation.subject else ""


async def _thread(conversation: Conversation) -> tuple[str, list[str]]:
    """The Message-ID of the customer's newest mail, and those of all mails of the conversation in order of time."""
    came = await IncomingMail.filter(conversation_id=conversation.id, state="posted").order_by("-id").limit(_THREAD)
    left = await OutgoingMail.filter(conversation_id=conversation.id).order_by("-id").limit(_THREAD)
    mails = sorted(
        [(mail.received_at, mail.header_id) for mail in came] + [(mail.created_at, mail.header_id) for mail in left]
    )
    last = next((mail.header_id for mail in came if mail.header_id), "")
    return last, [header_id for _, header_id in mails if header_id and header_id != last]
