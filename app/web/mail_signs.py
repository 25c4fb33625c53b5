"""Why a mail was set aside, in words."""

from app.i18n import gettext


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


SIGNS = {
    "bounce": _("A mail of ours that could not be delivered"),
    "report": _("A report of a mail system"),
    "precedence": _("Sent to many at once"),
    "daemon": _("Sent by a mail system"),
    "words": _("Reads like an automatic answer"),
    "subject": _("Has the subject of an automatic answer"),
    "null sender": _("Has no sender who could get an answer"),
    "own address": _("Comes from one of our own addresses"),
    "own letter": _("A letter of ours that came back"),
    "flood": _("One of very many from this sender within minutes"),
    "nested too deeply": _("Too many mails and parts within each other"),
    "too large": _("Too large"),
    "only the header was read": _("Only its header could be read"),
    "no header fields": _("Has no header"),
}


def sign_words(sign: str, language: str) -> str:
    """The sign in words. One that a field of the mail's own header gave is named after that field."""
    if not sign:
        return ""
    if (words := SIGNS.get(sign)) is not None:
        return gettext(words, language)
    if " " not in sign and "-" in sign:
        return gettext(_("Says of itself that it is automatic (%(field)s)"), language) % {"field": sign}
    return sign
