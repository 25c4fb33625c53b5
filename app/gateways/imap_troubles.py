"""What can go wrong with a mailbox, as codes that people get words for, and how the server's answers lead to them."""

import imaplib
import re
import ssl

from imapclient.exceptions import InvalidCriteriaError

from app.gateways.outside import HostRefused, HostUnknown
from core.errors import WismoError
from core.text import clean

HOST_UNKNOWN, HOST_REFUSED, PORT_REFUSED = "host_unknown", "host_refused", "port_refused"
UNREACHABLE, TIMED_OUT, LOST, BUSY = "unreachable", "timed_out", "lost", "busy"
TLS_FAILED, CERTIFICATE, NO_STARTTLS, NOT_SECURE = "tls_failed", "certificate", "no_starttls", "not_secure"
LOGIN_REFUSED, APP_PASSWORD, UNSAFE_LOGIN, SWITCHED_OFF = "login_refused", "app_password", "unsafe_login", "imap_off"
OAUTH_REFUSED, OAUTH_UNREACHABLE, CANNOT_UNSEAL = "oauth_refused", "oauth_unreachable", "cannot_unseal"
FOLDER_MISSING, NOT_IMAP, COMMAND_REFUSED = "folder_missing", "not_imap", "command_refused"
REFUSED = frozenset({LOGIN_REFUSED, APP_PASSWORD, UNSAFE_LOGIN, SWITCHED_OFF, OAUTH_REFUSED, CANNOT_UNSEAL})
_DETAIL = 200  # characters of what a server says

# How providers say it; the codes of RFC 5530 come first.
_BUSY = re.compile(r"(?i)\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|OVERQUOTA)\]|too many (?:\w+ )?(?:connections|log)")
_LOGIN_WORDS = (
    (BUSY, _BUSY),
    (APP_PASSWORD, re.compile(r"(?i)app(?:lication)?[- ]?(?:specific|password)|authori[sz]\w+ code|授权码")),
    (APP_PASSWORD, re.compile(r"(?i)basic ?auth\w* is (?:blocked|disabled)|web login required|web ?alert")),
    (UNSAFE_LOGIN, re.compile(r"(?i)unsafe login")),
    (
        SWITCHED_OFF,
        re.compile(r"(?i)service is not open|imap.{0,20}(?:disabled|not enabled)|not enabled for"),
    ),
)
_GONE = re.compile(r"(?i)non-?exist|n[o']t exist|not found|unknown (?:mailbox|folder)|no such|trycreate")
_KINDS = (
    (ssl.SSLCertVerificationError, CERTIFICATE),
    (ssl.SSLError, TLS_FAILED),
    (TimeoutError, TIMED_OUT),
    (ConnectionRefusedError, UNREACHABLE),
)
_WRAPPING = re.compile(r"^[\w+ ]{1,40}(?: failed:| command error:| =>)\s*|b'|socket error: ")


class ImapTrouble(WismoError):
    """A mailbox could not be read. `detail`: the server's words, never a secret; `data["folders"]`: what there is."""

    status = 502
    code = "mailbox_trouble"

    @property
    def refused(self) -> bool:
        """Whether the account was refused: asking again soon could lock it."""
        return self.code in REFUSED


def trouble(error: Exception, *hidden: str) -> ImapTrouble:
    """The trouble that an error of the connection means; `hidden` are secrets that a server may repeat."""
    if isinstance(error, ImapTrouble):
        return error
    words = said(error, *hidden)
    if isinstance(error, ssl.SSLCertVerificationError):
        words = clean(error.verify_message, limit=_DETAIL)
    return ImapTrouble(words, code=_code(error, words))


def login_trouble(error: Exception, *hidden: str) -> ImapTrouble:
    """Why the server did not let us in, by its words."""
    if isinstance(error.__context__, imaplib.IMAP4.abort | OSError):  # the library calls that a refusal, too
        return trouble(error.__context__, *hidden)
    words = said(error, *hidden)
    code = next((code for code, pattern in _LOGIN_WORDS if pattern.search(words)), LOGIN_REFUSED)
    return ImapTrouble(words, code=code)


def folder_trouble(error: Exception, folders: list[str], wanted: str) -> ImapTrouble:
    """Why the folder cannot be opened; `folders` are those to choose from."""
    words = said(error)
    code = FOLDER_MISSING if _GONE.search(words) or wanted not in folders else COMMAND_REFUSED
    return ImapTrouble(words, code=code, folders=folders)


def said(error: Exception, *hidden: str) -> str:
    """The server's words in one short line, without what is secret and without Python's wrapping."""
    words = str(error).partition("\n")[0]
    for secret in hidden:
        words = words.replace(secret, "…") if secret else words
    words = _WRAPPING.sub("", words)
    return clean(words.strip("'\" "), limit=_DETAIL)


def _code(error: Exception, words: str) -> str:
    if isinstance(error, HostRefused | HostUnknown):
        return error.code
    for kind, code in _KINDS:
        if isinstance(error, kind):
            return code
    if _BUSY.search(words):
        return BUSY
    if isinstance(error, imaplib.IMAP4.abort | OSError | EOFError):
        return LOST
    refused = isinstance(error, imaplib.IMAP4.error) and re.search(r" failed: | command error: ", str(error))
    return COMMAND_REFUSED if refused or isinstance(error, InvalidCriteriaError) else NOT_IMAP
