"""What a mail seems to belong to is said to the desk and decided by a person; nothing is joined by a guess."""

import re

from app.mail.leaving.composing import reply_subject
from app.mail.models import BELONGS, IncomingMail, MailSuggestion, OutgoingMail
from app.mail.reading.authentication import FAIL
from app.mail.reading.parsing import ParsedMail
from app.mail.threading import same_address
from conversations.models import Conversation
from core.clock import now
from core.ids import new_id
from tickets.models import Ticket
from tickets.statuses import UNFINISHED

TOKEN, REFERENCE, NUMBER, SUBJECT = "token", "reference", "number", "subject"
_MOST = 50  # ids of a thread, conversations of a customer
_NUMBER = re.compile(r"(?<![\w.])[#№]?([1-9][0-9]{2,9})(?![\w.])")


async def suggest_place(
    mail: IncomingMail, parsed: ParsedMail, conversation: Conversation, named: Conversation | None
) -> None:
    """Note where the mail that began `conversation` seems to belong: what a token in a strange hand names, else another
    conversation of the same customer. The caller has a transaction open.
    """
    target, why = (named.id, TOKEN) if named is not None else (None, "")
    if target is None and mail.sender_check != FAIL:
        target, why = await _likely(mail, parsed, conversation)
    if target is None or target == conversation.id:
        return
    await MailSuggestion.create(
        public_id=new_id("mls"),
        kind=BELONGS,
        why=why,
        mail_id=mail.id,
        conversation_id=conversation.id,
        target_id=target,
        address=same_address(parsed.from_address)[:320],
        name=parsed.from_name[:200],
        created_at=now(),
    )


async def _likely(mail: IncomingMail, parsed: ParsedMail, conversation: Conversation) -> tuple[int | None, str]:
    """Another conversation of this customer: by the mail that is answered, a ticket's number, or the same subject."""
    own = {"conversation__customer_id": conversation.customer_id}
    thread = [header_id[:500] for header_id in (*parsed.in_reply_to, *parsed.references)][-_MOST:]
    for mails in (OutgoingMail, IncomingMail) if thread else ():
        answered = mails.filter(header_id__in=thread, shop_id=mail.shop_id, **own)
        found = await answered.exclude(id=mail.id if mails is IncomingMail else 0).order_by("-id").only(*_PLACE).first()
        if found is not None:
            return found.conversation_id, REFERENCE
    tickets = Ticket.filter(shop_id=mail.shop_id, **own).exclude(conversation_id=conversation.id).order_by("-id")
    numbers = [int(number) for number in _NUMBER.findall(parsed.subject)][:5]
    if numbers and (ticket := await tickets.filter(number__in=numbers).first()) is not None:
        return ticket.conversation_id, NUMBER
    if parsed.subject.strip():
        working = tickets.filter(status__in=UNFINISHED).limit(_MOST)
        for other, subject in await working.values_list("conversation_id", "conversation__subject"):
            if subject and reply_subject(subject).lower() == reply_subject(parsed.subject).lower():
                return other, SUBJECT
    return None, ""


_PLACE = ("id", "conversation_id")
