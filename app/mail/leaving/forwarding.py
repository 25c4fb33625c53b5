"""An agent shows messages of a conversation to a third party: a warehouse, a carrier.

The customer learns nothing of it: what is forwarded and what the third party answers stand in notes.
"""

from collections.abc import Sequence
from typing import Any

from app.files.storage import Storage
from app.i18n import gettext
from app.mail.forward_models import UNWRITTEN, HeldForward
from app.mail.leaving.addressing import FORWARD, Addressing, check_addressing, from_data
from app.mail.leaving.composing import forward_subject
from app.mail.leaving.enclosing import enclosures_of
from app.mail.leaving.quoting import Quoted, longest_that_fit, quoted
from app.mail.leaving.writing import Dispatch, queue_letter
from app.mail.models import OutgoingMail
from app.mail.participants import THIRD_PARTY, add_participants
from conversations.access import require_access
from conversations.models import Conversation, Message, Note
from conversations.noting import add_note
from core.errors import Invalid
from core.jobs import enqueue
from core.people import Actor, Agent
from core.text import clean
from core.transactions import transaction

TEXT_LIMIT = 6000  # characters: the note holds who got it, too


async def forward(conversation_id: int, agent: Agent, text: str, addressing: Addressing, *, client_id: str) -> Note:
    """Send `text` and the messages that `addressing` names to third parties, with their files; note it for the desk.

    A resend with the same client id returns the first note. Raises NotFound, Invalid (bad_mode, forward_too_long,
    message_gone, nothing_to_forward and what `check_addressing` raises).
    """
    async with transaction():
        words, wanted, messages = await check_forward(conversation_id, agent, text, addressing)
        note = await add_note(conversation_id, agent, _note(wanted, messages, words, agent.language), client_id)
        args = {"note": note.id, "text": words, "addressing": wanted.as_data()}
        await enqueue("mail.forward", args, key=f"mail.forward:{note.id}")
        people = [(box.name, box.address) for box in (*wanted.to, *wanted.cc)]
        await add_participants(conversation_id, people, THIRD_PARTY, agent.id)
    return note


async def check_forward(
    conversation_id: int, agent: Agent, text: str, addressing: Addressing
) -> tuple[str, Addressing, list[Message]]:
    """The words, the choice and the messages as they would leave now. Raises as `forward` does."""
    if addressing.mode != FORWARD:
        raise Invalid("a forwarded mail", code="bad_mode")
    words = clean(text, limit=TEXT_LIMIT + 1)
    if len(words) > TEXT_LIMIT:
        raise Invalid("at most 6,000 characters", code="forward_too_long", limit=TEXT_LIMIT)
    if not words.strip() and not addressing.numbers:
        raise Invalid("nothing to forward", code="nothing_to_forward")
    await require_access(Actor.of(agent), conversation_id)
    conversation = await Conversation.get(id=conversation_id).select_related("customer")
    wanted = await check_addressing(conversation, addressing)
    return words, wanted, await _chosen(conversation_id, wanted.numbers)


async def send_forward(
    note_id: int, text: str, addressing: Any, secret: bytes, storage: Storage | None = None
) -> OutgoingMail:
    """Queue the mail that a note tells of; once, however often it is asked for."""
    note = await Note.get(id=note_id).select_related("agent", "conversation__shop", "conversation__customer")
    conversation, choice = note.conversation, from_data(addressing)
    messages = await _chosen(conversation.id, choice.numbers)
    ids = [message.id for message in messages if message.attachments]
    enclosures, _pictures, missing = await enclosures_of(ids, storage)
    author, before = note.agent.name if note.agent else "", OutgoingMail.filter(conversation_id=conversation.id)
    same: Any = before.filter(kind=FORWARD, recipient=choice.to[0].address).order_by("id").limit(20)
    context = {
        "text": text,
        "author": author,
        "subject": _subject(conversation),
        "quoted": longest_that_fit([_quoted(message, conversation) for message in messages]),
        "missing": missing,
    }
    letter = Dispatch(
        shop=conversation.shop,
        template=FORWARD,
        context=context,
        language=conversation.language,
        key=f"note:{note.public_id}",
        to=choice.to,
        cc=choice.cc,
        conversation=conversation,
        references=await same.values_list("header_id", flat=True),
        author=author,
        automatic="",
        enclosures=enclosures,
        identity=choice.identity,
    )
    return await queue_letter(letter, secret=secret)


async def give_up_forward(note_id: int) -> None:
    """No letter could be written for what a note says was forwarded: another note says so."""
    note = await Note.get_or_none(id=note_id).select_related("conversation")
    if note is None or await OutgoingMail.exists(key=f"note:{note.public_id}"):
        return
    await HeldForward.filter(note_id=note.id).update(state=UNWRITTEN)
    text = gettext(_("This couldn’t be forwarded by email: %(text)s"), note.conversation.language)
    await add_note(note.conversation_id, None, text % {"text": note.text[:200]}, f"mail:unwritten:{note.public_id}")


async def _chosen(conversation_id: int, numbers: Sequence[int]) -> list[Message]:
    rows = await Message.filter(conversation_id=conversation_id, number__in=list(numbers)).order_by("number")
    if len(rows) != len(set(numbers)):
        raise Invalid("a message is not there (any more)", code="message_gone")
    return rows


def _note(wanted: Addressing, messages: Sequence[Message], words: str, language: str) -> str:
    """For the desk: who got what."""
    people = ", ".join(str(box) for box in (*wanted.to, *wanted.cc))
    lines = [gettext(_("Forwarded by email to %(people)s"), language) % {"people": people}]
    if messages:
        numbers = ", ".join(f"#{message.number}" for message in messages)
        lines.append(gettext(_("Messages: %(numbers)s"), language) % {"numbers": numbers})
    if files := [file["name"] for message in messages for file in message.attachments or ()]:
        lines.append(gettext(_("Files: %(names)s"), language) % {"names": ", ".join(files)[:500]})
    return "\n".join(lines) + (f"\n\n{words}" if words.strip() else "")


def _quoted(message: Message, conversation: Conversation) -> Quoted:
    """A name, never an address: whose it is, is the customer's to tell."""
    language = conversation.language
    names = {"bot": gettext(_("Assistant"), language), "customer": conversation.customer.name}
    name = names.get(message.author_kind) or message.author_name or conversation.shop.name
    if "@" in name:
        name = gettext(_("Customer"), language)
    return quoted(name, message.created_at, message.text, conversation.shop.timezone, language)


def _subject(conversation: Conversation) -> str:
    subject = conversation.subject or gettext(_("A question from %(shop)s"), conversation.language) % {
        "shop": conversation.shop.name
    }
    return forward_subject(subject)


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message
