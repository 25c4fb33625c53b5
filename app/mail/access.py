"""Mails are reached through the agent: what is not there and what is another shop's look alike."""

from app.mail.models import IncomingMail
from core.errors import NotFound
from core.ids import as_id
from core.people import ADMIN, Agent, shop_ids_of

# Never the bytes, which may be 25 MiB, and of what was read only what a page asks for.
ENVELOPE = (
    "id",
    "public_id",
    "sender",
    "recipient",
    "header_id",
    "state",
    "sender_check",
    "error",
    "headers",
    "received_at",
    "shop_id",
    "conversation_id",
    "message_id",
)


async def mail_for(agent: Agent, public_id: str, *columns: str) -> IncomingMail:
    """A mail of one of the agent's shops, with these `columns` beside its envelope. Raises NotFound.

    What came into no conversation (machine mail, what nobody could read yet) is for administrators alone.
    """
    mails = IncomingMail.filter(public_id=as_id(public_id), shop_id__in=await shop_ids_of(agent))
    if agent.role != ADMIN:
        mails = mails.filter(conversation_id__isnull=False)
    mail = await mails.only(*ENVELOPE, *columns).first()
    if mail is None or not agent.active:
        raise NotFound("no such mail")
    return mail
