"""Inside the transaction of a refund: our own ones are known again, and tickets hear of those made for them."""

from collections.abc import Sequence

from core.events import Together
from core.jobs import Plan, enqueued
from core.sql import Program, query
from orders.events import RefundChanged, RefundIntentChanged
from orders.refunds.importing import settle_by_record

TICKET = "tkt_"
_SENT_BY_US = "SELECT DISTINCT order_id FROM refund_part WHERE order_id IN ({orders})"


def _ours(events: Sequence[RefundChanged]) -> Program[Sequence[RefundChanged]]:
    ended = [event for event in events if event.state in ("succeeded", "failed")]
    if not ended:
        return ()
    found = yield query(_SENT_BY_US, orders=sorted({event.order_id for event in ended}))
    orders = {row["order_id"] for row in found}
    return [event for event in ended if event.order_id in orders]


async def _settle(event: RefundChanged) -> None:
    await settle_by_record(event.refund_id)


def _of_tickets(events: Sequence[RefundIntentChanged]) -> Program[Sequence[RefundIntentChanged]]:
    yield from enqueued([_plan(event) for event in events if event.case_id.startswith(TICKET)])
    return ()


def _plan(event: RefundIntentChanged) -> Plan:
    args = {"intent": event.intent_id, "state": event.state}
    return Plan(kind="refund.tell", args=args, lane=f"refund:{event.intent_id}")


settle_our_own = Together(_ours, otherwise=_settle)
tell_ticket = Together(_of_tickets)
