"""Who is at the desk."""

from datetime import timedelta

from core.clock import now
from core.people import ADMIN, Agent
from core.sql import fetch

ONLINE_FOR = timedelta(minutes=2)  # after the last sign of life of a console

_OF_SHOP = (
    "SELECT a.id FROM agent AS a WHERE a.active AND (a.role = {admin} OR EXISTS"
    " (SELECT 1 FROM shop_member AS m WHERE m.agent_id = a.id AND m.shop_id = {shop}))"
)
_ONLINE = _OF_SHOP + " AND a.seen_at >= {since} LIMIT 1"


async def anyone_online(shop_id: int) -> bool:
    """Does anybody who works for the shop have a console open?"""
    return bool(await fetch(_ONLINE, shop=shop_id, admin=ADMIN, since=now() - ONLINE_FOR))


async def agents_of(shop_id: int) -> list[Agent]:
    """Active agents who may work on the shop's tickets, by name."""
    ids = [row["id"] for row in await fetch(_OF_SHOP, shop=shop_id, admin=ADMIN)]
    return await Agent.filter(id__in=ids).order_by("name", "id") if ids else []
