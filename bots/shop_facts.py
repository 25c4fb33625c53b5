"""What a shop says about itself: answers its people wrote, and the stock of goods that a message names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

# What shops may write an answer for: intents that have nothing to do with one order.
TOPICS = (
    "shipping_info",
    "policy_info",
    "payment_info",
    "place_order",
    "price_promo",
    "membership",
    "account_login",
    "account_profile",
    "product_question",
    "stock",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stocked:
    """What is known of the stock of one SKU. `units` is None when nobody has told."""

    sku: str
    title: str
    units: int | None
    gone: bool = False  # for good
    back_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """`answers` by topic and language ("en" or "zh"); `stock` of what the message names; `timezone` is the shop's."""

    answers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    stock: tuple[Stocked, ...] = ()
    timezone: str = "UTC"


NOTHING_KNOWN = ShopFacts()
