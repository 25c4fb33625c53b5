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
    HOST_UNKNOWN: _("No server with this name was found. Check the spelling."),
    HOST_REFUSED: _("This name points to a server on a private network, which Wismo doesn’t connect to."),
    PORT_REFUSED: _("Mailboxes use port 993 or 143."),
    UNREACHABLE: _("The server doesn’t accept connections on this port."),
    TIMED_OUT: _("The server didn’t answer in time."),
    LOST: _("The server closed the connection."),
    BUSY: _("The server is busy, or this account has too many connections. We’ll keep trying."),
    TLS_FAILED: _("An encrypted connection couldn’t be made. Check the port and the type of encryption."),
    CERTIFICATE: _("The server’s certificate isn’t valid for this name, so we don’t trust it."),
    NO_STARTTLS: _("The server offers no encryption on this port. Use port 993 with TLS."),
    NOT_SECURE: _("Without encryption, mail can only be fetched from this machine."),
    LOGIN_REFUSED: _("The server rejected the user name or password."),
    APP_PASSWORD: _(
        "The server wants an app password or an authorization code (授权码) instead of the account password."
    ),
    UNSAFE_LOGIN: _("The provider considers this sign-in unsafe. Confirm it in their web mail, then test again."),
    SWITCHED_OFF: _("IMAP is turned off for this account. Turn it on in the web mail settings."),
    OAUTH_REFUSED: _("The provider no longer accepts the refresh token. Sign in there again and renew it."),
    OAUTH_UNREACHABLE: _("The provider’s token address isn’t answering as it should."),
    CANNOT_UNSEAL: _("The password was sealed by another installation. Enter it again."),
    FOLDER_MISSING: _("There’s no such folder. Choose one from the list below."),
    NOT_IMAP: _("That server doesn’t speak IMAP."),
    COMMAND_REFUSED: _("The server won’t open the folder or hand over mail."),
}
_OTHER_TROUBLE = _("Something went wrong on our side. See the log for details; we’ll keep trying.")


def trouble_words(code: str, language: str) -> str:
    """Why a mailbox cannot be read."""
    return gettext(TROUBLES.get(code, _OTHER_TROUBLE), language)


def state_of(mailbox: Mailbox, moment: datetime) -> tuple[str, str, str]:
    """Words (not translated yet), tone and icon."""
    if not mailbox.enabled:
        return _("Paused"), "", "clock"
    if is_alarming(mailbox, moment):
        return _("Failing"), "bad", "alert"
    if mailbox.last_error:
        return _("Trying again"), "warn", "clock"
    if mailbox.last_success_at is None:
        return _("Not fetched yet"), "", "clock"
    return _("Fetching"), "good", "check-circle"


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
