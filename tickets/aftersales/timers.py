"""The timers of cases as rows: started and ended with the case's steps, looked at by a job that reads the case anew."""

from datetime import datetime

from core.business_hours import BusinessHours
from core.clock import now
from core.shops import Shop
from orders.policies.deciding import ReturnPolicy
from orders.policies.documents import read_wish
from orders.policies.timers import Timer, TimerKind
from orders.policies.versions import policies_of
from tickets.aftersales.keeping import is_unsent
from tickets.aftersales.models import AfterSale, AfterSaleTimer
from tickets.aftersales.states import State
from tickets.aftersales.timing import Situation, allowances, stages

MET, EXPIRED = "met", "expired"
_PAYING = (State.INSPECTED, State.REFUND_PENDING, State.REFUND_FAILED)


async def follow_timers(row: AfterSale) -> None:
    """After a step of a locked case: what was waited for is over, and what the new state waits for begins."""
    moment = now()
    running = AfterSaleTimer.filter(case_id=row.id, done_at=None)
    if row.state in _PAYING:
        running = running.exclude(kind=TimerKind.PAY_REFUND)  # the law's time runs until the money is back
    await running.update(done_at=moment, look_at=None, outcome=MET)
    for each in allowances(await _situation(row)):
        await AfterSaleTimer.create(
            case_id=row.id,
            kind=each.kind,
            side=each.side,
            started_at=each.started_at,
            due_at=each.due_at,
            origin=each.origin,
            source=each.source[:200],
            on_expiry=each.on_expiry.value,
            look_at=next_look(each.started_at, each.due_at, moment),
        )


async def told_by_platform(row: AfterSale, due_at: datetime) -> None:
    """The platform says until when the present step may take: its time wins over every computed one."""
    row.platform_due_at = due_at
    await row.save(update_fields=["platform_due_at"])
    await follow_timers(row)


def next_look(started_at: datetime, due_at: datetime, at: datetime) -> datetime:
    """The next moment (UTC) at which a timer warns or ends."""
    return min((moment for _, moment in stages(started_at, due_at) if moment > at), default=due_at)


async def _situation(row: AfterSale) -> Situation:
    shop = await Shop.get(id=row.shop_id)
    return Situation(
        kind=row.kind,
        state=row.state,
        since=row.since,
        opened_at=row.opened_at,
        platform=shop.platform,
        jurisdiction=read_wish(row.wish).jurisdiction,
        hours=BusinessHours.of(shop.hours, shop.timezone),
        told=row.platform_due_at,
        send_back_within=row.decision.get("send_back_within"),
        own=_own(await policies_of(row.shop_id)),
        unsent=is_unsent(row),
    )


def _own(policies: tuple[ReturnPolicy, ...]) -> tuple[Timer, ...]:
    """The timers of the shop's own policy in force."""
    return next((policy.timers for policy in policies if policy.timers), ())
