"""When a person answers at the latest: business hours turned into a time we can say aloud. Pure."""

from datetime import datetime, timedelta

from core.business_hours import BusinessHours
from core.clock import utc
from core.shops import Shop

REPLY_ONLINE = timedelta(minutes=10)  # of business hours, when somebody sits at the desk
REPLY_AWAY = timedelta(hours=1)  # of business hours, when nobody does

_HORIZON = 15  # days that are looked at


def first_reply_due(shop: Shop, at: datetime, anyone_online: bool) -> datetime:
    """By when (UTC) a question asked `at` is answered first: ten minutes or an hour of the shop's business hours.

    Only open time counts, in the shop's time zone and across changes of the clocks. Without hours the desk is always
    open. Outside of the hours it does not matter who is online: they may be about to leave. A desk that is open for a
    few minutes a month promises the end of the fifteenth day.
    """
    moment = utc(at)
    hours = BusinessHours.of(shop.hours, shop.timezone)
    work = REPLY_ONLINE if anyone_online and hours.is_open(moment) else REPLY_AWAY
    return hours.after(moment, work, _HORIZON) or hours.end_of_sight(moment, _HORIZON)
