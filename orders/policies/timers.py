"""How long each side of a case has, by platform or law, and what follows when the time is over. Pure data.

The time that a platform itself tells for a case wins over its row here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from core.errors import NotFound


class TimerKind(StrEnum):
    """What is waited for."""

    SHIP = "ship"
    DECIDE_REFUND = "decide_refund"
    DECIDE_RETURN = "decide_return"
    SEND_BACK = "send_back"
    CONFIRM_RECEIPT = "confirm_receipt"
    APPEAL = "appeal"
    PAY_REFUND = "pay_refund"


class OnExpiry(StrEnum):
    """What follows when nobody has acted."""

    GRANT = "grant"
    CLOSE = "close"
    REFUND = "refund"
    WARN = "warn"  # a duty was missed; a person has to act


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A row: from its start `lasts`, in calendar time; with `working_days` those count instead."""

    kind: TimerKind
    lasts: timedelta = timedelta()
    working_days: int = 0
    on_expiry: OnExpiry
    source: str


def timer(preset: str, kind: TimerKind) -> Timer:
    """The row of a preset. Raises NotFound when it sets no time for that."""
    for each in TIMERS.get(preset, ()):
        if each.kind is kind:
            return each
    raise NotFound("this preset sets no time for that", code="no_timer")


def due_at(row: Timer, start: datetime, told: datetime | None = None) -> datetime | None:
    """When a row's time is over (UTC): what the platform has `told`, else from `start`; None for working days."""
    if told is not None:
        return told
    return start + row.lasts if row.lasts else None


_WECHAT = "WeChat shop, after-sales rules"
_TAOBAO = "Taobao's usual times; refund_remind_timeout of the case wins"
_EU = "Directive 2011/83/EU, art. 13, 14"
_FTC = "16 CFR 435"
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)

TIMERS: dict[str, tuple[Timer, ...]] = {
    "wechat_shop": (
        Timer(kind=TimerKind.DECIDE_REFUND, lasts=48 * _HOUR, on_expiry=OnExpiry.GRANT, source=_WECHAT),
        Timer(kind=TimerKind.DECIDE_RETURN, lasts=48 * _HOUR, on_expiry=OnExpiry.GRANT, source=_WECHAT),
        Timer(kind=TimerKind.SEND_BACK, lasts=7 * _DAY, on_expiry=OnExpiry.CLOSE, source=_WECHAT),
        Timer(kind=TimerKind.CONFIRM_RECEIPT, lasts=10 * _DAY, on_expiry=OnExpiry.REFUND, source=_WECHAT),
        Timer(kind=TimerKind.APPEAL, lasts=7 * _DAY, on_expiry=OnExpiry.CLOSE, source=_WECHAT),
    ),
    "taobao": (
        Timer(kind=TimerKind.DECIDE_REFUND, lasts=2 * _DAY, on_expiry=OnExpiry.GRANT, source=_TAOBAO),
        Timer(kind=TimerKind.DECIDE_RETURN, lasts=5 * _DAY, on_expiry=OnExpiry.GRANT, source=_TAOBAO),
        Timer(kind=TimerKind.SEND_BACK, lasts=7 * _DAY, on_expiry=OnExpiry.CLOSE, source=_TAOBAO),
        Timer(kind=TimerKind.CONFIRM_RECEIPT, lasts=10 * _DAY, on_expiry=OnExpiry.REFUND, source=_TAOBAO),
    ),
    "china": (
        Timer(kind=TimerKind.SHIP, lasts=48 * _HOUR, on_expiry=OnExpiry.WARN, source="48 hours after payment"),
        Timer(kind=TimerKind.PAY_REFUND, lasts=7 * _DAY, on_expiry=OnExpiry.WARN, source="art. 25, after the goods"),
    ),
    "eu": (
        Timer(kind=TimerKind.SEND_BACK, lasts=14 * _DAY, on_expiry=OnExpiry.WARN, source=_EU),
        Timer(kind=TimerKind.PAY_REFUND, lasts=14 * _DAY, on_expiry=OnExpiry.WARN, source=_EU),
    ),
    "us": (
        Timer(kind=TimerKind.SHIP, lasts=30 * _DAY, on_expiry=OnExpiry.REFUND, source=_FTC),
        Timer(kind=TimerKind.PAY_REFUND, working_days=7, on_expiry=OnExpiry.WARN, source=_FTC),
    ),
    "yandex_market": (
        Timer(
            kind=TimerKind.DECIDE_RETURN, lasts=48 * _HOUR, on_expiry=OnExpiry.REFUND, source="Yandex Market, returns"
        ),
    ),
}
LAW_TIMES = {law: TIMERS[law] for law in ("china", "eu", "us")}  # what no shop can make longer
