"""Where is my order: one answer for every headline state, from the snapshot and nothing else."""

from collections.abc import Callable
from datetime import datetime

from bots.parcels import tell_parcel, tell_return
from bots.phrases import listed
from bots.repayments import tell_refunds
from bots.telling import Answer, Telling
from orders.snapshots import LineSnapshot, OrderSnapshot, ParcelSnapshot
from orders.statuses import Gate, Headline, Hold, ParcelState, PaymentState

_MOST_ITEMS = 3
# What the customer can help with comes first; the rest in the order in which it is worth saying.
_HOLDS = (
    Hold.ADDRESS,
    Hold.CUSTOMS,
    Hold.CUSTOMER_REQUEST,
    Hold.PAYMENT_REVIEW,
    Hold.FRAUD,
    Hold.STOCK,
    Hold.PLATFORM_LOCK,
    Hold.MERCHANT,
)
_GATES = (Gate.PAYMENT, Gate.RISK, Gate.STOCK, Gate.ACCEPTANCE)


def order_answer(order: OrderSnapshot, language: str, now: datetime) -> Answer:
    """Say what happened, what comes next, when, and what the customer can do."""
    telling = Telling(order=order, language=language, now=now)
    _HEADLINES[order.headline](telling)
    if order.headline is not Headline.CANCELLED:
        tell_refunds(telling)
    telling.offer("person")
    return telling.finish(f"order_{order.headline}")


def confirmation_answer(order: OrderSnapshot, language: str, now: datetime) -> Answer:
    """Say whether the order went through, and what is in it."""
    if order.gates or order.headline in _NOT_THROUGH:
        return order_answer(order, language, now)
    telling = Telling(order=order, language=language, now=now)
    if order.confirmed_at:
        sentence = telling.say("confirmed_yes", at=order.confirmed_at)
    else:
        sentence = telling.say("confirmed_yes_undated")
    contents = telling.say("contents", items=items(telling, order.lines), total=order.total) if order.lines else ""
    telling.paragraph(sentence, contents)
    telling.offer("where", *(("cancel",) if order.can_cancel else ()), "person")
    return telling.finish("order_confirmed")


def items(telling: Telling, lines: tuple[LineSnapshot, ...]) -> str:
    """The first lines by title and quantity, and how many more there are."""
    shown = [
        telling.say("item", title=line.title[:80], units=line.quantity - line.quantity_cancelled)
        for line in lines[:_MOST_ITEMS]
    ]
    if len(lines) > _MOST_ITEMS:
        shown.append(telling.say("more_items", count=len(lines) - _MOST_ITEMS))
    return listed(telling.language, shown)


def outbound(order: OrderSnapshot) -> list[ParcelSnapshot]:
    """The parcels on their way to the customer, in their order."""
    return [parcel for parcel in order.parcels if parcel.direction != "return"]


def _cancelled(telling: Telling) -> None:
    order = telling.order
    first = telling.say("cancelled", at=order.cancelled_at) if order.cancelled_at else telling.say("cancelled_undated")
    if order.refunds:
        telling.paragraph(first)
        tell_refunds(telling)
        return
    telling.paragraph(first, telling.say(_money_after_cancelling(order)))


def _money_after_cancelling(order: OrderSnapshot) -> str:
    if order.paid_at is not None or order.payment not in UNPAID:
        return "refund_not_recorded"
    return "no_payment_recorded" if order.payment is PaymentState.PENDING else "not_charged"


def _expired(telling: Telling) -> None:
    telling.paragraph(telling.say("expired"))


def _refunded(telling: Telling) -> None:
    telling.paragraph(telling.say("refunded"))


def _returning(telling: Telling) -> None:
    parcels = telling.order.parcels
    returns = [parcel for parcel in parcels if parcel.direction == "return"]
    if not returns and not any(parcel.state in _GOING_BACK for parcel in parcels):  # else the parcels say it
        telling.paragraph(telling.say("returning"))
    for parcel in returns:
        tell_return(telling, parcel)
    _tell_outbound(telling)
    if telling.order.refunds:
        telling.offer("refund_status")


def _returned(telling: Telling) -> None:
    telling.paragraph(telling.say("returned"))
    telling.offer("refund_status")


def _on_hold(telling: Telling) -> None:
    hold = next((hold for hold in _HOLDS if hold in telling.order.holds), Hold.MERCHANT)
    telling.paragraph(telling.say(f"on_hold_{hold}"))
    telling.wants_details = hold in {Hold.ADDRESS, Hold.CUSTOMS, Hold.CUSTOMER_REQUEST}
    _tell_outbound(telling)
    _offer_cancel(telling)


def _payment_failed(telling: Telling) -> None:
    telling.paragraph(telling.say("payment_failed"), _pay_by(telling))
    _offer_cancel(telling)


def _awaiting_payment(telling: Telling) -> None:
    telling.paragraph(telling.say("awaiting_payment"), _pay_by(telling))
    _offer_cancel(telling)


def _pay_by(telling: Telling) -> str:
    by = telling.order.pay_by
    return telling.say("pay_by_passed" if telling.now >= by else "pay_by", by=by) if by else ""


def _awaiting_confirmation(telling: Telling) -> None:
    order = telling.order
    gate = next((gate for gate in _GATES if gate in order.gates), Gate.ACCEPTANCE)
    check = telling.say(f"gate_{gate}")
    if order.paid_at and gate is not Gate.PAYMENT:
        first = telling.say("awaiting_confirmation_paid", at=order.paid_at, check=check)
    else:
        first = telling.say("awaiting_confirmation", check=check)
    telling.paragraph(first, _confirm_by(telling))
    _offer_cancel(telling)


