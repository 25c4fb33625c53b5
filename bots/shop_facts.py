"""What a shop says about itself: answers its people wrote, and the stock of goods that a message names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

_SKU = re.compile(r"(?=[A-Za-z0-9._/-]*\d)[A-Za-z0-9][A-Za-z0-9._/-]{2,40}|[A-Z]{2,}-[A-Z0-9-]{2,}")
_WORD = re.compile(r"[a-z][a-z'-]{2,}", re.IGNORECASE)
_RUN = re.compile(r"[\u4e00-\u9fff]{2,}")
_ABOUT_STOCK = re.compile(
    r"什么时候|有没有|还有|有货|现货|补货|到货|缺货|断货|库存|请问|你们|这款|那款|多少|可以|能|吗|呢|么|的|了|买|亲|要|我|想|件|款|是|多"
)
_NOT_GOODS = frozenset(
    re.findall(
        r"\w+",
        "the you your have has any for and are there this that these those still when will back again can "
        "get buy order stock in available availability out sold item items product products please hello "
        "does with more know want would like how many left size colour color ",
    )
)
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


def goods_named(text: str) -> tuple[list[str], list[str]]:
    """What of a question about stock may name goods: SKUs, and words that a title may hold (three at most)."""
    head = text[:300]
    english = [word for word in _WORD.findall(head) if word.casefold() not in _NOT_GOODS]
    chinese = _RUN.findall(_ABOUT_STOCK.sub(" ", head))
    return _SKU.findall(head)[:5], [*chinese, *english][:3]


NOTHING_KNOWN = ShopFacts()
