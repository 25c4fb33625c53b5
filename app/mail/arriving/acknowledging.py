"""The automatic answer to a first mail: a ticket number and an honest time, and not one of the sender's words."""

from datetime import timedelta

from app.mail.holding import may_answer_by_itself
from app.mail.leaving.composing import Mailbox, is_address
from app.mail.leaving.writing import Dispatch, queue_letter
from app.mail.models import IncomingMail, OutgoingMail
from app.mail.reading.parsing import ParsedMail
from conversations.models import Conversation
from core.clock import now
from core.people import Customer
from tickets.models import Ticket

KEY = "acknowledgement:"
ONCE = timedelta(days=1)  # per sender
PER_DOMAIN, PER_SHOP = 60, 600  # an hour: nobody can use us to flood others


async def acknowledge(
    mail: IncomingMail,
    parsed: ParsedMail,
    conversation: Conversation,
    customer: Customer,
    ticket: Ticket,
    secret: bytes,
) -> OutgoingMail | None:
    """Queue the answer, unless nobody would read it or the limits are reached. The caller has a transaction open."""
    recipient = customer.email or ""
    if parsed.machine or parsed.unanswerable or recipient != parsed.from_address or not is_address(recipient):
        return None
    shop = mail.shop
    assert shop is not None
    if await _is_enough(mail, recipient) or not await may_answer_by_itself(shop.id, recipient, conversation.id):
        return None
    letter = Dispatch(
        shop=shop,
        to=(Mailbox("", recipient),),
        template="acknowledgement",
        context={"ticket": ticket.number, "by": ticket.first_reply_due_at, "timezone": shop.timezone},
        language=conversation.language,
        key=f"{KEY}{mail.public_id}",
        conversation=conversation,
        in_reply_to=parsed.message_id,
        references=(*parsed.references, parsed.message_id),
    )
    return await queue_letter(letter, secret=secret)


async def _is_enough(mail: IncomingMail, recipient: str) -> bool:
    sent = OutgoingMail.filter(shop_id=mail.shop_id, key__startswith=KEY)
    if await sent.filter(recipient=recipient, created_at__gt=now() - ONCE).exists():
        return True
    lately = sent.filter(created_at__gt=now() - timedelta(hours=1))
    domain = recipient.rpartition("@")[2]
    return (
        await lately.filter(recipient__endswith=f"@{domain}").count() >= PER_DOMAIN or await lately.count() >= PER_SHOP
    )
