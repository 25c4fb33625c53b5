"""What the shop tells by itself when an order moves: one short bubble, with the order's live card."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, cast, get_args

from bots.answers import outbound
from bots.decisions import Reply
from bots.dialogue import Dialogue
from bots.phrases import listed, render, span_of_days, wordings
from bots.repayments import method_name
from bots.telling import Telling
from orders.snapshots import OrderSnapshot, ParcelSnapshot, RefundSnapshot
from orders.statuses import Hold, ParcelState

NoticeKind = Literal[
    "confirmed",
    "shipped",
    "out_for_delivery",
    "available_for_pickup",
    "delivered",
    "failed_attempt",
    "exception",
    "cancelled",
    "refund_pending",
    "refund_succeeded",
    "on_hold",
    "delayed",
]
KINDS: tuple[str, ...] = get_args(NoticeKind)
_CHECKS = frozenset({Hold.FRAUD, Hold.PAYMENT_REVIEW})
_OWN_REASON = (Hold.ADDRESS, Hold.CUSTOMS, Hold.CUSTOMER_REQUEST, Hold.STOCK)


def notice(kind: str, snapshot: OrderSnapshot, language: str, now: datetime, **facts: object) -> Reply | None:
    """The bubble for `kind`, or None when the snapshot does not bear it out (any more) or the kind is unknown.

    `facts` may name `parcel_id` or `refund_id`, when the order has several; for a refund that is part of a larger one,
    the `amount` (Money) and `tenders` of the whole.
    """
    tell = _KINDS.get(kind)
    telling = Telling(order=snapshot, language=language, now=now)
    text = tell(telling, facts) if tell else ""
    if not text:
        return None
    return Reply(phrase=f"notice_{kind}", text=text, order_id=snapshot.order_id, quick_replies=telling.quick_replies())


def still_open(order_id: str, dialogue: Dialogue, language: str) -> str:
    """A sentence that takes a question up again which waits for an answer about this order; empty without one."""
    wish = dialogue.pending
    if (
        dialogue.awaiting is None
        or f"wish_{wish}" not in wordings()
        or dialogue.details.get(f"{wish}.order") != order_id
    ):
        return ""
    return render("notice_still_open", language, {"wish": render(f"wish_{wish}", language)})


def _confirmed(telling: Telling, facts: dict[str, object]) -> str:
    order = telling.order
    if order.gates or order.confirmed_at is None:
        return ""
    telling.offer("cancel") if order.can_cancel else None
    by = order.promised_ship_by
    return telling.say("notice_confirmed_by", by=by) if by and telling.now < by else telling.say("notice_confirmed")


def _shipped(telling: Telling, facts: dict[str, object]) -> str:
    parcel = _parcel(telling.order, facts, lambda each: each.first_scan_at is not None)
    if parcel is None:
        return ""
    named = parcel.carrier and parcel.tracking_number
    carrier = (
        telling.say("notice_with_carrier", carrier=parcel.carrier, tracking=parcel.tracking_number) if named else ""
    )
    telling.offer("where")
    if len(outbound(telling.order)) == 1:
        return telling.say("notice_shipped", with_carrier=carrier)
    return telling.say("notice_shipped_parcel", parcel=_name(telling, parcel), with_carrier=carrier)


def _out_for_delivery(telling: Telling, facts: dict[str, object]) -> str:
    found = _in_state(telling, facts, ParcelState.OUT_FOR_DELIVERY)
    if found is None or not (found.out_for_delivery_at is None or telling.same_day(found.out_for_delivery_at)):
        return ""
    return telling.say("notice_out_for_delivery", parcel=_name(telling, found))


def _available_for_pickup(telling: Telling, facts: dict[str, object]) -> str:
    parcel = _in_state(telling, facts, ParcelState.AVAILABLE_FOR_PICKUP)
    if parcel is None:
        return ""
    if parcel.pickup_point:
        first = telling.say("notice_available_for_pickup_at", parcel=_name(telling, parcel), point=parcel.pickup_point)
    else:
        first = telling.say("notice_available_for_pickup", parcel=_name(telling, parcel))
    until = telling.say("pickup_until", until=parcel.pickup_until) if parcel.pickup_until else ""
    code = telling.say("pickup_code", code=parcel.pickup_code) if parcel.pickup_code else ""
    return telling.joined(first, code, until)


def _delivered(telling: Telling, facts: dict[str, object]) -> str:
    parcel = _in_state(telling, facts, ParcelState.DELIVERED)
    if parcel is None:
        return ""
    telling.offer("not_received", "item_problem")
    if parcel.delivered_at is None:
        return telling.say("notice_delivered_undated", parcel=_name(telling, parcel))
    return telling.say("notice_delivered", parcel=_name(telling, parcel), at=parcel.delivered_at)


def _failed_attempt(telling: Telling, facts: dict[str, object]) -> str:
    telling.offer("person")
    parcel = _in_state(telling, facts, ParcelState.FAILED_ATTEMPT)
    return telling.say("notice_failed_attempt", parcel=_name(telling, parcel)) if parcel else ""


def _exception(telling: Telling, facts: dict[str, object]) -> str:
    telling.offer("person")
    parcel = _in_state(telling, facts, ParcelState.EXCEPTION)
    return telling.say("notice_exception", parcel=_name(telling, parcel)) if parcel else ""


def _cancelled(telling: Telling, facts: dict[str, object]) -> str:
    order = telling.order
    telling.offer("refund_status") if order.paid_at else None
    return telling.say("notice_cancelled") if order.closure == "cancelled" else ""


def _refund_pending(telling: Telling, facts: dict[str, object]) -> str:
    return _refunded(telling, facts, "pending")


def _refund_succeeded(telling: Telling, facts: dict[str, object]) -> str:
    return _refunded(telling, facts, "succeeded")


def _refunded(telling: Telling, facts: dict[str, object], state: str) -> str:
    refund = _refund(telling.order, facts, state)
    if refund is None:
        return ""
    tenders = cast("tuple[str, ...]", facts.get("tenders", (refund.tender,)))
    methods = list(dict.fromkeys(method_name(telling, tender) for tender in tenders))
    return telling.say(
        f"notice_refund_{state}", amount=facts.get("amount", refund.amount), method=listed(telling.language, methods)
    )


def _on_hold(telling: Telling, facts: dict[str, object]) -> str:
    holds = telling.order.holds
    if not holds:
        return ""
    own = next((str(hold) for hold in _OWN_REASON if hold in holds), None)
    telling.offer("person")
    return telling.say(
        "notice_on_hold", reason=telling.say(f"hold_reason_{own or ('check' if holds & _CHECKS else 'other')}")
    )


def _delayed(telling: Telling, facts: dict[str, object]) -> str:
    order = telling.order
    promised = order.promised_to
    if promised is None:
        return ""
    telling.offer("where", "person")
    parcel = _parcel(order, facts, lambda each: each.eta_to is not None and each.eta_to > promised)
    if parcel is None or parcel.eta_to is None or telling.day_passed(parcel.eta_to):
        return telling.say("notice_delayed_undated")
    window = span_of_days(telling.language, parcel.eta_from, parcel.eta_to, order.timezone)
    return telling.say("notice_delayed", promised=promised, window=window)


def _in_state(telling: Telling, facts: dict[str, object], state: ParcelState) -> ParcelSnapshot | None:
    return _parcel(telling.order, facts, lambda parcel: parcel.state is state)


def _parcel(
    order: OrderSnapshot, facts: dict[str, object], fits: Callable[[ParcelSnapshot], bool]
) -> ParcelSnapshot | None:
    wanted = facts.get("parcel_id")
    parcels = (each for each in outbound(order) if wanted in (None, each.parcel_id))
    return next((each for each in parcels if fits(each)), None)


def _name(telling: Telling, parcel: ParcelSnapshot) -> str:
    """Which parcel, when there are several."""
    count = len(outbound(telling.order))
    if count == 1:
        return telling.say("notice_parcel")
    return telling.say("notice_parcel_of", position=parcel.position, count=count)


def _refund(order: OrderSnapshot, facts: dict[str, object], state: str) -> RefundSnapshot | None:
    wanted = facts.get("refund_id")
    fitting = [each for each in order.refunds if each.state == state and wanted in (None, each.refund_id)]
    return fitting[-1] if fitting else None


_KINDS: dict[str, Callable[[Telling, dict[str, object]], str]] = {
    "confirmed": _confirmed,
    "shipped": _shipped,
    "out_for_delivery": _out_for_delivery,
    "available_for_pickup": _available_for_pickup,
    "delivered": _delivered,
    "failed_attempt": _failed_attempt,
    "exception": _exception,
    "cancelled": _cancelled,
    "refund_pending": _refund_pending,
    "refund_succeeded": _refund_succeeded,
    "on_hold": _on_hold,
    "delayed": _delayed,
}
