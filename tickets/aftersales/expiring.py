"""Looks at the timers of cases when time has passed: warns at half, four fifths and two hours before, then acts."""

from datetime import timedelta

import structlog

from core.clock import now
from core.jobs import enqueue
from core.people import SYSTEM
from core.transactions import transaction
from orders.policies.timers import OnExpiry, TimerKind
from tickets.aftersales.decisions import BY_TIME, approve_and_pay, grant
from tickets.aftersales.models import AfterSaleLine, AfterSaleTimer
from tickets.aftersales.moves import Case, locked_case
from tickets.aftersales.returns import as_it_should, inspected
from tickets.aftersales.states import UNDECIDED, State
from tickets.aftersales.timers import EXPIRED, next_look
from tickets.aftersales.timing import GIVE_INFO, LAST, MOST, SELLER, stages
from tickets.aftersales.urging import urge

log = structlog.get_logger(__name__)

AT_ONCE = 100
AFTER_FAILURE = timedelta(minutes=10)
REMINDED = (GIVE_INFO, TimerKind.SEND_BACK, TimerKind.APPEAL)  # times that are the customer's


async def look_at_timers(limit: int = AT_ONCE) -> int:
    """Look at up to `limit` timers whose time has come. Returns how many there were."""
    due = AfterSaleTimer.filter(look_at__lte=now()).order_by("look_at", "id").limit(limit)
    ids = await due.values_list("id", flat=True)
    for timer_id in ids:
        try:
            await look_at_timer(int(str(timer_id)))
        except Exception:  # one that cannot be carried out must not stand before all others for ever
            log.exception("timer_failed", timer=timer_id)
            await AfterSaleTimer.filter(id=timer_id, done_at=None).update(look_at=now() + AFTER_FAILURE)
    return len(ids)


async def look_at_timer(timer_id: int) -> None:
    """Warn, or do what follows when the time is over; the case is read anew first, and a second look does nothing."""
    known = await AfterSaleTimer.get(id=timer_id).select_related("case")
    async with transaction():
        case = await locked_case(known.case.public_id, SYSTEM)
        timer = await AfterSaleTimer.filter(id=timer_id).select_for_update().get()
        moment = now()
        if timer.done_at is not None or timer.look_at is None or timer.look_at > moment:
            return
        if moment < timer.due_at:
            await _warn(case, timer)
            return
        timer.done_at, timer.look_at, timer.outcome = moment, None, EXPIRED
        await timer.save(update_fields=["done_at", "look_at", "outcome"])
        await case.write("case_expired", by=SYSTEM, timer=timer.kind)
        await _expire(case, OnExpiry(timer.on_expiry))


async def _warn(case: Case, timer: AfterSaleTimer) -> None:
    """The desk hears of its own time each time; the customer is reminded of theirs once, at four fifths of it."""
    moment, before = now(), timer.stage
    timer.stage = [name for name, at in stages(timer.started_at, timer.due_at) if at <= moment][-1]
    timer.look_at = next_look(timer.started_at, timer.due_at, moment)
    await timer.save(update_fields=["stage", "look_at"])
    if timer.side == SELLER:
        await case.write("case_warned", by=SYSTEM, timer=timer.kind, stage=timer.stage)
        if timer.stage == LAST:
            await urge(case, "high")
    elif timer.stage in (MOST, LAST) and before not in (MOST, LAST) and timer.kind in REMINDED:
        await enqueue("aftersales.remind", {"timer": timer.id}, key=f"aftersales.remind:{timer.id}")


async def _expire(case: Case, follows: OnExpiry) -> None:
    if case.row.platform_word:  # the platform does it by its own clock, and tells
        await urge(case, "urgent")
        return
    match follows:
        case OnExpiry.WARN:
            await urge(case, "urgent")
        case OnExpiry.CLOSE:
            await case.move(State.CLOSED, by=SYSTEM, rule=BY_TIME)
        case OnExpiry.GRANT:
            await grant(case, BY_TIME, SYSTEM)
        case OnExpiry.REFUND if case.row.state in UNDECIDED:
            await approve_and_pay(case, BY_TIME)
        case OnExpiry.REFUND:
            if case.row.state == State.RETURN_IN_TRANSIT:
                await case.move(State.RECEIVED, by=SYSTEM, rule=BY_TIME)
            lines = await AfterSaleLine.filter(case_id=case.row.id).order_by("id")
            await inspected(case, lines, as_it_should(lines), by=SYSTEM)
