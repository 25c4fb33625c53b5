"""How long each side of a case has for the present step: the platform's own time, its rules, the law, or usual terms.

Pure. Platforms and laws count calendar time, or their own working days; only a policy's days end with an open day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.business_hours import BusinessHours
from core.deadlines import end_of_day, end_of_working_day
from orders.policies.timers import TIMERS, OnExpiry, Timer, TimerKind
from orders.refunds.case import Jurisdiction
from tickets.aftersales.kinds import traits
from tickets.aftersales.states import State

PLATFORM, LAW, POLICY = "platform", "law", "policy"
SELLER, CUSTOMER = "seller", "customer"
MARKETPLACES = frozenset({"wechat_shop", "taobao", "yandex_market"})
HALF, MOST, LAST = "half", "most", "last"  # 50 %, 80 %, two hours before
LAWS = {Jurisdiction.CN: "china", Jurisdiction.EU: "eu", Jurisdiction.US: "us"}
GIVE_INFO, ANSWER_PLATFORM = "give_info", "answer_platform"

_LAST_HOURS = timedelta(hours=2)
_SENT_BACK = 14  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Where a case stands, as far as its times depend on it. Times in UTC."""

    kind: str
    state: str
    since: datetime
    opened_at: datetime
    platform: str
    jurisdiction: Jurisdiction
    hours: BusinessHours
    told: datetime | None = None  # what the platform says about this step
    send_back_within: int | None = None  # days, of the row that decided
    own: tuple[Timer, ...] = ()  # of the shop's own policy
    unsent: bool = False  # it is about money for goods that had not left


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One side has until `due_at` (UTC); then `on_expiry`."""

    kind: str
    side: str
    started_at: datetime
    due_at: datetime
    origin: str
    source: str
    on_expiry: OnExpiry


@dataclass(frozen=True, slots=True)
class _Usual:
    days: int
    side: str
    on_expiry: OnExpiry


_USUAL: dict[str, _Usual] = {
    TimerKind.DECIDE_REFUND: _Usual(2, SELLER, OnExpiry.WARN),
    TimerKind.DECIDE_RETURN: _Usual(2, SELLER, OnExpiry.WARN),
    GIVE_INFO: _Usual(7, CUSTOMER, OnExpiry.CLOSE),
    TimerKind.SEND_BACK: _Usual(_SENT_BACK, CUSTOMER, OnExpiry.CLOSE),
    TimerKind.CONFIRM_RECEIPT: _Usual(3, SELLER, OnExpiry.WARN),
    TimerKind.APPEAL: _Usual(7, CUSTOMER, OnExpiry.CLOSE),
    ANSWER_PLATFORM: _Usual(3, SELLER, OnExpiry.WARN),
}


def allowances(now_is: Situation) -> list[Allowance]:
    """Who has until when to act in this state; none in states in which nobody is waited for."""
    kind = waited_for(now_is)
    found = [_allowance(now_is, kind)] if kind is not None else []
    return [*found, *_owed(now_is)]


def waited_for(now_is: Situation) -> str | None:
    """What the state waits for. On marketplaces the seller's time for the receipt begins when the goods are sent."""
    match now_is.state:
        case State.REQUESTED | State.UNDER_REVIEW:
            return TimerKind.DECIDE_RETURN if traits(now_is.kind).goods_back else TimerKind.DECIDE_REFUND
        case State.NEEDS_INFO:
            return GIVE_INFO
        case State.AWAITING_RETURN:
            return TimerKind.SEND_BACK
        case State.RETURN_IN_TRANSIT if now_is.platform in MARKETPLACES:
            return TimerKind.CONFIRM_RECEIPT
        case State.RECEIVED:
            return TimerKind.CONFIRM_RECEIPT
        case State.REJECTED:
            return TimerKind.APPEAL
        case State.PLATFORM_REVIEW if now_is.told is not None:
            return ANSWER_PLATFORM
    return None


