"""What customers are told about their after-sales case, in their language: that their time is nearly over."""

from datetime import datetime

from app.i18n import gettext, when


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


_REMINDERS = {
    "give_info": _(
        "We still need a word from you about your after-sales case %(case)s (order %(order)s). Please answer here by"
        " %(time)s; after that we close the case."
    ),
    "send_back": _(
        "Please send the goods of your after-sales case %(case)s (order %(order)s) back by %(time)s, and tell us the"
        " tracking number here."
    ),
    "appeal": _(
        "If you do not agree with our decision on your after-sales case %(case)s (order %(order)s), tell us here by"
        " %(time)s; after that the case is closed."
    ),
}
_ASKED = _("We had asked: %(words)s")


def reminder(kind: str, case: int, order: str, due: datetime, asked: str, timezone: str, language: str) -> str:
    """What the customer is to do by `due` (UTC); of `give_info` with what we had `asked`."""
    text = gettext(_REMINDERS[kind], language) % {"case": case, "order": order, "time": when(due, timezone, language)}
    if kind == "give_info" and asked:
        text += "\n" + gettext(_ASKED, language) % {"words": asked}
    return text
