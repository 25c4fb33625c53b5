"""Connections to shops whose orders are fetched: making them, whose turn it is, and how the last run went."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tortoise.expressions import F, Q

from core import audit
from core.clock import now
from core.ids import new_id
from core.people import Actor
from core.shops import Shop
from core.transactions import transaction
from orders.feeds import FeedTrouble
from orders.models import Connection

LEASE = timedelta(minutes=3)  # longer than one answer may take, with its repetitions
NIGHT = range(2, 6)  # hours in the shop's time zone
_DAILY, _OVERDUE = timedelta(hours=20), timedelta(hours=36)
_PAUSE, _LONGEST_PAUSE = timedelta(minutes=10), timedelta(hours=6)


async def connect_shop(
    shop: Shop, platform: str, address: str, credentials: Mapping[str, str], actor: Actor, *, acts: bool = False
) -> Connection:
    """Connect `shop`, or give its connection a new address and credentials. Audited, without the credentials.

    `acts`: the credentials may write, and the desk is to hold, cancel and readdress orders there.
    """
    async with transaction():
        found = await Connection.get_or_none(shop_id=shop.id, platform=platform)
        connection = found or Connection(shop_id=shop.id, platform=platform, public_id=new_id("con"), created_at=now())
        connection.address, connection.credentials = address, dict(credentials)
        connection.enabled, connection.acts, connection.failures = True, acts, 0
        connection.not_before = connection.last_error = connection.last_error_at = None
        await connection.save()
        await audit.note(actor, "shop.connected", connection.public_id, platform=platform, address=address, acts=acts)
    return connection


async def disconnect_shop(connection: Connection, actor: Actor) -> None:
    """Forget the connection with its credentials and runs; the orders stay. Audited."""
    async with transaction():
        await audit.note(actor, "shop.disconnected", connection.public_id, platform=connection.platform)
        await connection.delete()


async def take_turn(connection: Connection) -> bool:
    """Nobody else compares with this connection until `end_turn`, or until the lease runs out. False: somebody does."""
    token, moment = secrets.token_hex(16), now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=moment)
    taken = await Connection.filter(free, id=connection.id).update(lease=token, lease_until=moment + LEASE)
    if taken:
        await connection.refresh_from_db()
    return bool(taken)


async def keep_turn(connection: Connection) -> None:
    """A long run stays ours while it goes on."""
    await Connection.filter(id=connection.id, lease=connection.lease).update(lease_until=now() + LEASE)


async def end_turn(connection: Connection) -> None:
    """Let others compare."""
    await Connection.filter(id=connection.id, lease=connection.lease).update(lease=None, lease_until=None)


async def note_success(connection: Connection) -> None:
    """The run went through."""
    await Connection.filter(id=connection.id).update(
        last_success_at=now(), last_error=None, last_error_at=None, failures=0, not_before=None
    )


async def note_failure(connection: Connection, trouble: FeedTrouble) -> datetime:
    """The shop did not answer as it should. Returns when to ask again: as the shop wishes, or after growing pauses."""
    pause = min(_PAUSE * (1 << min(connection.failures, 10)), _LONGEST_PAUSE)
    asked = trouble.data.get("retry_after")
    if isinstance(asked, int | float):
        pause = timedelta(seconds=asked)
    moment = now()
    await Connection.filter(id=connection.id).update(
        last_error=f"{trouble.code}: {trouble.detail}"[:500],
        last_error_at=moment,
        failures=F("failures") + 1,
        not_before=moment + pause,
    )
    return moment + pause


def full_is_due(connection: Connection, timezone: str, moment: datetime) -> bool:
    """Each night of the shop; at once when it has never been done, is under way, or was missed."""
    last = connection.last_full_at
    if last is None or connection.full_since is not None or moment - last >= _OVERDUE:
        return True
    return moment - last >= _DAILY and moment.astimezone(ZoneInfo(timezone)).hour in NIGHT
