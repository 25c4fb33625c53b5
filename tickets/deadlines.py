"""When a person answers at the latest: opening hours turned into a time we can say aloud. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.clock import utc
from core.shops import Shop

REPLY_ONLINE = timedelta(minutes=10)  # of opening hours, when somebody sits at the desk
REPLY_AWAY = timedelta(hours=1)  # of opening hours, when nobody does

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HORIZON = 15  # days that are looked at


def first_reply_due(shop: Shop, at: datetime, anyone_online: bool) -> datetime:
    """By when (UTC) a question asked `at` is answered first: ten minutes or an hour of the shop's opening hours.

    Only open time counts, in the shop's time zone and across changes of the clocks. Without hours the desk is always
    open. Outside of the hours it does not matter who is online: they may be about to leave.
    """
    moment = utc(at)
    is_open = any(opens <= moment < closes for opens, closes in opening_times(shop, moment))
    left = REPLY_ONLINE if anyone_online and is_open else REPLY_AWAY
    for opens, closes in opening_times(shop, moment):
        start = max(opens, moment)
        if closes - start >= left:
            return start + left
        left -= closes - start
    return _end_of_sight(shop, moment)


def opening_times(shop: Shop, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches (UTC) in which the desk is open, merged, from the one that holds or follows `at`.

    An end at or before its start means the next day; "24:00" is midnight.
    """
    if not any(shop.hours.get(day) for day in _DAYS):
        yield at, at + timedelta(days=_HORIZON)
        return
    zone = ZoneInfo(shop.timezone)
    today = at.astimezone(zone).date()
    days = (today + timedelta(days=n) for n in range(-1, _HORIZON))
    stretches = sorted(stretch for day in days for stretch in _stretches(shop, day, zone))
    opens, closes = stretches[0]
    for following, end in stretches[1:]:
        if following <= closes:
            closes = max(closes, end)
            continue
        if closes > at:
            yield opens, closes
        opens, closes = following, end
    if closes > at:
        yield opens, closes


def _end_of_sight(shop: Shop, at: datetime) -> datetime:
    """A desk that is open for a few minutes a month promises no more than this."""
    zone = ZoneInfo(shop.timezone)
    return _moment(at.astimezone(zone).date() + timedelta(days=_HORIZON), "00:00", zone)


def _stretches(shop: Shop, day: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    for start, end in shop.hours.get(_DAYS[day.weekday()]) or ():
        later = day + timedelta(days=1) if end == "24:00" or end <= start else day
        opens, closes = _moment(day, start, zone), _moment(later, "00:00" if end == "24:00" else end, zone)
        if opens < closes:  # not so for hours that a change of the clocks skips
            yield opens, closes


def _moment(day: date, hour: str, zone: ZoneInfo) -> datetime:
    return utc(datetime.combine(day, time.fromisoformat(hour), tzinfo=zone))
