"""Who may work on what."""

from core.bundles import Bundle, Later, alone
from core.people import ADMIN, Agent

_OF_SHOP = (
    "WHERE t.active AND (t.role = {admin} OR EXISTS (SELECT 1 FROM shop_member AS m"
    " WHERE m.agent_id = t.id AND m.shop_id = {shop})) ORDER BY t.name, t.id"
)


async def agents_of(shop_id: int) -> list[Agent]:
    """Active agents who may work on the shop's tickets, by name."""
    return await alone(lambda bundle: agents_in(bundle, shop_id))


def agents_in(bundle: Bundle, shop_id: int) -> Later[list[Agent]]:
    """What `agents_of` gives, as part of a bundle."""
    people = bundle.rows(Agent, _OF_SHOP, admin=ADMIN, shop=shop_id)
    return lambda: people
