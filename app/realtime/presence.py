"""Who of the desk is there: the sign of life of an open console, and the honest answer to "is anybody there?"."""

from datetime import timedelta

from tortoise.expressions import Q

from core.clock import now
from core.people import ADMIN, Agent, ShopMember
from core.shops import Shop

AWAY_AFTER = timedelta(seconds=90)


async def sign_of_life(agent: Agent) -> None:
    """The agent's console is open now."""
    await Agent.filter(id=agent.id).update(seen_at=now())


async def anyone_online(shop: Shop) -> bool:
    """Whether the console of anybody who works for `shop` gave a sign of life within 90 seconds."""
    members = await ShopMember.filter(shop_id=shop.id).values_list("agent_id", flat=True)
    present = Agent.filter(active=True, seen_at__gte=now() - AWAY_AFTER)
    return await present.filter(Q(role=ADMIN) | Q(id__in=list(members))).exists()
