"""Whose turn it is to read a mailbox, and how it went: one process at a time, with growing pauses after failures."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from tortoise.expressions import F, Q

from app.mail.mailbox_models import Mailbox
from core.bundles import Bundle, Later
from core.clock import now

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
RENEW_SECONDS = 20.0
ALARM = timedelta(minutes=15)  # so long a mailbox may fail before the desk is told
_FAILING = "SELECT COUNT(*) AS found FROM mailbox WHERE shop_id IN ({shops}) AND enabled AND failing_since <= {since}"
_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
_REFUSED_PAUSE, _LONGEST_REFUSED = timedelta(minutes=1), timedelta(minutes=15)  # wrong passwords lock accounts


async def due() -> list[Mailbox]:
    """The mailboxes that somebody should read and nobody does, without their credentials."""
    moment = now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=moment)
    ready = Q(not_before__isnull=True) | Q(not_before__lte=moment)
    return await Mailbox.filter(free, ready, enabled=True).order_by("id").only("id", "public_id")


async def take_turn(mailbox_id: int) -> Mailbox | None:
    """The mailbox, ours until `end_turn` or until the lease runs out; None when somebody else was faster."""
    token, moment = secrets.token_hex(16), now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=moment)
    changes = {"lease": token, "lease_until": moment + LEASE}
    if not await Mailbox.filter(free, id=mailbox_id, enabled=True).update(**changes):
        return None
    return await Mailbox.get_or_none(id=mailbox_id, lease=token).select_related("shop")


async def keep_turn(mailbox: Mailbox) -> bool:
    """Hold it for longer. False: it was changed, paused, removed, or is another's by now; stop reading."""
    ours = Mailbox.filter(id=mailbox.id, lease=mailbox.lease, revision=mailbox.revision, enabled=True)
    return bool(await ours.update(lease_until=now() + LEASE))


async def hold_turn(mailbox: Mailbox) -> None:
    """Keep it ours; ends when it is not any more. A database that is away is asked again."""
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            if not await keep_turn(mailbox):
                return
        except Exception:
            log.exception("mailbox_lease_not_renewed", mailbox=mailbox.public_id)


async def end_turn(mailbox: Mailbox) -> None:
    """Let others read it."""
    await Mailbox.filter(id=mailbox.id, lease=mailbox.lease).update(lease=None, lease_until=None)


async def note_success(mailbox: Mailbox) -> None:
    """The server answered, and everything it has is here."""
    await Mailbox.filter(id=mailbox.id, revision=mailbox.revision).update(
        last_success_at=now(), failures=0, failing_since=None, last_error=None, last_error_detail=None, not_before=None
    )


async def note_failure(mailbox: Mailbox, code: str, detail: str, *, refused: bool) -> datetime:
    """It did not work. Returns when to try again: pauses double, and are longer when the account was refused."""
    first, longest = (_REFUSED_PAUSE, _LONGEST_REFUSED) if refused else (_PAUSE, _LONGEST_PAUSE)
    pause = min(first * (1 << min(mailbox.failures, 10)), longest)
    moment = now()
    again = moment + pause * (0.75 + secrets.randbelow(128) / 256)
    await Mailbox.filter(id=mailbox.id, revision=mailbox.revision).update(
        failures=F("failures") + 1,
        failing_since=mailbox.failing_since or moment,
        last_error=code,
        last_error_detail=detail[:300] or None,
        not_before=again,
    )
    return again


def failing_count_in(bundle: Bundle, shop_ids: Sequence[int]) -> Later[int]:
    """How many mailboxes of these shops have failed for so long that somebody must look; part of a bundle."""
    rows = bundle.table("found", _FAILING, shops=list(shop_ids), since=now() - ALARM)
    return lambda: int(rows[0]["found"])


async def failing_count() -> int:
    """The same of the whole desk."""
    return await Mailbox.filter(enabled=True, failing_since__lte=now() - ALARM).count()


def is_alarming(mailbox: Mailbox, moment: datetime) -> bool:
    """Whether it has failed for so long that somebody must look."""
    return bool(mailbox.enabled and mailbox.failing_since and moment - mailbox.failing_since >= ALARM)
