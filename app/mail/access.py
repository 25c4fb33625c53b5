"""Mails are reached through the agent: what is not there and what is another shop's look alike."""

from collections.abc import Collection

from app.mail.models import IncomingMail
from core.errors import NotFound
from core.ids import as_id
from core.people import AGENT, Agent, shop_ids_of
from core.sql import fetch

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

    What came into no conversation (machine mail, what nobody could read yet) is for who looks after the desk.
    """
    mails = IncomingMail.filter(public_id=as_id(public_id), shop_id__in=await shop_ids_of(agent))
    if agent.role == AGENT:
        mails = mails.filter(conversation_id__isnull=False)
    mail = await mails.only(*ENVELOPE, *columns).first()
    if mail is None or not agent.active:
        raise NotFound("no such mail")
    return mail


async def mails_for(
    agent: Agent, states: Collection[str], *, sender: str = "", before: int | None = None, limit: int = 50
) -> list[IncomingMail]:
    """Mails of the agent's shops in these states, newest first, below the row `before`; their envelopes alone.

    `sender` must stand in the envelope's sender.
    """
    found = IncomingMail.filter(shop_id__in=await shop_ids_of(agent), state__in=list(states))
    if sender:
        found = found.filter(sender__icontains=sender)
    if before is not None:
        found = found.filter(id__lt=before)
    return await found.order_by("-id").limit(limit).only(*ENVELOPE)


async def source_of(mail: IncomingMail, most: int) -> tuple[int, bytes]:
    """How many bytes the mail has, and the first `most` of them."""
    [row] = await fetch(_SOURCE, id=mail.id, most=most)
    return int(row["size"]), bytes(row["head"])


_SOURCE = "SELECT LENGTH(content) AS size, SUBSTR(content, 1, {most}) AS head FROM incoming_mail WHERE id = {id}"
