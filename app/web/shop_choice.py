"""Which of their shops an agent looks at, on pages that show one shop at a time."""

from typing import Any

from core.errors import NotFound
from core.people import Agent, shop_ids_of
from core.shops import Shop


async def shop_of(agent: Agent, key: str | None) -> Shop:
    """The named shop of the agent's, else their first. Raises NotFound."""
    mine = Shop.filter(id__in=await shop_ids_of(agent)).order_by("name", "id")
    shop = await (mine.filter(key=key) if key else mine).first()
    if shop is None:
        raise NotFound("no such shop")
    return shop


async def shops_beside(agent: Agent, shown: Shop, address: str) -> list[dict[str, Any]]:
    """All shops of the agent's as links to a page, for its list of shops; `address` holds a `{key}`."""
    mine = await Shop.filter(id__in=await shop_ids_of(agent)).order_by("name", "id")
    return [{"name": s.name, "url": address.format(key=s.key), "current": s.id == shown.id} for s in mine]
