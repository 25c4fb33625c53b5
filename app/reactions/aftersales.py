"""Inside the transaction of a parcel, a refund or a claim: the case that waits for it is looked at by a job.

By a job, because whoever changes an order holds its row, and a case holds its ticket first.
"""

from collections.abc import Sequence

from core.events import Together
from core.jobs import Plan, enqueued
from core.sql import Program, query
from orders.events import ClaimChanged, ParcelMoved, PlatformCaseTold, RefundIntentChanged
from orders.statuses import ParcelState

CASE = "afs_"
_WAITING = (
    "SELECT public_id FROM aftersale WHERE (returned_id IN ({parcels}) OR replacement_id IN ({parcels}))"
    " AND state NOT IN ('closed', 'cancelled')"
)


def _money_or_claim(events: Sequence[RefundIntentChanged | ClaimChanged]) -> Program[Sequence[ClaimChanged]]:
    names = dict.fromkeys(event.case_id for event in events if event.case_id.startswith(CASE))
    yield from enqueued([_plan(name) for name in names])
    return ()


def _arrived(events: Sequence[ParcelMoved]) -> Program[Sequence[ParcelMoved]]:
    parcels = [event.shipment_id for event in events if event.state == ParcelState.DELIVERED]
    if parcels:
        waiting = yield query(_WAITING, parcels=parcels)
        yield from enqueued([_plan(row["public_id"]) for row in waiting])
    return ()


def _told(events: Sequence[PlatformCaseTold]) -> Program[Sequence[PlatformCaseTold]]:
    yield from enqueued([_follow_told(event) for event in dict.fromkeys(events)])
    return ()


follow_case_of = Together(_money_or_claim)
follow_case_of_parcel = Together(_arrived)
follow_platform_case = Together(_told)


def _plan(case: str) -> Plan:
    return Plan(kind="aftersales.follow", args={"case": case}, lane=f"aftersale:{case}")


def _follow_told(event: PlatformCaseTold) -> Plan:
    args = {"order": event.order_id, "case": event.name}
    return Plan(kind="aftersales.told", args=args, lane=f"platform-cases:{event.order_id}")
