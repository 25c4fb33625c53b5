"""Who holds the ball, in words: one chip for now, and how long each party had the order."""

from datetime import datetime, timedelta
from typing import Any

from app.i18n import gettext, ngettext
from orders.responsibility import Party, Waiting, held, turns
from orders.snapshots import OrderSnapshot

_LONG = timedelta(days=2)


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


# party → chip, name, icon
PARTIES = {
    Party.MERCHANT: (_("With the shop for %(time)s"), _("Shop"), "inbox"),
    Party.WAREHOUSE: (_("With the warehouse for %(time)s"), _("Warehouse"), "box"),
    Party.CARRIER: (_("With the carrier for %(time)s"), _("Carrier"), "truck"),
    Party.PAYMENT: (_("With the payment service for %(time)s"), _("Payment service"), "card"),
    Party.CUSTOMER: (_("The customer’s turn for %(time)s"), _("Customer"), "person"),
    Party.AGENT: (_("Waiting for our answer for %(time)s"), _("Us"), "chat"),
}


def ball(
    picture: OrderSnapshot, changed_at: datetime | None, waiting: Waiting, language: str, at: datetime
) -> dict[str, Any] | None:
    """The chip, and what each party took so far, longest first. Nothing when nothing is left to do."""
    passed = turns(picture, at, changed_at=changed_at, waiting=waiting)
    turn = passed[-1]
    if turn.party is None:
        return None
    words, _name, icon = PARTIES[turn.party]
    parts = sorted(held(passed, at).items(), key=lambda part: -part[1])
    return {
        "label": gettext(words, language) % {"time": lasting(at - turn.since, language)},
        "tone": "warn" if turn.party is Party.AGENT and at - turn.since >= _LONG else "",
        "icon": icon,
        "parts": [
            {"name": gettext(PARTIES[party][1], language), "time": lasting(length, language)} for party, length in parts
        ],
    }


def lasting(length: timedelta, language: str) -> str:
    """A length of time in words and one unit: `2 days`."""
    minutes = max(int(length.total_seconds() // 60), 1)
    if minutes < 60:
        return ngettext("%(num)s minute", "%(num)s minutes", minutes, language) % {"num": minutes}
    if minutes < 24 * 60:
        hours = minutes // 60
        return ngettext("%(num)s hour", "%(num)s hours", hours, language) % {"num": hours}
    days = minutes // (24 * 60)
    return ngettext("%(num)s day", "%(num)s days", days, language) % {"num": days}
