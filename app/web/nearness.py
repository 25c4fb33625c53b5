"""Whether a customer is there, as lists and heads of threads say it."""

from datetime import datetime
from typing import NamedTuple

from app.i18n import gettext
from app.realtime.attendance import AWAY, NAMES, Attendance
from app.realtime.frames import Nearness
from app.realtime.rendering import last_seen
from app.web.times import ago
from conversations.models import CHAT, Conversation


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


LABELS: dict[Nearness, str] = {"open": _("has the chat open"), "near": _("on a page of the shop"), "away": ""}


class Standing(NamedTuple):
    """Where a customer is, for the script and in words."""

    state: Nearness
    label: str


def nearness_in_list(conversation: str, attendance: Attendance, language: str) -> Standing:
    """State and words for a row of a list; there is nothing to say of who is away."""
    state = NAMES[attendance.level(conversation)]
    return Standing(state, gettext(LABELS[state], language) if LABELS[state] else "")


def nearness_in_head(conversation: Conversation, attendance: Attendance, at: datetime, language: str) -> Standing:
    """The same for the head of a thread, where it is also said when the customer of a chat was last there."""
    level = attendance.level(conversation.public_id)
    seen = last_seen(conversation) if conversation.channel == CHAT else None
    if level != AWAY or seen is None:
        return nearness_in_list(conversation.public_id, attendance, language)
    return Standing("away", gettext(_("last seen: %(time)s"), language) % {"time": ago(seen, at, language)})
