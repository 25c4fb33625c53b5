"""What became of the mails that left: a log of tries, and one answer for the desk in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.mail.leaving.failures import failure_of
from app.mail.models import OutgoingMail, OutgoingTry
from core.clock import now
from core.jobs import Job
from core.text import clean

SENT, DEFERRED, REFUSED, EXPIRED, BOUNCED, RETRIED = "sent", "deferred", "refused", "expired", "bounced", "retried"
MOST_TRIES = 20  # that are shown of one mail
_COLUMNS = (
    "id", "public_id", "key", "message_id", "state", "attempts", "recipient", "to", "cc", "error", "kind", "subject",
    "created_at", "sent_at", "job_key",
)  # fmt: skip  # never the content


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How one mail fares. `failure` is a code that `failures.words_of` puts into words."""

    mail: str  # public id
    kind: str
    state: str  # queued · sent · failed
    attempts: int
    to: tuple[tuple[str, str], ...]  # (name, address)
    cc: tuple[tuple[str, str], ...]
    subject: str
    error: str  # the last server's own words
    failure: str
    created_at: datetime
    sent_at: datetime | None
    next_at: datetime | None  # of the next try
    tries: tuple[OutgoingTry, ...]  # oldest first

    @property
    def can_retry(self) -> bool:
        """Whether `retrying.retry` may be asked for."""
        return self.state == "failed"


async def note_try(mail: OutgoingMail, outcome: str, detail: str = "", *, recipient: str = "") -> None:
    """Add a line to the log of `mail`."""
    await OutgoingTry.create(
        mail_id=mail.id,
        recipient=recipient[:320],
        outcome=outcome,
        detail=clean(detail, limit=1000),
        at=now(),
    )


async def delivery_of(message_ids: Iterable[int]) -> dict[int, Delivery]:
    """How the mails of these messages fare, by message id. Three queries."""
    wanted = list(message_ids)
    mails = await OutgoingMail.filter(message_id__in=wanted).order_by("id").only(*_COLUMNS) if wanted else []
    return {
        mail.message_id: delivery
        for mail, delivery in zip(mails, await _deliveries(mails), strict=True)
        if mail.message_id is not None
    }


async def _deliveries(mails: list[OutgoingMail]) -> list[Delivery]:
    if not mails:
        return []
    tries: dict[int, list[OutgoingTry]] = defaultdict(list)
    newest = OutgoingTry.filter(mail_id__in=[mail.id for mail in mails]).order_by("-id")
    for row in await newest.limit(MOST_TRIES * len(mails)):
        tries[row.mail_id].append(row)
    waiting = {_job_key(mail) for mail in mails if mail.state == "queued"}
    due = {job.key: job.run_at for job in await Job.filter(key__in=list(waiting)).only("id", "key", "run_at")}
    return [_delivery(mail, tries[mail.id][:MOST_TRIES][::-1], due.get(_job_key(mail))) for mail in mails]


def _delivery(mail: OutgoingMail, tries: list[OutgoingTry], next_at: datetime | None) -> Delivery:
    error = mail.error or ""
    return Delivery(
        mail=mail.public_id,
        kind=mail.kind,
        state=mail.state,
        attempts=mail.attempts,
        to=_people(mail.to) or (("", mail.recipient),),
        cc=_people(mail.cc),
        subject=mail.subject,
        error=error,
        failure=failure_of(error) if error else "",
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        next_at=next_at,
        tries=tuple(tries),
    )


def _job_key(mail: OutgoingMail) -> str:
    return mail.job_key or f"mail.send:{mail.id}"


def _people(boxes: list[list[str]] | None) -> tuple[tuple[str, str], ...]:
    return tuple((name, address) for name, address in boxes or ())
