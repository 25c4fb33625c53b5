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
    first = _(
        "Thank you for telling us that you are not content. Your complaint has arrived; its number is %(number)s."
    )
    if complaint.origin == RATING:
        first = _("Thank you for your rating. We are sorry that we did not help you well; your case is %(number)s.")
    if due is None:
        second = gettext(_("A person looks into it and tells you what we decide."), language)
    else:
        second = gettext(_("A person looks into it and tells you what we decide by %(time)s."), language)
        second %= {"time": when(due, timezone, language)}
    third = _("It costs you nothing. You may ask here at any time how far it is, or add something.")
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
        parts.append(gettext(_("What we do for you: %(words)s"), language) % {"words": complaint.correction})
    elif complaint.remedy and complaint.outcome != REJECTED:
        remedy = named(REMEDY_WORDS, complaint.remedy, language)
        parts.append(gettext(_("What we do for you: %(words)s"), language) % {"words": remedy})
    if complaint.prevention and complaint.outcome != REJECTED:
        words = gettext(_("So that it does not happen again: %(words)s"), language)
        parts.append(words % {"words": complaint.prevention})
    parts.append(_ending(complaint, shop, language))
    return "\n\n".join(parts)


def options(language: str) -> str:
    """Where a customer may turn who does not accept the decision."""
    return gettext(
        _(
            "If you do not agree, reply to this message: somebody else looks at it again. You may also"
            " turn to the consumer protection body or the dispute service of the platform where you bought."
        ),
        language,
    )


def _opening(complaint: Complaint, language: str) -> str:
    if complaint.outcome == REJECTED:
        words = _("We have looked into it with care and cannot follow your complaint. Here is why:")
    elif complaint.outcome == PARTLY:
        words = _("We have looked into it. You are right in part, and we apologise for that.")
    else:
        words = _("We have looked into it. You are right, and we apologise.")
    return gettext(words, language)


def _ending(complaint: Complaint, shop: str, language: str) -> str:
    if complaint.outcome == REJECTED:
        return options(language)
    return gettext(_("Thank you for telling us. %(shop)s"), language) % {"shop": shop}
