"""Who may work on what."""

from collections.abc import Sequence

from core.bundles import Bundle, Later, alone
from core.people import ADMIN, Agent

_OF_SHOP = (
    "WHERE t.active AND (t.role = {admin} OR EXISTS (SELECT 1 FROM shop_member AS m"
    " WHERE m.agent_id = t.id AND m.shop_id = {shop})) ORDER BY t.name, t.id"
)


async def agents_of(shop_id: int) -> list[Agent]:
    """Active agents who may work on the shop's tickets, by name."""
    return await alone(lambda bundle: agents_in(bundle, shop_id))


async def agents_of_shops(shop_ids: Sequence[int]) -> list[Agent]:
    """Active agents who may work on tickets of any of these shops, by name."""
    return await alone(lambda bundle: agents_of_shops_in(bundle, shop_ids))


def agents_in(bundle: Bundle, shop_id: int) -> Later[list[Agent]]:
    """What `agents_of` gives, as part of a bundle."""
    people = bundle.rows(Agent, _OF_SHOP, admin=ADMIN, shop=shop_id)
    return lambda: people


def agents_of_shops_in(bundle: Bundle, shop_ids: Sequence[int]) -> Later[list[Agent]]:
    """What `agents_of_shops` gives, as part of a bundle."""
    people = bundle.rows(Agent, _OF_SHOP.replace("= {shop}", "IN ({shops})"), admin=ADMIN, shops=list(shop_ids))
    return lambda: people
