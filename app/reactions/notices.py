"""Inside the transaction of an order event: notices that a customer should get, as jobs."""

from collections.abc import Sequence

from conversations.events import CodeRequested, TranscriptRequested
from core.events import Together
from core.jobs import Plan, enqueue, enqueued
from core.sql import Program
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
Telling = OrderConfirmed | OrderCancelled | OrderChanged | ParcelMoved | RefundChanged
REFUND_NOTICES = {"pending": "refund_pending", "succeeded": "refund_succeeded"}


async def send_code_later(event: CodeRequested) -> None:
    """Whether there is anybody to send the code to is found out by the job, so that asking always takes the same."""
    await enqueue("code.send", {"code_request": event.code_request_id}, key=f"code.send:{event.code_request_id}")


async def send_transcript_later(event: TranscriptRequested) -> None:
    """Each wish is a job; which of them becomes a letter is decided when it is written."""
    await enqueue("transcript.send", {"conversation": event.conversation_id, "recipient": event.recipient})


def _tell(events: Sequence[Telling]) -> Program[Sequence[Telling]]:
    """Queue one notice for each new fact; the key makes the second of the same fact nothing."""
    yield from enqueued([plan for event in events if (plan := _notice(event))])
    return ()


tell_customers = Together(_tell)


def _notice(event: Telling) -> Plan | None:
    match event:
        case OrderConfirmed():
            return _plan(event.order_id, "confirmed", "")
        case OrderCancelled():
            return _plan(event.order_id, "cancelled", "")
        case OrderChanged():
            if event.before and event.after == Headline.ON_HOLD != event.before:
                return _plan(event.order_id, "on_hold", str(event.version))
        case ParcelMoved():
            if event.state in PARCEL_NOTICES:
                return _plan(event.order_id, PARCEL_NOTICES[event.state], str(event.shipment_id))
        case RefundChanged():
            if event.state in REFUND_NOTICES:
                return _plan(event.order_id, REFUND_NOTICES[event.state], str(event.refund_id))
    return None


def _plan(order_id: int, kind: str, subject: str) -> Plan:
    key = f"notice:{order_id}:{kind}:{subject}"
    return Plan(kind="notice.send", args={"order": order_id, "kind": kind, "subject": subject}, key=key)
