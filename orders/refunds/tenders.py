"""The payments of an order, what has gone back to each, and the smallest step that can. Pure."""

from collections.abc import Sequence

from core.money import exponent
from orders.apportioning import pour
from orders.models import Payment, Refund
from orders.refunds.accounts import account_of
from orders.refunds.books import Books
from orders.refunds.case import Payment as Tender
from orders.refunds.models import RefundPart
from orders.refunds.states import HOLDING, PartState

ALL_OF_IT = "order"  # the payment of an order whose source tells no payments, only that it is paid
_PAID = {"paid", "overpaid"}
_STRIPE_GRID = 10  # Stripe takes three-decimal currencies in steps of ten
_THREE_DECIMALS = 3


def payments_of(books: Books) -> list[Payment]:
    """The payments that money can go back to; one for the whole order where its source names none."""
    order = books.order
    taken = [each for each in books.payments if each.captured > 0 and each.currency == order.currency]
    if not taken and not books.payments and order.payment in _PAID and order.total > 0:
        taken = [Payment(order_id=order.id, source_id=ALL_OF_IT, tender="other", state=order.payment)]
        taken[0].captured, taken[0].currency, taken[0].at = order.total, order.currency, order.paid_at
    return taken


def tenders_of(books: Books, elsewhere: Sequence[Refund]) -> list[Tender]:
    """The payments with what has gone back to each, or is on its way."""
    payments = payments_of(books)
    if not payments:
        return [Tender(id=ALL_OF_IT, method="other", captured=0)]  # without any, nothing would be capped
    held = {each.source_id: 0 for each in payments}
    twice = dict(held)
    duplicates = {intent.id for intent in books.intents if intent.quote.get("kind") == "duplicate"}
    loose = []
    for part in books.parts:
        if part.state not in HOLDING:
            continue
        amount = held_by(part)
        name = _payment_named(payments, part.payment, part.payment_ref)
        if name is None:
            loose.append((part.tender, amount))
            continue
        held[name] += amount
        twice[name] += amount if part.intent_id in duplicates else 0
    for refund in elsewhere:
        name = _payment_named(payments, refund.of_payment or "", refund.of_payment or "")
        if name is None:
            loose.append((refund.tender, refund.amount))
        else:
            held[name] += refund.amount
    for tender, amount in loose:
        _pour(amount, tender, payments, held)
    return [
        Tender(
            id=each.source_id,
            method=each.tender,
            captured=each.captured,
            held=held[each.source_id],
            held_duplicate=min(twice[each.source_id], held[each.source_id]),
            at=each.at.isoformat() if each.at else "",
            units=each.units,
        )
        for each in payments
    ]


def held_by(part: RefundPart) -> int:
    """What a part takes of its payment: what was really paid, once that is known; while it is doubtful, the more."""
    paid: int | None = part.paid
    if part.state == PartState.FROZEN:
        return max(int(part.amount), paid or 0)
    return int(part.amount) if paid is None else paid


def _payment_named(payments: Sequence[Payment], source_id: str, reference: str) -> str | None:
    """Rows of payments get other ids when another source names them first; the gateway's name stays."""
    for each in payments:
        if source_id == each.source_id or (reference and reference == each.gateway_ref):
            return each.source_id
    return None


def _pour(amount: int, tender: str, payments: Sequence[Payment], held: dict[str, int]) -> None:
    """Money of which nobody says to which payment it went: to those of its kind first, and all of it somewhere."""
    turns = sorted(payments, key=lambda each: each.tender != tender)
    parts = pour(amount, [max(each.captured - held[each.source_id], 0) for each in turns])
    for each, part in zip(turns, parts, strict=True):
        held[each.source_id] += part
    if turns:
        held[turns[0].source_id] += amount - sum(parts)


def grid_of(books: Books) -> int:
    if exponent(books.order.currency) != _THREE_DECIMALS:
        return 1
    accounts = [account_of(each, books.order, books.accounts) for each in payments_of(books)]
    return _STRIPE_GRID if any(account and account.gateway == "stripe" for account in accounts) else 1
