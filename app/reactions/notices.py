"""Inside the transaction of an order event: notices that a customer should get, as jobs."""

from collections.abc import Sequence

from conversations.events import CodeRequested, TranscriptRequested
from core.events import Together
from core.jobs import Plan, enqueue, enqueued
from core.sql import Program, query
from orders.events import (
    OrderCancelled,
    OrderChanged,
    OrderConfirmed,
    ParcelMoved,
    RefundChanged,
    RefundIntentChanged,
)
from orders.refunds.states import IntentState
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
_ENDED = (IntentState.SUCCEEDED, IntentState.FAILED)
_ARRIVED = """SELECT MIN(r.id) AS id, p.order_id, p.intent_id FROM refund_part p
  JOIN refund r ON r.order_id = p.order_id AND (r.key = p.public_id OR p.gateway_ref IN (r.reference, r.source_id))
  WHERE p.intent_id IN ({intents}) AND p.state = 'succeeded' AND r.state = 'succeeded'
  GROUP BY p.order_id, p.intent_id"""


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


def _tell_of_money(events: Sequence[RefundIntentChanged]) -> Program[Sequence[RefundIntentChanged]]:
    """Queue the notice of what has arrived: it waited for parts that are no longer on their way."""
    if ended := sorted({event.intent_id for event in events if event.state in _ENDED}):
        arrived = yield query(_ARRIVED, intents=ended)
        kind = REFUND_NOTICES["succeeded"]
        yield from enqueued(
            [_plan(row["order_id"], kind, str(row["id"]), again=f":{row['intent_id']}") for row in arrived]
        )
    return ()


tell_of_money = Together(_tell_of_money)


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


def _plan(order_id: int, kind: str, subject: str, *, again: str = "") -> Plan:
    key = f"notice:{order_id}:{kind}:{subject}{again}"
    return Plan(kind="notice.send", args={"order": order_id, "kind": kind, "subject": subject}, key=key)
