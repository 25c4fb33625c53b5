"""Handing the outbox to the world: one try of one mail, and what its log says afterwards."""

import structlog

from app.gateways.mail import MailDeferred, Mailer, MailRefused
from app.mail.arriving.bouncing import mark_failed
from app.mail.leaving.writing import SEND_ATTEMPTS
from app.mail.models import OutgoingMail
from core.clock import now
from core.transactions import transaction

log = structlog.get_logger(__name__)

QUEUED, SENT = "queued", "sent"


async def send(outgoing_id: int, mailer: Mailer) -> None:
    """Try once. Raises MailDeferred when it is worth another try; what was sent or has failed is left alone.

    Should the process die between the server's yes and ours, the mail goes out twice under one Message-ID.
    """
    mail = await OutgoingMail.get_or_none(id=outgoing_id)
    if mail is None or mail.state != QUEUED:
        return
    mail.attempts += 1
    await mail.save(update_fields=["attempts"])
    try:
        await mailer.send(mail.sender, mail.recipient, mail.content)
    except MailRefused as error:
        await _give_up(mail, error.detail)
    except MailDeferred as error:
        if mail.attempts >= SEND_ATTEMPTS:
            await _give_up(mail, error.detail)
            return
        mail.error = error.detail[:2000]
        await mail.save(update_fields=["error"])
        raise
    else:
        mail.state, mail.sent_at, mail.error = SENT, now(), None
        await mail.save(update_fields=["state", "sent_at", "error"])
        log.info("mail_sent", mail=mail.public_id, attempts=mail.attempts)


async def _give_up(mail: OutgoingMail, error: str) -> None:
    async with transaction():
        await mark_failed(mail, error)
    log.warning("mail_failed", mail=mail.public_id, attempts=mail.attempts, error=error)
