"""What is wrong with a server that shall take our mail, in the agent's words."""

from typing import Any

from app.gateways.imap_troubles import (
    BUSY,
    HOST_REFUSED,
    HOST_UNKNOWN,
    LOGIN_REFUSED,
    NO_STARTTLS,
    NOT_SECURE,
    PORT_REFUSED,
    SWITCHED_OFF,
)
from app.gateways.smtp_troubles import (
    MAIL_REFUSED,
    NO_LOGIN,
    NO_TOKENS,
    NOT_SMTP,
    RECIPIENT_REFUSED,
    SENDER_REFUSED,
    SmtpTrouble,
)
from app.i18n import gettext
from app.web.mailbox_words import trouble_words


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


TROUBLES = {
    BUSY: _("The server is busy, or was asked too often. Wait a few minutes, then test again."),
    HOST_REFUSED: _("This name points to a server on a private network, which Wismo doesn’t connect to."),
    LOGIN_REFUSED: _("The server rejected the user name or password."),
    NO_STARTTLS: _("The server offers no encryption on this port. Use port 465 with TLS."),
    NOT_SECURE: _("Without encryption, mail leaves only through this machine and its networks."),
    PORT_REFUSED: _("Servers take mail on port 465 or 587, some on 25 or 2525."),
    SWITCHED_OFF: _("SMTP is switched off for this account. Switch it on in its settings, then test again."),
    NOT_SMTP: _("What answers there does not speak SMTP. Check the port and the kind of encryption."),
    NO_LOGIN: _("Nobody can sign in on this port. Use port 465 or 587, with encryption."),
    NO_TOKENS: _("This server takes no OAuth for sending."),
    SENDER_REFUSED: _("The server does not let this account send from this address."),
    RECIPIENT_REFUSED: _("The server does not take mail for this recipient."),
    MAIL_REFUSED: _("The server does not take the mail."),
}


OURS = frozenset({HOST_UNKNOWN, HOST_REFUSED})  # no server has said anything


def sending_trouble_words(code: str, language: str) -> str:
    """Why nothing leaves through a server."""
    return gettext(TROUBLES[code], language) if code in TROUBLES else trouble_words(code, language)


def refused(error: SmtpTrouble, language: str) -> dict[str, Any]:
    """A notice for a page: what is wrong, and what the server said."""
    text = sending_trouble_words(error.code, language)
    return {"tone": "bad", "text": text, "said": "" if error.code in OURS else error.detail}


def sending_securities(language: str) -> list[tuple[str, str]]:
    """What may be chosen for the way to the server; the last one is for private networks only."""
    return [
        ("tls", gettext(_("TLS (port 465)"), language)),
        ("starttls", gettext(_("STARTTLS (port 587)"), language)),
        ("plain", gettext(_("None, within this network only"), language)),
    ]
