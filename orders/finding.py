"""Finding orders for the desk: by numbers, contacts and references, and by goods and names in any script."""

import base64
from collections.abc import Sequence
from datetime import datetime

from core import audit
from core.bundles import Bundle, Later, alone
from core.clock import utc
from core.errors import Invalid
from core.people import Actor
from core.sql import dialect
from core.text import reference
from orders.access import Viewer
from orders.fitting import Reason, details_in, reasons
from orders.models import Order
from orders.search_index import by_words_in
from orders.search_terms import PHONE_TAIL, Search, Term, search_of

MOST_FOUND = 20
_CANDIDATES = 200  # orders with one of several words that are looked at for the others

_BY_NAME = (
    "SELECT id FROM shop_order WHERE shop_id IN ({shops}) AND number_key IN ({keys})"
    " UNION SELECT id FROM shop_order WHERE shop_id IN ({shops}) AND email IN ({emails})"
    " UNION SELECT id FROM shop_order WHERE shop_id IN ({shops}) AND phone IN ({phones})"
    " UNION SELECT order_id FROM shipment WHERE tracking_key IN ({keys})"
    " UNION SELECT order_id FROM payment WHERE gateway_ref IN ({texts})"
    " UNION SELECT order_id FROM refund WHERE reference IN ({texts})"
    " UNION SELECT order_id FROM refund WHERE public_id IN ({texts})"
)
# Through the index of the last four digits, or the whole shop would be looked through.
_BY_TAIL = " UNION SELECT id FROM shop_order WHERE shop_id IN ({shops}) AND (%s)"
_ENDS = {
    "sqlite": "(substr(phone, -4) = {end_of#} AND phone LIKE {tail#})",
    "postgres": '("right"(phone, 4) = {end_of#} AND phone LIKE {tail#})',
}
_BY_BEGINNING = " UNION SELECT id FROM shop_order WHERE shop_id IN ({shops}) AND (%s)"
_BEGINS = {
    "sqlite": "(email >= {begin#} AND email < {end#})",  # through the index
    "postgres": "(email ~>=~ {begin#} AND email ~<~ {end#})",  # other ranges depend on the locale there
}
_NEWEST = (
    "SELECT o.id FROM (%s) AS f CROSS JOIN shop_order AS o WHERE o.id = f.id AND o.shop_id IN ({shops})%s"
    " ORDER BY o.placed_at DESC, o.id DESC LIMIT {limit}"
)
_AFTER = " AND (o.placed_at, o.id) < ({placed}, {last})"


async def find_orders(viewer: Viewer, text: str, after: str | None = None, limit: int = MOST_FOUND) -> list[Order]:
    """Orders of the agent's shops that `text` names, newest first; `after` is the `cursor` of the last one seen.

    The whole text may be one number, contact or reference in any writing; else an order must have all of its words,
    each of them anywhere. The search is audited, its words are not. The number of queries does not depend on what is
    found. Raises Invalid (bad_cursor).
    """
    seen = _read_cursor(after) if after else None
    limit = max(1, min(limit, MOST_FOUND + 1))
    if viewer.kind != "agent" or not reference(text) or not viewer.shop_ids:
        return []
    search = search_of(text, await alone(lambda bundle: _countries_in(bundle, viewer)))
    bundle, several = Bundle(), len(search.terms) > 1
    by_name = _by_name_in(bundle, viewer, search, seen, _CANDIDATES if several else limit)
    by_words = by_words_in(bundle, viewer.shop_ids, text, limit, seen)
    await bundle.read()
    named = await _with_all_words(by_name(), search) if several else by_name()
    mine = Order.filter(id__in=[*named, *by_words()], shop_id__in=viewer.shop_ids)
    found = await mine.order_by("-placed_at", "-id").limit(limit)
    if found:
        actor = Actor("agent", viewer.agent_id, viewer.name)
        await audit.note(actor, "orders.found", found[0].public_id, orders=[order.public_id for order in found])
    return found


async def why_found(viewer: Viewer, orders: Sequence[Order], text: str) -> dict[int, list[Reason]]:
    """By order id, what of each order fits `text`; one more query, whatever was found."""
    bundle = Bundle()
    countries, details_read = _countries_in(bundle, viewer), details_in(bundle, orders, [order.id for order in orders])
    await bundle.read()
    search, details = search_of(text, countries()), details_read()
    return {order.id: reasons(details[order.id], search) for order in orders}


def cursor(order: Order) -> str:
    """Where the page after `order` begins."""
    return base64.urlsafe_b64encode(f"{order.placed_at.isoformat()}|{order.id}".encode()).decode()


def _countries_in(bundle: Bundle, viewer: Viewer) -> Later[list[str]]:
    rows = bundle.table("country", "SELECT country FROM shop WHERE id IN ({shops})", shops=list(viewer.shop_ids))
    return lambda: [row["country"] for row in rows]


def _by_name_in(
    bundle: Bundle, viewer: Viewer, search: Search, seen: tuple[datetime, int] | None, limit: int
) -> Later[list[int]]:
    """Orders that the whole text, or one of its words, names; newest first."""
    terms = search.everything
    ends, values = _ends(terms)
    statement = _BY_NAME + ends
    after = {"placed": seen[0], "last": seen[1]} if seen else {}
    rows = bundle.table(
        "id",
        _NEWEST % (statement, _AFTER if seen else ""),
        shops=list(viewer.shop_ids),
        keys=sorted({key for term in terms for key in term.keys}),
        emails=sorted({term.email for term in terms if "@" in term.email}),
        phones=sorted({phone for term in terms for phone in term.phones}),
        texts=sorted({term.text for term in terms}),
        limit=limit,
        **values,
        **after,
    )
    return lambda: [row["id"] for row in rows]


def _ends(terms: Sequence[Term]) -> tuple[str, dict[str, str]]:
    """Conditions on how phone numbers end and how e-mail addresses begin."""
    values: dict[str, str] = {}
    statement = ""
    for place, term in enumerate(terms):
        if len(term.tail) >= PHONE_TAIL:
            values |= {f"tail{place}": f"%{term.tail}", f"end_of{place}": term.tail[-PHONE_TAIL:]}
            statement += _BY_TAIL % _ENDS[dialect()].replace("#", str(place))
    places = [place for place, term in enumerate(terms) if term.email]
    if places:
        statement += _BY_BEGINNING % " OR ".join(_BEGINS[dialect()].replace("#", str(place)) for place in places)
    for place in places:
        values |= {f"begin{place}": terms[place].email, f"end{place}": terms[place].email + "\U0010ffff"}
    return statement, values


async def _with_all_words(ids: list[int], search: Search) -> list[int]:
    """Of orders that have one of the words, those that have them all."""
    bundle = Bundle()
    orders = bundle.rows(Order, "WHERE t.id IN ({orders})", orders=ids)
    details_read = details_in(bundle, orders, ids)
    await bundle.read()
    details = details_read()
    return [order.id for order in orders if reasons(details[order.id], search)]


def _read_cursor(text: str) -> tuple[datetime, int]:
    try:
        placed, _, row_id = base64.b64decode(text, altchars=b"-_", validate=True).decode().partition("|")
        if not row_id.isascii() or not row_id.isdigit() or len(row_id) > 18:
            raise ValueError("no cursor")
        return utc(datetime.fromisoformat(placed)), int(row_id)
    except (ValueError, OverflowError):
        raise Invalid("not a cursor of this list", code="bad_cursor") from None
