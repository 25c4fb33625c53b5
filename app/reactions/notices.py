"""Inside the transaction of an order event: notices that a customer should get, as jobs."""

from conversations.events import CodeRequested
from core.jobs import enqueue
from orders.events import OrderCancelled, OrderChanged, OrderConfirmed, ParcelMoved, RefundChanged
from orders.statuses import Headline

PARCEL_NOTICES = {
    "in_transit": "shipped",  # the first scan, not the label
    "out_for_delivery": "out_for_delivery",
    "available_for_pickup": "available_for_pickup",
    "delivered": "delivered",
    "failed_attempt": "failed_attempt",
    "exception": "exception",
}
REFUND_NOTICES = {"pending": "refund_pending", "succeeded": "refund_succeeded"}


async def send_code_later(event: CodeRequested) -> None:
    """Whether there is anybody to send the code to is found out by the job, so that asking always takes the same."""
    await enqueue("code.send", {"code_request": event.code_request_id}, key=f"code.send:{event.code_request_id}")


async def tell_customers(event: OrderConfirmed | OrderCancelled | OrderChanged | ParcelMoved | RefundChanged) -> None:
    """Queue one notice for each new fact; the key makes the second of the same fact nothing."""
    match event:
        case OrderConfirmed():
            await _queue(event.order_id, "confirmed", "")
        case OrderCancelled():
            await _queue(event.order_id, "cancelled", "")
        case OrderChanged():
            if event.before and event.after == Headline.ON_HOLD != event.before:
                await _queue(event.order_id, "on_hold", str(event.version))
        case ParcelMoved():
            if event.state in PARCEL_NOTICES:
                await _queue(event.order_id, PARCEL_NOTICES[event.state], str(event.shipment_id))
        case RefundChanged():
            if event.state in REFUND_NOTICES:
                await _queue(event.order_id, REFUND_NOTICES[event.state], str(event.refund_id))


async def _queue(order_id: int, kind: str, subject: str) -> None:
    key = f"notice:{order_id}:{kind}:{subject}"
    await enqueue("notice.send", {"order": order_id, "kind": kind, "subject": subject}, key=key)
