"""The bytes of mails that left long ago are forgotten: what was said, to whom and how it went stays."""

from datetime import timedelta
from typing import Any

from app.mail.models import OutgoingMail
from core.clock import now

KEPT = timedelta(days=90)
LOOKED_BACK = timedelta(days=60)  # before that, for desks that stood still; older ones were done
AT_ONCE = 200


async def forget_contents(older_than: timedelta = KEPT) -> int:
    """Empty the contents of mails that were sent so long ago. Returns how many. May be repeated."""
    end = now() - older_than
    old = OutgoingMail.filter(state="sent", created_at__lt=end, created_at__gte=end - LOOKED_BACK).exclude(content=b"")
    done = 0
    while ids := await _some(old):
        done += await OutgoingMail.filter(id__in=ids).update(content=b"")
    return done


async def _some(old: Any) -> list[int]:
    return [int(found) for found in await old.order_by("id").limit(AT_ONCE).values_list("id", flat=True)]
