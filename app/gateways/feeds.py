"""Which platform's orders can be fetched, with which credentials, and by which adapter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.gateways.generic_feed import GenericFeed
from app.gateways.magento_feed import MagentoFeed
from app.gateways.shopify_feed import ShopifyFeed
from app.gateways.woocommerce_feed import WooCommerceFeed
from core.errors import Invalid
from orders.feeds import OrderFeed
from orders.models import Connection


@dataclass(frozen=True, slots=True)
class Platform:
    """The names of the credentials that a platform's adapter needs, and the adapter: address, credentials → feed.

    `instead` names what the adapter takes in their place.
    """

    credentials: tuple[str, ...]
    feed: Callable[[str, Mapping[str, str]], OrderFeed]
    instead: tuple[str, ...] = ()


FEEDS: dict[str, Platform] = {
    "shopify": Platform(("client_id", "client_secret"), ShopifyFeed, instead=("access_token",)),
    "woocommerce": Platform(("consumer_key", "consumer_secret"), WooCommerceFeed),
    "magento": Platform(("access_token",), MagentoFeed),
    "generic": Platform(("token",), GenericFeed),
}


def feed_of(connection: Connection) -> OrderFeed:
    """The adapter for a connection. Raises Invalid(no_feed) for a platform that cannot be asked."""
    if connection.platform not in FEEDS:
        raise Invalid(f"orders of {connection.platform} cannot be fetched", code="no_feed")
    return FEEDS[connection.platform].feed(connection.address, connection.credentials)
