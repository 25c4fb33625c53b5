"""Which platforms can be told to hold, cancel and readdress orders, and by which adapter."""

from collections.abc import Mapping

from app.gateways.shop_shopify import ShopifyActions
from app.gateways.shop_simulator import SimulatedShop
from app.gateways.shop_woocommerce import WooCommerceActions
from core.errors import Invalid
from orders.claims.reading import SIMULATOR
from orders.claims.shop_actions import ShopActions

ACTIONS: Mapping[str, ShopActions] = {
    SIMULATOR: SimulatedShop(),
    "shopify": ShopifyActions(),
    "woocommerce": WooCommerceActions(),
}


def actions_of(platform: str) -> ShopActions:
    """The adapter for a platform. Raises Invalid (no_shop_actions)."""
    if platform not in ACTIONS:
        raise Invalid(f"orders of {platform} are not changed over the network", code="no_shop_actions")
    return ACTIONS[platform]
