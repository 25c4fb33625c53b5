"""From facts to rows: merge them into their sheets, then derive and write every order that they touch, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.ids import new_id
from core.shops import Shop
from core.sql import Program
from orders.facts import OrderFacts
from orders.handles import handles_of
from orders.linking import names_of, orders_by_handle
from orders.rewriting import claim, claim_parked, ids_of, rewrite, rewrite_all
from orders.sheets import Name, Sheet, keep, merge_sheets
from orders.tables import ORDERS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What folding came to: no order while its head has not arrived; `told` are the places of facts that were news."""

    order_id: int | None
    told: frozenset[int]


def apply_facts(
    shop: Shop, told: Mapping[Name, Sequence[OrderFacts]], *, announce: bool, forget: frozenset[str] = frozenset()
) -> Program[dict[Name, Outcome]]:
    """Merge facts into their sheets and bring all rows up to date that follow from them, in the running transaction.

    What bytes with digests of `forget` had said before is dropped first.
    """
    sheets = yield from merge_sheets(shop, told, forget)
    of_orders = {name: sheet for name, sheet in sheets.items() if sheet.handle is None}
    of_handles = {name: sheet for name, sheet in sheets.items() if sheet.handle is not None}
    yield from keep(sheet for sheet in of_handles.values() if sheet.is_news)  # before the orders that read them
    outcomes = yield from _write_orders(shop, of_orders, announce=announce)
    return outcomes | (yield from _pass_on(shop, of_handles, announce=announce))


def _write_orders(shop: Shop, sheets: Mapping[Name, Sheet], *, announce: bool) -> Program[dict[Name, Outcome]]:
    news = {name: sheet for name, sheet in sheets.items() if sheet.is_news}
    known_ids = [sheet.row["order_id"] for sheet in news.values() if sheet.row["order_id"]]
    stored = {row["id"]: row for row in (yield from ORDERS.read("id IN ({ids})", ids=known_ids))} if known_ids else {}
    orders = {
        name: stored.get(sheet.row["order_id"])
        or ORDERS.new(public_id=new_id("ord"), shop_id=shop.id, source=name.source, source_id=name.source_id)
        for name, sheet in news.items()
    }
    yield from rewrite(shop, [(orders[name], sheet.known) for name, sheet in news.items()], announce=announce)
    gains = []
    for name, sheet in news.items():
        had = handles_of(sheet.before, name.source_id) if sheet.row["order_id"] else frozenset()
        sheet.row["order_id"] = orders[name]["id"]
        if sheet.row["order_id"] and (gained := handles_of(sheet.known, name.source_id) - had):
            gains.append((orders[name], gained))
    yield from keep(news.values())
    yield from claim_parked(shop, gains, announce=announce)
    return {name: Outcome(sheet.row["order_id"], sheet.told) for name, sheet in sheets.items()}


def _pass_on(shop: Shop, sheets: Mapping[Name, Sheet], *, announce: bool) -> Program[dict[Name, Outcome]]:
    """Derive anew every order that goes by handles of which something new is known, and find the first of each."""
    names = yield from names_of(shop, [sheet.handle for sheet in sheets.values() if sheet.handle])
    orders = yield from orders_by_handle(shop, frozenset().union(*names.values()))
    outcomes, claims, others = dict[Name, Outcome](), [], set[int]()
    for name, sheet in sheets.items():
        spoken_of = names.get(sheet.handle, frozenset()) if sheet.handle else frozenset()
        ids = ids_of(spoken_of, orders)
        outcomes[name] = Outcome(ids[0] if ids else None, sheet.told)
        if sheet.is_news and ids:
            claims.append((ids[0], sorted(spoken_of)))
            others.update(ids)
    yield from rewrite_all(shop, others, announce=announce)
    yield from claim(shop, claims)
    return outcomes
