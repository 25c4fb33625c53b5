"""Cases that a platform keeps: its word opens and moves ours, whatever was told before and in whichever order.

A word is followed once. What our desk has done since is ahead of it and stays, until the platform says another one.
"""

from datetime import datetime
from typing import Any

from core.clock import now, utc
from core.people import SYSTEM
from core.transactions import transaction
from orders.models import Order, Shipment
from orders.refunds.approval import withdraw
from orders.refunds.states import OPEN_INTENTS, IntentState
from orders.statuses import ParcelState
from tickets.aftersales.adopting import of_platform, refresh
from tickets.aftersales.decisions import BY_PLATFORM
from tickets.aftersales.desk import bring_to_desk, let_go
from tickets.aftersales.models import AfterSaleLine
from tickets.aftersales.money import last_intent
from tickets.aftersales.moves import Case, locked_case
from tickets.aftersales.platforms import state_of
from tickets.aftersales.states import OVER, State
from tickets.aftersales.timers import told_by_platform
from tickets.aftersales.urging import urge

S = State
_OPEN = frozenset(S) - frozenset(OVER)
_MONEY = frozenset({S.REFUND_PENDING, S.REFUND_FAILED, S.REFUNDED})
_BEFORE_GOODS = frozenset({S.REQUESTED, S.UNDER_REVIEW, S.NEEDS_INFO, S.APPROVED, S.REJECTED, S.PLATFORM_REVIEW})
# What the platform says → where our case may be, so that it follows. Anywhere else our desk is ahead.
_FOLLOWS: dict[State, frozenset[State]] = {
    S.UNDER_REVIEW: frozenset({S.REQUESTED, S.REJECTED, S.PLATFORM_REVIEW}),
    S.AWAITING_RETURN: _BEFORE_GOODS,
    S.RETURN_IN_TRANSIT: _BEFORE_GOODS | {S.AWAITING_RETURN},
    S.RECEIVED: _BEFORE_GOODS | {S.AWAITING_RETURN, S.RETURN_IN_TRANSIT},
    S.REJECTED: _OPEN - _MONEY - {S.REJECTED},
    S.REFUND_PENDING: _OPEN - _MONEY,
    S.REFUNDED: _OPEN,
    S.CLOSED: _OPEN,
    S.CANCELLED: _OPEN,
}
_UNPAID = (S.CLOSED, S.CANCELLED, S.REJECTED)
_GRANTED = frozenset({S.AWAITING_RETURN, S.RETURN_IN_TRANSIT, S.RECEIVED, S.REFUND_PENDING, S.REFUNDED})
_NEEDS_PERSON = frozenset({S.UNDER_REVIEW, S.RETURN_IN_TRANSIT, S.RECEIVED, S.REFUND_FAILED})
DIFFERS = "platform_differs"


async def follow_platform(order_id: int, name: str) -> None:
    """Bring our case up to what the platform says of its case `name` of an order; a second look changes nothing.

    One that our desk has opened about the same goods is that case. Its ticket is opened when a person has to act, and
    resolved when nobody has to any more.
    """
    order = await Order.get(id=order_id)
    told = (order.platform_cases or {}).get(name)
    if told is None:
        return
    row = await of_platform(order, name, told)
    async with transaction():
        case = await locked_case(row.public_id, SYSTEM)
        if case.row.state not in OVER:
            await _follow(case, order, told)
        needed = case.row.state in _NEEDS_PERSON or bool(case.row.problem)
    if needed and case.ticket is None:
        await bring_to_desk(row.public_id)
    elif case.row.state in OVER and case.ticket is not None:
        await let_go(case.ticket.id)


async def _follow(case: Case, order: Order, told: dict[str, Any]) -> None:
    row, is_news = case.row, case.row.platform_word != told["word"]
    await refresh(case, told)
    parcel = await _returned(order, row.platform_ref)
    wanted = state_of(order.source, told["word"], goods_here=_is_here(parcel))
    wanted = S.UNDER_REVIEW if wanted is S.REQUESTED else wanted
    if is_news and wanted is not None:
        if parcel is not None and row.returned_id is None:
            row.returned_id = parcel.id
        row.platform_word = told["word"]
        await row.save(update_fields=["platform_word", "returned_id"])
        await _go(case, wanted)
    if row.state == wanted and (due := _time(told["due_at"])) is not None and due != row.platform_due_at:
        await told_by_platform(row, due)


async def _go(case: Case, wanted: State) -> None:
    row = case.row
    intent = await last_intent(row)
    under_way = intent is not None and intent.state in OPEN_INTENTS
    waits = intent is not None and intent.state == IntentState.AWAITING_APPROVAL
    if under_way and not waits and wanted in (*_UNPAID, S.REFUNDED):
        if wanted in _UNPAID:
            await _differs(case)  # our money is moving, the platform says that none will
        return  # else its own record settles our refund, which ends the case
    if row.state in _FOLLOWS.get(wanted, frozenset()):
        if intent is not None and waits and wanted in (*_UNPAID, S.REFUNDED):
            await withdraw(intent.id, SYSTEM)  # the platform has paid it, or nobody will
        await _settle(case, wanted)


async def _settle(case: Case, wanted: State) -> None:
    row = case.row
    columns: tuple[str, ...] = ()
    if wanted in _GRANTED or wanted is S.REJECTED:
        granted = wanted in _GRANTED
        if row.decision.get("granted") is not granted:
            row.decision = row.decision | {"rule": BY_PLATFORM, "granted": granted}
            row.decided_at = now()
        row.granted = row.amount if granted and row.granted is None else row.granted
        columns = ("decision", "decided_at", "granted")
        if granted:
            await _grant_lines(case)
    row.problem = ""
    await case.told(wanted, "problem", *columns, by=SYSTEM, rule=BY_PLATFORM)
    if wanted is S.REFUNDED:
        await case.told(S.CLOSED, by=SYSTEM, rule=BY_PLATFORM)


async def _grant_lines(case: Case) -> None:
    for line in await AfterSaleLine.filter(case_id=case.row.id, approved=None):
        line.approved = line.asked
        await line.save(update_fields=["approved"])


async def _differs(case: Case) -> None:
    case.row.problem = DIFFERS
    await case.write("case_needs_person", "problem", by=SYSTEM, problem=DIFFERS)
    await urge(case, "urgent")


async def _returned(order: Order, name: str) -> Shipment | None:
    return await Shipment.get_or_none(order_id=order.id, source_id=f"return-{name}", cancelled=False)


def _is_here(parcel: Shipment | None) -> bool:
    return parcel is not None and parcel.state == ParcelState.DELIVERED.value


def _time(text: str | None) -> datetime | None:
    return utc(datetime.fromisoformat(text)) if text else None
