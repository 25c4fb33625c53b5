"""Which of somebody's own orders they mean by what was in it: a SKU, or words of a product's name."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from core.text import reference
from orders.snapshots import OrderSnapshot

_LOOK_AT = 1_000
_WORD = re.compile(r"[a-z0-9]{3,}|[\u4e00-\u9fff]{2,}")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{2,40}")
_CJK = re.compile(r"[\u4e00-\u9fff]")
# Words of product names that say nothing about which product it is.
_COMMON = frozenset(
    {
        "the",
        "and",
        "for",
        "with",
        "set",
        "pack",
        "new",
        "size",
        "blue",
        "red",
        "black",
        "white",
        "green",
        "grey",
        "large",
    }
    | {
        "small",
        "medium",
        "pair",
        "one",
        "two",
        "three",
        "gift",
        "order",
        "shipping",
        "delivery",
        "package",
        "parcel",
        "box",
    }
    | {
        "card",
        "free",
        "return",
        "refund",
        "service",
        "item",
        "product",
        "case",
        "where",
        "status",
        "my",
        "订单",
        "商品",
        "包裹",
    }
)


def orders_with(text: str, orders: Sequence[OrderSnapshot]) -> list[OrderSnapshot]:
    """The orders of which `text` names a line: its SKU, or a word of its title that is in no other of these orders.

    Only ever asked about proved orders; an empty list when nothing or everything fits.
    """
    said = unicodedata.normalize("NFKC", text[:_LOOK_AT]).casefold()
    skus = {reference(token) for token in _TOKEN.findall(text[:_LOOK_AT])}
    by_sku = [order for order in orders if any(line.sku and reference(line.sku) in skus for line in order.lines)]
    found = by_sku or [order for order in orders if any(_is_named(line.title, said) for line in order.lines)]
    return found if len(found) < len(orders) or len(orders) == 1 else []


def _is_named(title: str, said: str) -> bool:
    words = _words_of(title)
    return any(_stands_in(word, said) for word in words)


def _stands_in(word: str, said: str) -> bool:
    if _CJK.match(word):
        return word in said
    return re.search(rf"(?<![a-z0-9]){re.escape(word)}(?:s|es)?(?![a-z0-9])", said) is not None


@lru_cache(maxsize=2_000)
def _words_of(title: str) -> frozenset[str]:
    """Words of a title worth recognising; of a Chinese run its last two characters too, where the noun stands."""
    words = set(_WORD.findall(unicodedata.normalize("NFKC", title).casefold()))
    ends = {word[-2:] for word in words if _CJK.match(word) and len(word) > 2}
    return frozenset(word for word in words | ends if word not in _COMMON and not word.isdigit())