def _confirm_by(telling: Telling) -> str:
    by = telling.order.confirm_by
    if by is None:
        return telling.say("confirm_soon")
    return telling.say("confirm_late" if telling.now >= by else "confirm_by", by=by)


def _processing(telling: Telling) -> None:
    order = telling.order
    first = (
        telling.say("processing_confirmed", at=order.confirmed_at) if order.confirmed_at else telling.say("processing")
    )
    telling.paragraph(first, _ship_by(telling), telling.say("still_cancel") if order.can_cancel else "")
    _tell_outbound(telling)
    _offer_cancel(telling)


def _ship_by(telling: Telling) -> str:
    by = telling.order.promised_ship_by
    if by is None:
        return telling.say("ship_unknown")
    if telling.day_passed(by):
        return telling.say("ship_by_passed", by=by)
    return telling.say("ship_by_today" if telling.same_day(by) else "ship_by", by=by)


def _backordered(telling: Telling) -> None:
    wanted = [line for line in telling.order.lines if line.quantity > line.quantity_cancelled]
    waiting = [line for line in wanted if line.backordered]
    telling.paragraph(
        telling.say("backordered"),
        *_waiting_lines(telling, waiting[:_MOST_ITEMS]),
        telling.say("backordered_choice" if len(waiting) < len(wanted) else "backordered_choice_all"),
    )
    _offer_cancel(telling)


def _waiting_lines(telling: Telling, lines: list[LineSnapshot]) -> list[str]:
    """One sentence for all that come on the same day, else one for each."""
    etas = {line.backorder_eta for line in lines}
    eta = next(iter(etas), None)
    if len(lines) > 1 and len(etas) == 1 and eta is not None and not telling.day_passed(eta):
        titles = listed(telling.language, [line.title[:80] for line in lines])
        return [telling.say("backordered_lines", titles=titles, eta=eta)]
    return [_waiting_line(telling, line) for line in lines]


def _waiting_line(telling: Telling, line: LineSnapshot) -> str:
    title = line.title[:80]
    if line.backorder_eta is None:
        return telling.say("backordered_line_undated", title=title)
    moved = telling.day_passed(line.backorder_eta)
    return telling.say("backordered_line_moved" if moved else "backordered_line", title=title, eta=line.backorder_eta)


def _partially_shipped(telling: Telling) -> None:
    telling.paragraph(telling.say("partially_shipped"))
    _tell_outbound(telling)
    telling.paragraph(_rest(telling))


def _rest(telling: Telling) -> str:
    """What has not left yet, and by when it leaves."""
    open_lines = [
        line for line in telling.order.lines if line.quantity - line.quantity_cancelled > line.quantity_shipped
    ]
    if not open_lines:
        return ""
    waiting = [_waiting_line(telling, line) for line in open_lines if line.backordered]
    if waiting:
        return waiting[0]
    titles = listed(telling.language, [line.title[:80] for line in open_lines[:_MOST_ITEMS]])
    by = telling.order.promised_ship_by
    if by is None:
        return telling.say("rest_follows", items=titles)
    return telling.say("rest_ship_by_passed" if telling.day_passed(by) else "rest_ships_by", items=titles, by=by)


def _shipped(telling: Telling) -> None:
    parcels = outbound(telling.order)
    if not parcels:
        telling.paragraph(telling.say("shipped_no_parcel"))
    elif len(parcels) > 1:
        telling.paragraph(telling.say("shipped"))
    _tell_outbound(telling)


def _arrived(telling: Telling) -> None:
    headline = telling.order.headline
    parcels = outbound(telling.order)
    if len(parcels) != 1 or headline is Headline.COMPLETED:
        telling.paragraph(telling.say(str(headline)))
    _tell_outbound(telling)
    if headline is Headline.PARTIALLY_DELIVERED:
        telling.paragraph(_rest(telling))
    telling.offer("not_received", "item_problem", "return")


def _tell_outbound(telling: Telling) -> None:
    parcels = outbound(telling.order)
    for parcel in parcels:
        tell_parcel(telling, parcel, len(parcels))


def _offer_cancel(telling: Telling) -> None:
    if telling.order.can_cancel:
        telling.offer("cancel")


_GOING_BACK = frozenset({ParcelState.RETURNING, ParcelState.RETURNED})
UNPAID = frozenset({PaymentState.NONE, PaymentState.PENDING, PaymentState.VOIDED, PaymentState.FAILED})
_NOT_THROUGH = frozenset(
    {
        Headline.CANCELLED,
        Headline.EXPIRED,
        Headline.REFUNDED,
        Headline.ON_HOLD,
        Headline.PAYMENT_FAILED,
        Headline.AWAITING_PAYMENT,
        Headline.AWAITING_CONFIRMATION,
    }
)
_HEADLINES: dict[Headline, Callable[[Telling], None]] = {
    Headline.CANCELLED: _cancelled,
    Headline.EXPIRED: _expired,
    Headline.REFUNDED: _refunded,
    Headline.RETURNING: _returning,
    Headline.RETURNED: _returned,
    Headline.ON_HOLD: _on_hold,
    Headline.PAYMENT_FAILED: _payment_failed,
    Headline.AWAITING_PAYMENT: _awaiting_payment,
    Headline.AWAITING_CONFIRMATION: _awaiting_confirmation,
    Headline.COMPLETED: _arrived,
    Headline.DELIVERED: _arrived,
    Headline.PARTIALLY_DELIVERED: _arrived,
    Headline.SHIPPED: _shipped,
    Headline.PARTIALLY_SHIPPED: _partially_shipped,
    Headline.BACKORDERED: _backordered,
    Headline.PROCESSING: _processing,
}
