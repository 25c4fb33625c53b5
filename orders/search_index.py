"""The words by which the desk finds an order: names of the customer, titles and SKUs, in any script.

The table `order_search` is made by the migrations, as that of the messages is: both databases over the same text.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from core.bundles import Bundle, Later
from core.sql import Program, dialect, run_many
from core.text import index_text, query_words, reference
from orders.deriving import Picture

QUERY_WORDS = 12
LONGEST_TEXT = 20_000
MOST_FOUND = 1000

_PUT = {
    "sqlite": "INSERT OR REPLACE INTO order_search (rowid, body) VALUES ({id}, {body})",
    "postgres": (
        "INSERT INTO order_search (order_id, body) VALUES ({id}, to_tsvector('simple', {body}))"
        " ON CONFLICT (order_id) DO UPDATE SET body = EXCLUDED.body"
    ),
}
# The index yields what was recorded last first. CROSS: SQLite would rather look through all orders of the shop.
_FIND = {
    "sqlite": (
        "SELECT o.id, o.placed_at FROM order_search AS s CROSS JOIN shop_order AS o"
        " WHERE o.id = s.rowid AND s.body MATCH {query} AND o.shop_id IN ({shops}) ORDER BY s.rowid DESC LIMIT {most}"
    ),
    "postgres": (
        "SELECT o.id, o.placed_at FROM order_search AS s JOIN shop_order AS o ON o.id = s.order_id"
        " WHERE s.body @@ to_tsquery('simple', {query}) AND o.shop_id IN ({shops})"
        " ORDER BY s.order_id DESC LIMIT {most}"
    ),
}
_NEWEST = "SELECT f.id FROM (%s) AS f%s ORDER BY f.placed_at DESC, f.id DESC LIMIT {limit}"
_AFTER = " WHERE (f.placed_at, f.id) < ({placed}, {last})"


def put(orders: Iterable[tuple[int, Picture]]) -> Program[None]:
    """Make orders (by id) findable by what they say now; part of the change that writes them."""
    yield from run_many(_PUT[dialect()], [{"id": order_id, "body": _text_of(picture)} for order_id, picture in orders])


def by_words_in(
    bundle: Bundle, shop_ids: Sequence[int], text: str, limit: int, after: tuple[datetime, int] | None = None
) -> Later[list[int]]:
    """Ids of orders that hold all words of `text` (the last one may be unfinished), newest first by time and id; part
    of a bundle.

    Chinese is matched by neighbouring characters. Of long texts the first twelve words count, of very many orders the
    thousand that were recorded last.
    """
    words = query_words(text)[:QUERY_WORDS]
    if not words or not shop_ids:
        return list
    statement = _NEWEST % (_FIND[dialect()], _AFTER if after else "")
    values: dict[str, Any] = {"placed": after[0], "last": after[1]} if after else {}
    values |= {"query": _query(words), "shops": list(shop_ids), "limit": limit, "most": MOST_FOUND}
    rows = bundle.table("id", statement, **values)
    return lambda: [row["id"] for row in rows]


def text_of(names: Iterable[str], goods: Iterable[str], skus: Iterable[str]) -> str:
    """What the index holds of an order. An SKU is found with and without its separators."""
    skus = list(skus)
    bare = " ".join(dict.fromkeys(reference(sku).lower() for sku in skus if sku))
    words = index_text("\n".join(dict.fromkeys([*names, *skus, *goods])))
    return f"{words[:LONGEST_TEXT]} {bare[:LONGEST_TEXT]}".strip()


def _text_of(picture: Picture) -> str:
    lines = [line.facts for line in picture.lines.values()]
    ship_to = picture.header.ship_to
    names = [picture.header.customer_name or "", ship_to.name if ship_to else ""]
    goods = [word for facts in lines for word in (facts.title or "", facts.variant or "")]
    return text_of(names, goods, [facts.sku or "" for facts in lines])


def _query(words: list[str]) -> str:
    """Words have letters and digits only, so they need no escaping in either language."""
    unfinished = len(words[-1]) > 1
    if dialect() == "sqlite":
        return " ".join(f'"{word}"' for word in words) + ("*" if unfinished else "")
    return " & ".join(f"'{word}'" for word in words) + (":*" if unfinished else "")
