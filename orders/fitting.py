"""What of an order fits a search: everything it may be found by, and the reason that is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.bundles import Bundle, Later
from core.text import index_text, reference
from orders.models import Order
from orders.search_terms import PHONE_TAIL, Search, Term

_PARTS = (  # columns, statement
    (
        "order_id sku title variant",
        "SELECT order_id, sku, title, variant FROM order_line WHERE order_id IN ({orders}) ORDER BY position, id",
    ),
    ("order_id tracking_number", "SELECT order_id, tracking_number FROM shipment WHERE order_id IN ({orders})"),
    ("order_id gateway_ref", "SELECT order_id, gateway_ref FROM payment WHERE order_id IN ({orders})"),
    ("order_id reference public_id", "SELECT order_id, reference, public_id FROM refund WHERE order_id IN ({orders})"),
)


@dataclass(frozen=True, slots=True)
class Reason:
    """What fits: number, tracking, email, phone, payment, refund, sku, goods or name, and its text in the record."""

    kind: str
    text: str


@dataclass(slots=True, kw_only=True)
class Details:
    """Everything of one order that a search may mean."""

    order: Order
    goods: list[str] = field(default_factory=list)
    skus: list[str] = field(default_factory=list)
    parcels: list[str] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)
    refunds: list[tuple[str, str]] = field(default_factory=list)  # reference, public id


def details_in(bundle: Bundle, orders: Sequence[Order], ids: Sequence[int]) -> Later[dict[int, Details]]:
    """By order id, as part of a bundle. The `orders` that have these `ids` may be read by the same one."""
    lines, parcels, payments, refunds = (bundle.table(*part, orders=list(ids)) for part in _PARTS)

    def found() -> dict[int, Details]:
        details = {order.id: Details(order=order) for order in orders}
        for row in lines:
            details[row["order_id"]].goods.append(" ".join(part for part in (row["title"], row["variant"]) if part))
            details[row["order_id"]].skus.append(row["sku"])
        for row in parcels:
            details[row["order_id"]].parcels.append(row["tracking_number"])
        for row in payments:
            details[row["order_id"]].payments.append(row["gateway_ref"])
        for row in refunds:
            details[row["order_id"]].refunds.append((row["reference"], row["public_id"]))
        return details

    return found


def reasons(details: Details, search: Search) -> list[Reason]:
    """What of the order fits: the whole text, or each of its words; empty when a word is missing."""
    whole = _named(details, search.whole)
    if whole is not None:
        return [whole]
    found: dict[Reason, None] = {}
    for term in search.terms:
        fits = _named(details, term) or _worded(details, term)
        if fits is None:
            return []
        found[fits] = None
    return list(found)


def _named(details: Details, term: Term) -> Reason | None:
    """By a number, a contact or a reference."""
    order = details.order
    if order.number_key in term.keys:
        return Reason("number", order.number)
    for number in details.parcels:
        if number and reference(number)[:120] in term.keys:
            return Reason("tracking", number)
    if order.email and term.email and order.email.startswith(term.email):
        return Reason("email", order.email)
    if order.phone and (order.phone in term.phones or _ends(order.phone, term)):
        return Reason("phone", order.phone)
    if term.text in details.payments:
        return Reason("payment", term.text)
    for name, public_id in details.refunds:
        if term.text in (name, public_id):
            return Reason("refund", term.text)
    return None


def _worded(details: Details, term: Term) -> Reason | None:
    """By words of the goods or the names."""
    for sku in details.skus:
        if sku and (reference(sku) in term.keys or _holds(sku, term)):
            return Reason("sku", sku)
    for name in (details.order.customer_name, details.order.ship_to.get("name") or ""):
        if _holds(name, term):
            return Reason("name", name)
    for title in details.goods:
        if _holds(title, term):
            return Reason("goods", title)
    return None


def _ends(phone: str, term: Term) -> bool:
    return len(term.tail) >= PHONE_TAIL and phone.endswith(term.tail)


def _holds(text: str, term: Term) -> bool:
    """Whether `text` has all words of the term, the last of which may be unfinished."""
    if not term.words:
        return False
    words = index_text(text).split()
    *finished, last = term.words
    return set(finished) <= set(words) and any(word.startswith(last) for word in words)
