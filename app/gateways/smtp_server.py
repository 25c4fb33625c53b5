"""A mail server that takes our mail: where it is, how the line is encrypted, who signs in there. Pure."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from core.errors import Invalid

TLS, STARTTLS, PLAIN = "tls", "starttls", "plain"
SCHEMES = {"smtp": PLAIN, "smtps": TLS, "smtp+starttls": STARTTLS}
USUAL_PORTS = {PLAIN: 25, TLS: 465, STARTTLS: 587}
FORBIDDEN = frozenset("\r\n\x00 \t<>")
_NAMES = {security: scheme for scheme, security in SCHEMES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where and as whom; without a user nobody signs in. `token` gives an access token (XOAUTH2) and goes before the
    password. `private` says whether it may be in a network of ours; None: the operator has named it, and it may be
    anywhere."""

    host: str
    port: int
    security: str  # tls · starttls · plain
    user: str = ""
    password: str = field(default="", repr=False)
    token: Callable[[], Awaitable[str]] | None = field(default=None, repr=False)
    private: bool | None = None

    @property
    def name(self) -> str:
        """What people are shown: `smtps://smtp.example.com:465`, without user and password."""
        return f"{_NAMES[self.security]}://{_bracketed(self.host)}:{self.port}"

    @property
    def url(self) -> str:
        """All of it, as `read_url` reads it; a secret."""
        signed_in = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        return f"{_NAMES[self.security]}://{signed_in}{_bracketed(self.host)}:{self.port}"


def read_url(url: str, *, private: bool | None = None) -> SmtpServer:
    """The server named by `smtp://`, `smtps://` or `smtp+starttls://user:password@host:port`. Raises Invalid
    (bad_smtp_url)."""
    try:
        parts = urlsplit(url)
        security = SCHEMES[parts.scheme]
        port = parts.port or USUAL_PORTS[security]
    except (ValueError, KeyError):
        raise Invalid("a mail URL looks like smtp+starttls://user:password@host:587", code="bad_smtp_url") from None
    host = parts.hostname or "localhost"
    if FORBIDDEN & set(host):
        raise Invalid("no name of a server", code="bad_smtp_url")
    user, password = unquote(parts.username or ""), unquote(parts.password or "") if parts.username else ""
    return SmtpServer(host=host, port=port, security=security, user=user, password=password, private=private)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