def stages(started_at: datetime, due_at: datetime) -> Sequence[tuple[str, datetime]]:
    """When a timer warns, in order; a short one has no warning two hours before its end."""
    length = due_at - started_at
    moments = [(HALF, started_at + length / 2), (MOST, started_at + length * 4 / 5)]
    if length > _LAST_HOURS:
        moments.append((LAST, due_at - _LAST_HOURS))
    return sorted(moments, key=lambda each: each[1])


def _allowance(now_is: Situation, kind: str) -> Allowance:
    """The platform's own time wins over its rules, those over the row that decided, the law and the shop's terms."""
    preset = _row(TIMERS.get(now_is.platform, ()), kind) if now_is.platform in MARKETPLACES else None
    if now_is.told is not None or preset is not None:
        usual = _USUAL[kind]
        on_expiry = preset.on_expiry if preset else usual.on_expiry
        due = now_is.told or now_is.since + (preset.lasts if preset else timedelta(days=usual.days))
        return _until(now_is, kind, due, PLATFORM, preset.source if preset else now_is.platform, on_expiry)
    law = _row(TIMERS.get(LAWS.get(now_is.jurisdiction, ""), ()), kind)
    own = _by_policy(now_is, kind)
    if law is None or not law.lasts:
        return own
    due = now_is.since + law.lasts
    if own.side == CUSTOMER and now_is.send_back_within is not None and own.due_at > due:
        return own  # what is promised beyond the law holds
    return _until(now_is, kind, due, LAW, law.source, law.on_expiry)


def _by_policy(now_is: Situation, kind: str) -> Allowance:
    usual, own = _USUAL[kind], _row(now_is.own, kind)
    promised = now_is.send_back_within if kind == TimerKind.SEND_BACK else None
    since, hours = now_is.since, now_is.hours
    if promised is None and own is not None and own.working_days:
        due = end_of_working_day(since, own.working_days, hours.zone, working=hours)
    elif promised is None and own is not None and own.lasts % timedelta(days=1):
        due = since + own.lasts  # hours
    else:
        days = promised if promised is not None else own.lasts.days if own is not None else usual.days
        due = end_of_day(since, days, hours.zone, working=hours)
    return _until(now_is, kind, due, POLICY, own.source if own else "", own.on_expiry if own else usual.on_expiry)


def _owed(now_is: Situation) -> Iterator[Allowance]:
    """The law's own time for the money: of goods that came back (in the EU from the notice on), or that never left."""
    if now_is.platform in MARKETPLACES or not traits(now_is.kind).money:
        return
    law = _row(TIMERS.get(LAWS.get(now_is.jurisdiction, ""), ()), TimerKind.PAY_REFUND)
    if law is not None and (due := _money_due(now_is, law)) is not None:
        yield _until(now_is, TimerKind.PAY_REFUND, due, LAW, law.source, law.on_expiry)


def _money_due(now_is: Situation, law: Timer) -> datetime | None:
    """China counts from the return of the goods (art. 25), the EU from the notice, but not before the goods are there
    (art. 13 (1), (3)), the US for what was not sent from the notice (16 CFR 435.2)."""
    never_left = now_is.state == State.APPROVED and now_is.unsent and now_is.jurisdiction is not Jurisdiction.CN
    if law.working_days:
        zone = now_is.hours.zone
        return end_of_working_day(now_is.opened_at, law.working_days, zone) if never_left else None
    if now_is.state != State.RECEIVED and not never_left:
        return None
    return (now_is.opened_at if now_is.jurisdiction is Jurisdiction.EU else now_is.since) + law.lasts


def _until(now_is: Situation, kind: str, due: datetime, origin: str, source: str, on_expiry: OnExpiry) -> Allowance:
    return Allowance(
        kind=str(kind),
        side=_USUAL[kind].side if kind in _USUAL else SELLER,
        started_at=now_is.since,
        due_at=max(due, now_is.since),
        origin=origin,
        source=source,
        on_expiry=on_expiry,
    )


def _row(rows: Sequence[Timer], kind: str) -> Timer | None:
    return next((row for row in rows if row.kind == kind), None)
