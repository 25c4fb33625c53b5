"""Why a mail was set aside, in words."""

from app.i18n import gettext


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


SIGNS = {
    "bounce": _("One of our emails that bounced"),
    "report": _("A mail system report"),
    "precedence": _("Sent to many people at once"),
    "daemon": _("Sent by a mail system"),
    "words": _("Reads like an automatic reply"),
    "subject": _("Has the subject of an automatic reply"),
    "null sender": _("Has no sender who could receive a reply"),
    "own address": _("Comes from one of our own addresses"),
    "own letter": _("One of our emails that came back"),
    "flood": _("One of very many from this sender within minutes"),
    "nested too deeply": _("Too deeply nested"),
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
        return gettext(_("Marks itself as automatic (%(field)s)"), language) % {"field": sign}
    return sign
