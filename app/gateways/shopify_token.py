"""A token for Shopify's Admin API by the client credentials grant (RFC 6749 §4.4): it lasts a day and is never stored.

Apps made in Shopify's Dev Dashboard, the only ones that can be made since 2026, have no other (shopify.dev, "Using the
client credentials grant").
"""

from collections.abc import Mapping
from contextlib import aclosing

from app.gateways.feed_http import ShopHttp
from orders.feeds import FeedMalformed, FeedRefused
from orders.sources.reading import mapping, text

_PATH = "/admin/oauth/access_token"


async def fresh_token(address: str, credentials: Mapping[str, str]) -> str:
    """Exchange client_id and client_secret for a token. Raises FeedRefused, FeedUnavailable."""
    question = {
        "client_id": credentials["client_id"],
        "client_secret": credentials["client_secret"],
        "grant_type": "client_credentials",
    }
    async with aclosing(ShopHttp(address, {})) as http:
        try:
            answer = await http.post(_PATH, question)
        except FeedMalformed as error:  # Shopify answers 400 with a page for a person
            raise FeedRefused("the shop gives no token for this client id and secret") from error
    token = text(mapping(answer.data).get("access_token")) if answer else ""
    if not token:
        raise FeedRefused("the shop gives no token: is the app installed there?")
    return token
