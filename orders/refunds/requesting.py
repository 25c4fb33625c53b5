"""Asking for money back. Approving it: refund_approval; how it leaves: refund_sending and refund_settling.

Every check is made under the order's row lock, so whatever happens at once, all refunds together stay within what was
captured. docs/refunds.md, "How money leaves".
"""

from dataclasses import dataclass, replace
from functools import partial

from tortoise.exceptions import IntegrityError

from core import audit
from core.clock import now
from core.errors import Conflict, Invalid, WismoError
from core.ids import new_id
from core.people import Actor
from core.text import clean
from core.transactions import if_undone, transaction
from orders.models import Order
from orders.refunds.books import Books, read_books
from orders.refunds.caps import split
from orders.refunds.case import Case, Reason, Request, Special
from orders.refunds.from_order import case_from
from orders.refunds.intents import add_parts, enter, locked_order, plan_payments
from orders.refunds.limits import allowance_of, is_own_order
from orders.refunds.models import RefundIntent
from orders.refunds.quote import Quote, TenderPart
from orders.refunds.records import Wish, check_wish, lines_of, quote_data
from orders.refunds.refundable import quote
from orders.refunds.states import OPEN_INTENTS, IntentState

_MERELY_LATE = {"stale_order", "amount_changed", "refund_under_way"}  # the world moved on: nothing to be noted


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a wish comes to on the order as it is now. `needs` says why somebody else has to approve it."""

    quote: Quote
    tenders: tuple[TenderPart, ...]
    total: int
    needs: tuple[str, ...]
    rule: str


async def quote_for(order_id: int, request: Request, *, special: Special | None = None) -> Quote:
    """What may go back of an order now, and why. Raises Invalid as `refundable.quote` does, DoesNotExist."""
    return quote(case_from(await read_books(await Order.get(id=order_id)), request, special=special))


async def request_refund(
    order_id: int,
    case_id: str,
    request: Request,
    actor: Actor,
    *,
    attempt: int = 1,
    client_key: str | None = None,
    special: Special | None = None,
    goodwill: int = 0,
    currency: str | None = None,
    order_version: int | None = None,
    expected_total: int | None = None,
    note: str = "",
    restock: bool | None = None,
    typed_details: bool = False,
    cancels_unshipped: bool = False,
) -> RefundIntent:
    """Ask for money back for a case; if the actor's limit allows it, it leaves at once, else it waits for approval.

    The same case and `attempt` (or the same `client_key`) with the same wish is the same intent, however often it is
    asked for; the next attempt may begin when the last one of the order has ended. `expected_total` is what the person
    has seen, goodwill included. `cancels_unshipped`: the desk's rules have granted it, so that it needs no person.

    Raises NotFound; Conflict (stale_order, amount_changed, refund_under_way, other_request, attempt_out_of_turn) and
    Invalid (above_refundable, nothing_left, nothing_captured, bad_amount, wrong_currency, and those of `quote`).
    Refusals that are no mere bad timing are audited, also when they undo the change that this is a part of.
    """
    wish = Wish(
        request=request,
        special=special,
        goodwill=goodwill,
        restock=restock,
        typed_details=typed_details,
        note=clean(note, limit=500),
    )
    asked = _Asked(case_id, attempt, client_key, actor, wish, currency, order_version, expected_total)
    try:
        async with transaction():
            order = await locked_order(order_id, actor)
            try:
                return await _request(order, asked, cancels_unshipped=cancels_unshipped)
            except WismoError as error:
                # Raised below, after the commit: a rollback would take the audit entry with it.
                refusal = error
                if error.code not in _MERELY_LATE:
                    amount = request.amount if type(request.amount) is int else None  # NaN is no JSON
                    tried = {"case": case_id[:64], "code": error.code, "amount": amount}
                    remember = partial(audit.note, actor, "refund.refused_attempt", order.public_id, **tried)
                    await remember()
                    if_undone(remember)  # also when this is a part of another change, which fails of it
    except IntegrityError:
        raise Conflict("the case has begun another refund", code="attempt_out_of_turn") from None
    raise refusal


async def due_of(books: Books, wish: Wish, actor: Actor, *, cancels_unshipped: bool = False) -> Due:
    """What a wish comes to, and whether `actor` may grant it alone. Raises Invalid as `request_refund` does."""
    check_wish(wish)
    case = case_from(books, wish.request, special=wish.special)
    if not any(each.captured for each in case.payments):
        raise Invalid("nothing was paid through this order", code="nothing_captured")
    calculated = quote(case).require()
    tenders = _with_goodwill(case, calculated, wish.goodwill)
    total = calculated.total + wish.goodwill
    if total <= 0:
        raise Invalid("nothing is left to go back", code="nothing_left", max=calculated.most)
    needs, rule = await _needs(books, wish, actor, total, cancels=cancels_unshipped and _unshipped(calculated))
    return Due(quote=calculated, tenders=tenders, total=total, needs=needs, rule=rule)


@dataclass(frozen=True, slots=True)
class _Asked:
    case_id: str
    attempt: int
    client_key: str | None
    actor: Actor
    wish: Wish
    currency: str | None
    order_version: int | None
    expected_total: int | None


async def _request(order: Order, asked: _Asked, *, cancels_unshipped: bool) -> RefundIntent:
    if (known := await _known(order, asked)) is not None:
        return known
    if asked.order_version is not None and asked.order_version != order.version:
        raise Conflict("the order has changed meanwhile", code="stale_order", version=order.version)
    if asked.currency is not None and asked.currency != order.currency:
        raise Invalid("money goes back in the currency of the charge", code="wrong_currency", currency=order.currency)
    books = await read_books(order)
    due = await due_of(books, asked.wish, asked.actor, cancels_unshipped=cancels_unshipped)
    if asked.expected_total is not None and asked.expected_total != due.total:
        raise Conflict("another amount is due now", code="amount_changed", total=due.total)
    intent = await _write(books, asked, due)
    parts = await add_parts(intent, books, due.tenders)
    await audit.note(
        asked.actor,
        "refund.requested",
        intent.public_id,
        order=order.public_id,
        case=intent.case_id,
        amount=intent.amount,
        currency=intent.currency,
        needs=list(due.needs),
        rule=due.rule,
    )
    if not due.needs:
        await plan_payments(parts)
    return intent


async def _known(order: Order, asked: _Asked) -> RefundIntent | None:
    """The intent that this request repeats. Raises Conflict when it is another one under the same name."""
    known = await RefundIntent.get_or_none(case_id=asked.case_id, attempt=asked.attempt)
    if known is None and asked.client_key:
        known = await RefundIntent.get_or_none(client_key=asked.client_key)
    if known is not None:
        if known.order_id != order.id or known.wish != asked.wish.data():
            raise Conflict("another refund goes by this name", code="other_request")
        return known
    last = await RefundIntent.filter(case_id=asked.case_id).order_by("-attempt").first()
    if asked.attempt != (last.attempt + 1 if last else 1):
        raise Conflict("attempts are counted", code="attempt_out_of_turn", next=last.attempt + 1 if last else 1)
    if last is not None and last.order_id == order.id and last.state in OPEN_INTENTS:
        raise Conflict("the last attempt has not ended", code="refund_under_way", state=last.state)
    return None


async def _write(books: Books, asked: _Asked, due: Due) -> RefundIntent:
    order, wish, actor, moment = books.order, asked.wish, asked.actor, now()
    lines, shipping, shipping_tax = lines_of(due.quote)
    granted = not due.needs
    intent = RefundIntent(
        public_id=new_id("rfi"),
        shop_id=order.shop_id,
        order_id=order.id,
        case_id=asked.case_id,
        attempt=asked.attempt,
        client_key=asked.client_key,
        reason=wish.request.reason.value,
        amount=due.total,
        goodwill=wish.goodwill,
        currency=order.currency,
        lines=lines,
        shipping=shipping,
        shipping_tax=shipping_tax,
        wish=wish.data(),
        quote=quote_data(due.quote),
        note=wish.note,
        restock=wish.restock,
        requested_kind=actor.kind,
        requested_id=actor.id,
        requested_name=actor.name,
        needs=list(due.needs),
        approved_by=actor.id if granted and actor.kind == "agent" else None,
        decided_at=moment if granted else None,
        rule=due.rule if granted else "",
        created_at=moment,
        version=0,
    )
    await enter(intent, IntentState.CREATED if granted else IntentState.AWAITING_APPROVAL)
    return intent


async def _needs(books: Books, wish: Wish, actor: Actor, total: int, *, cancels: bool) -> tuple[tuple[str, ...], str]:
    """Why a second person is needed (docs/refunds.md), and the rule that allows it where none is."""
    allowance = await allowance_of(actor, books.shop, books.order.currency, cancels=cancels)
    needs = [exceeded] if (exceeded := allowance.exceeded_by(total)) else []
    if actor.kind == "agent" and await is_own_order(actor.id, books.order):
        needs.append("own_order")
    if wish.goodwill and total > _worth(books, wish):
        needs.append("goodwill_above_worth")
    if wish.typed_details:
        needs.append("typed_details")
    if books.disputed:
        needs.append("dispute_open")
    return tuple(needs), allowance.rule


def _worth(books: Books, wish: Wish) -> int:
    """What the named lines were sold for, all of them without a name."""
    named = None if wish.request.units is None else {name for name, _ in wish.request.units}
    case = case_from(books, wish.request)
    return sum(line.gross - (line.allocated or 0) for line in case.lines if named is None or line.id in named)


def _unshipped(calculated: Quote) -> bool:
    going = {line.id for line in calculated.lines}
    case = calculated.case
    return case.request.reason is Reason.CANCELLED and not any(line.shipped for line in case.lines if line.id in going)


def _with_goodwill(case: Case, calculated: Quote, goodwill: int) -> tuple[TenderPart, ...]:
    """The tenders with a gift on top of what is due, never above what is left on them."""
    if not goodwill:
        return calculated.tenders
    due = {part.payment: part.amount for part in calculated.tenders}
    left = tuple(replace(each, held=each.held + due.get(each.id, 0)) for each in case.payments)
    room = sum(each.left for each in left)
    if goodwill > room:
        raise Invalid("the gift is above what was captured", code="above_refundable", max=calculated.total + room)
    gift = {part.payment: part.amount for part in split(goodwill, left, case, [])}
    return tuple(
        TenderPart(each.id, each.method, amount)
        for each in case.payments
        if (amount := due.get(each.id, 0) + gift.get(each.id, 0))
    )
