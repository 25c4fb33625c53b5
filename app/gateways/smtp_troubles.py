"""What can go wrong with a mail server that shall take our mail, as the codes of `imap_troubles` and a few more."""

import base64
import re
import ssl

import aiosmtplib

from app.gateways.imap_troubles import (
    APP_PASSWORD,
    BUSY,
    CERTIFICATE,
    LOGIN_REFUSED,
    LOST,
    NO_STARTTLS,
    SWITCHED_OFF,
    TIMED_OUT,
    TLS_FAILED,
    UNREACHABLE,
    UNSAFE_LOGIN,
    ImapTrouble,
)
from app.gateways.outside import HostRefused, HostUnknown
from app.gateways.smtp_line import words_of
from core.errors import WismoError
from core.text import clean

NOT_SMTP, NO_LOGIN, NO_TOKENS = "not_smtp", "no_login", "no_tokens"
SENDER_REFUSED, RECIPIENT_REFUSED, MAIL_REFUSED = "sender_refused", "recipient_refused", "mail_refused"
_DETAIL = 300  # characters of what a server says

# How providers say it, the more certain words first.
_LOGIN_WORDS = (
    (
        SWITCHED_OFF,
        re.compile(r"(?i)smtpclientauth\w* is disabled|service is not open|no permission|smtp.{0,20}disabled"),
    ),
    (APP_PASSWORD, re.compile(r"(?i)app(?:lication)?[- ]?(?:specific|password)|authori[sz]\w+ code|授权码")),
    (APP_PASSWORD, re.compile(r"(?i)basic auth\w* is (?:blocked|disabled)|web ?login required|5\.7\.9\b")),
    (UNSAFE_LOGIN, re.compile(r"(?i)unsafe login|suspicious|5\.7\.14\b")),
    (BUSY, re.compile(r"(?i)too many|try again later|frequen|频率")),
)
_KINDS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (ssl.SSLCertVerificationError, CERTIFICATE),
    ((TimeoutError, aiosmtplib.SMTPTimeoutError), TIMED_OUT),
    (ssl.SSLError, TLS_FAILED),
    (ConnectionRefusedError, UNREACHABLE),
    (aiosmtplib.SMTPAuthenticationError, LOGIN_REFUSED),
    (aiosmtplib.SMTPSenderRefused, SENDER_REFUSED),
    ((aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPRecipientsRefused), RECIPIENT_REFUSED),
    (aiosmtplib.SMTPDataError, MAIL_REFUSED),
    (aiosmtplib.SMTPServerDisconnected, LOST),
    (aiosmtplib.SMTPConnectResponseError, BUSY),
    (aiosmtplib.SMTPConnectError, UNREACHABLE),
    (aiosmtplib.SMTPResponseException, MAIL_REFUSED),
)
_MISSING = (
    (NO_STARTTLS, re.compile(r"(?i)starttls .{0,20}not supported")),
    (NO_TOKENS, re.compile(r"XOAUTH2")),
    (NO_LOGIN, re.compile(r"(?i)AUTH extension|authentication method")),
)


class SmtpTrouble(WismoError):
    """A mail server does not take our mail. `detail`: the server's words, never a secret."""

    status = 502
    code = "mail_server_trouble"


def trouble(error: Exception, *hidden: str) -> SmtpTrouble:
    """The trouble that an error of the dialogue means; `hidden` are secrets that a server may repeat."""
    if isinstance(error, SmtpTrouble):
        return error
    if isinstance(error, HostRefused | HostUnknown | ImapTrouble):
        return SmtpTrouble(error.detail, code=error.code)
    return SmtpTrouble(_said(error, hidden), code=_code(error))


def _code(error: Exception) -> str:
    words = str(error)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return next((code for code, pattern in _LOGIN_WORDS if pattern.search(words)), LOGIN_REFUSED)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        if error.code < 200:  # no answer of SMTP
            return NOT_SMTP
    else:
        missing = next((code for code, pattern in _MISSING if pattern.search(words)), "")
        if missing:
            return missing
    for link in _chain(error):
        for kind, code in _KINDS:
            if isinstance(link, kind):
                return code
    return LOST if isinstance(error, OSError | EOFError) else NOT_SMTP


def _chain(error: BaseException) -> list[BaseException]:
    """What lies behind an error of the library first: it says more."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and len(links) < 5:
        links.insert(0, link)
        link = link.__cause__
    return links


def _said(error: Exception, hidden: tuple[str, ...]) -> str:
    """The server's words in one short line, without what is secret: also not as it went over the line (base64)."""
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        return clean(str(error).partition("\n")[0], limit=_DETAIL)
    words = words_of(error).removeprefix("SMTPAuthenticationError: ")
    for secret in filter(None, hidden):
        for form in (secret, base64.b64encode(secret.encode()).decode()):
            words = words.replace(form, "…")
    return clean(words, limit=_DETAIL)
