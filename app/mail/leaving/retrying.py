"""A mail that has failed is sent once more: the same mail, under the same Message-ID."""

from app.mail.holding import hear_from
from app.mail.leaving.journal import RETRIED, note_try
from app.mail.leaving.sending import pending_of
from app.mail.leaving.writing import SEND_ATTEMPTS
from app.mail.models import OutgoingMail
from conversations.access import require_access
from conversations.models import Message
from core.errors import Conflict, NotFound
from core.ids import as_id, new_id
from core.jobs import enqueue
from core.people import Actor, Agent
from core.transactions import transaction


async def retry(agent: Agent, public_id: str) -> OutgoingMail:
    """Queue a failed mail again, for whoever does not have it. Raises NotFound, Conflict (not_failed, content_gone)."""
    found = await OutgoingMail.get_or_none(public_id=as_id(public_id)).only("id", "conversation_id")
    if found is None or found.conversation_id is None:
        raise NotFound("no such mail")
    await require_access(Actor.of(agent), found.conversation_id)
    async with transaction():
        mail = await OutgoingMail.filter(id=found.id).select_for_update().get()
        if mail.state != "failed":
            raise Conflict("it has not failed", code="not_failed")
        if not mail.content:
            raise Conflict("its content is not kept any more", code="content_gone")
        mail.state, mail.attempts, mail.error = "queued", 0, None
        if mail.pending == []:  # all had taken it, and it came back from the one it was written to
            mail.pending = [mail.recipient]
        mail.job_key = f"mail.send:{mail.id}:{new_id('try')}"  # the old job may still be about to end
        await mail.save(update_fields=["state", "attempts", "error", "pending", "job_key"])
        if mail.message_id is not None:
            await Message.filter(id=mail.message_id).update(state="sent")
        for address in pending_of(mail):  # somebody knows better
            await hear_from(mail.shop_id, address)
        await note_try(mail, RETRIED, agent.name)
        await enqueue("mail.send", {"outgoing_mail": mail.id}, key=mail.job_key, max_attempts=SEND_ATTEMPTS)
    return mail
