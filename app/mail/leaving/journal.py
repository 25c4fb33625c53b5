"""The log of a mail that leaves: each try, and what came of it."""

from app.mail.models import OutgoingMail, OutgoingTry
from core.clock import now
from core.text import clean

SENT, DEFERRED, REFUSED, EXPIRED, BOUNCED, RETRIED = "sent", "deferred", "refused", "expired", "bounced", "retried"


async def note_try(mail: OutgoingMail, outcome: str, detail: str = "", *, recipient: str = "") -> None:
    """Add a line to the log of `mail`."""
    await OutgoingTry.create(
        mail_id=mail.id,
        recipient=recipient[:320],
        outcome=outcome,
        detail=clean(detail, limit=1000),
        at=now(),
    )
