"""What customers are told about their complaint, in their language: that it has arrived, and what was decided."""

from datetime import datetime

from app.complaint_text import REMEDY_WORDS, cause_name, named
from app.i18n import gettext, when
from tickets.complaints.intake import RATING
from tickets.complaints.models import Complaint
from tickets.complaints.steps import PARTLY, REJECTED


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


def acknowledgement(complaint: Complaint, number: int, due: datetime | None, timezone: str, language: str) -> str:
    """That it has arrived, under which number, and by when it is decided (`due`, UTC)."""
    first = _("Thank you for telling us what went wrong. We’ve received your complaint; its number is %(number)s.")
    if complaint.origin == RATING:
        first = _("Thank you for your rating. We’re sorry we didn’t help you well; your case number is %(number)s.")
    if due is None:
        second = gettext(_("A person will look into it and tell you our decision."), language)
    else:
        second = gettext(_("A person will look into it and tell you our decision by %(time)s."), language)
        second %= {"time": when(due, timezone, language)}
    third = _("This is free of charge. You can ask here at any time how it’s going, or add something.")
    return "\n".join([gettext(first, language) % {"number": number}, second, gettext(third, language)])


def decision(complaint: Complaint, number: int, shop: str, language: str) -> str:
    """A draft of the letter with the decision; the agent may change it before it is sent."""
    parts = [
        gettext(_("About your complaint %(number)s:"), language) % {"number": number},
        _opening(complaint, language),
    ]
    if complaint.cause and complaint.outcome != REJECTED:
        words = gettext(_("What went wrong: %(cause)s."), language)
        parts.append(words % {"cause": cause_name(complaint.cause, language)})
    if complaint.correction:
        parts.append(gettext(_("What we’re doing for you: %(words)s"), language) % {"words": complaint.correction})
    elif complaint.remedy and complaint.outcome != REJECTED:
        remedy = named(REMEDY_WORDS, complaint.remedy, language)
        parts.append(gettext(_("What we’re doing for you: %(words)s"), language) % {"words": remedy})
    if complaint.prevention and complaint.outcome != REJECTED:
        words = gettext(_("To keep it from happening again: %(words)s"), language)
        parts.append(words % {"words": complaint.prevention})
    parts.append(_ending(complaint, shop, language))
    return "\n\n".join(parts)


def options(language: str) -> str:
    """Where a customer may turn who does not accept the decision."""
    return gettext(
        _(
            "If you disagree, reply to this message and somebody else will review it. You can also contact your "
            "consumer protection agency or the dispute service of the platform where you bought."
        ),
        language,
    )


def _opening(complaint: Complaint, language: str) -> str:
    if complaint.outcome == REJECTED:
        words = _("We’ve looked into it carefully and can’t uphold your complaint. Here’s why:")
    elif complaint.outcome == PARTLY:
        words = _("We’ve looked into it. You’re partly right, and we apologize for that.")
    else:
        words = _("We’ve looked into it. You’re right, and we apologize.")
    return gettext(words, language)


def _ending(complaint: Complaint, shop: str, language: str) -> str:
    if complaint.outcome == REJECTED:
        return options(language)
    return gettext(_("Thank you for telling us. %(shop)s"), language) % {"shop": shop}
