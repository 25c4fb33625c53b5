"""Who may work on what."""

from tortoise.expressions import Q

from core.people import ADMIN, Agent


async def agents_of(shop_id: int) -> list[Agent]:
    """Active agents who may work on the shop's tickets, by name."""
    people = Agent.filter(active=True).filter(Q(role=ADMIN) | Q(memberships__shop_id=shop_id))
    return await people.distinct().order_by("name", "id")
