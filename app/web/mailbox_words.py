"""What is wrong with a mailbox, and how it does, in the agent's words."""

from datetime import datetime
from typing import Any

from app.gateways.imap_troubles import (
    APP_PASSWORD,
    BUSY,
    CANNOT_UNSEAL,
    CERTIFICATE,
    COMMAND_REFUSED,
    FOLDER_MISSING,
    HOST_REFUSED,
    HOST_UNKNOWN,
    LOGIN_REFUSED,
    LOST,
    NO_STARTTLS,
    NOT_IMAP,
    NOT_SECURE,
    OAUTH_REFUSED,
    OAUTH_UNREACHABLE,
    PORT_REFUSED,
    SWITCHED_OFF,
    TIMED_OUT,
    TLS_FAILED,
    UNREACHABLE,
    UNSAFE_LOGIN,
)
from app.i18n import gettext
from app.mail.fetching.turns import is_alarming
from app.mail.mailbox_models import Mailbox


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


TROUBLES = {
    HOST_UNKNOWN: _("No server is known under this name. Check how it is written."),
    HOST_REFUSED: _("This name leads to a server inside of a private network, which the desk does not connect to."),
    PORT_REFUSED: _("Mailboxes are on port 993 or 143."),
    UNREACHABLE: _("The server does not take connections on this port."),
    TIMED_OUT: _("The server does not answer in time."),
    LOST: _("The server has ended the connection."),
    BUSY: _("The server is busy, or has too many connections of this account. We try again by ourselves."),
    TLS_FAILED: _("An encrypted connection cannot be made. Check the port and the kind of encryption."),
    CERTIFICATE: _("The server's certificate is not valid for this name, so we do not trust it."),
    NO_STARTTLS: _("The server offers no encryption on this port. Use port 993 with TLS."),
    NOT_SECURE: _("Without encryption, mail is only fetched from this machine."),
    LOGIN_REFUSED: _("The server refuses the user name or the password."),
    APP_PASSWORD: _(
        "The server wants an app password or an authorization code (授权码) instead of the account's password."
    ),
    UNSAFE_LOGIN: _("The provider takes this sign-in for unsafe. Confirm it in the web mail, then test again."),
    SWITCHED_OFF: _("IMAP is switched off for this account. Switch it on in the settings of the web mail."),
    OAUTH_REFUSED: _("The provider does not accept the refresh token any more. Sign in there again and renew it."),
    OAUTH_UNREACHABLE: _("The provider's token address does not answer as it should."),
    CANNOT_UNSEAL: _("The password was sealed by another installation. Type it again."),
    FOLDER_MISSING: _("There is no such folder. Choose one of those below."),
    NOT_IMAP: _("What answers there does not speak IMAP."),
    COMMAND_REFUSED: _("The server refuses to open the folder or to give out mail."),
}
_OTHER_TROUBLE = _("Something went wrong on our side. The log says more; we try again by ourselves.")


def trouble_words(code: str, language: str) -> str:
    """Why a mailbox cannot be read."""
    return gettext(TROUBLES.get(code, _OTHER_TROUBLE), language)


def state_of(mailbox: Mailbox, moment: datetime) -> tuple[str, str, str]:
    """Words (not translated yet), tone and icon."""
    if not mailbox.enabled:
        return _("Paused"), "", "clock"
    if is_alarming(mailbox, moment):
        return _("Fails"), "bad", "alert"
    if mailbox.last_error:
        return _("Trying again"), "warn", "clock"
    if mailbox.last_success_at is None:
        return _("Not fetched yet"), "", "clock"
    return _("Being fetched"), "good", "check-circle"


def choices(language: str) -> dict[str, list[tuple[str, Any]]]:
    """What the form lets one choose from."""
    return {
        "securities": [
            ("tls", gettext(_("TLS (port 993)"), language)),
            ("starttls", gettext(_("STARTTLS (port 143)"), language)),
            ("plain", gettext(_("None, on this machine only"), language)),
        ],
        "afters": [
            ("leave", gettext(_("Leave everything as it is"), language)),
            ("seen", gettext(_("Mark it as read"), language)),
        ],
    }
