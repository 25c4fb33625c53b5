"""Access tokens for mailboxes: a refresh token is exchanged at the provider's address (RFC 6749 section 6)."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2

from app.gateways.feed_http import certificates
from app.gateways.imap_troubles import OAUTH_REFUSED, OAUTH_UNREACHABLE, ImapTrouble
from app.gateways.outside import HostRefused, HostUnknown, endpoints
from core.text import clean

_LARGEST = 64 * 1024  # bytes of an answer
_SECONDS = 30.0
_ALL_AT_ONCE = 3600  # seconds that a token lives if nothing is said
_FINAL = frozenset({"invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope", "interaction_required"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the provider gave: how long the access token lives in seconds; a new refresh token, or an empty string."""

    access: str = field(repr=False)
    lives: int
    refresh: str = field(repr=False, default="")


async def exchange(credentials: Mapping[str, str], *, private: bool) -> Tokens:
    """A fresh access token for `client_id`, `client_secret` (may be missing), `refresh_token`, `token_url`.

    Raises ImapTrouble: oauth_refused when somebody must sign in again, oauth_unreachable when it may be tried again.
    """
    form = {"grant_type": "refresh_token"}
    form |= {
        name: credentials[name] for name in ("client_id", "client_secret", "refresh_token") if credentials.get(name)
    }
    try:
        async with asyncio.timeout(_SECONDS):
            status, body = await _post(credentials["token_url"], form, private=private)
    except (TimeoutError, httpx2.HTTPError, HostUnknown, ValueError) as error:
        raise ImapTrouble(type(error).__name__, code=OAUTH_UNREACHABLE) from None
    except HostRefused as error:
        raise ImapTrouble(error.detail, code=error.code) from None
    return _read(status, body, form)


async def _post(url: str, form: Mapping[str, str], *, private: bool) -> tuple[int, bytes]:
    """POST to exactly the address that the guard has seen; redirects are not followed."""
    parts = urlsplit(url)
    if parts.hostname is None or parts.scheme not in (("https", "http") if private else ("https",)):
        raise HostRefused("the token address begins with https://")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if port != 443 and not private:
        raise HostRefused("the token address has the usual port")
    place = (await endpoints(parts.hostname, port, private=private))[0].address[0]
    target = f"{parts.scheme}://[{place}]" if ":" in str(place) else f"{parts.scheme}://{place}"
    target += f":{port}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
    async with httpx2.AsyncClient(verify=certificates(), trust_env=False, timeout=_SECONDS) as client:
        headers = {"host": parts.netloc.rpartition("@")[2], "accept": "application/json", "user-agent": "wismo"}
        names = {"sni_hostname": parts.hostname}
        async with client.stream("POST", target, data=dict(form), headers=headers, extensions=names) as answer:
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > _LARGEST:
                    raise ValueError("too long")
            return answer.status_code, body


def _read(status: int, body: bytes, form: Mapping[str, str]) -> Tokens:
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ImapTrouble(f"HTTP {status}", code=OAUTH_UNREACHABLE)
    access, lives, refresh = told.get("access_token"), told.get("expires_in"), told.get("refresh_token")
    if status == 200 and isinstance(access, str) and access.isascii() and access.isprintable():
        seconds = int(lives) if isinstance(lives, int | str) and str(lives).isdecimal() else _ALL_AT_ONCE
        return Tokens(access, seconds, refresh if isinstance(refresh, str) else "")
    words = f"{told.get('error', '')}: {told.get('error_description', '')}"
    for name in ("client_secret", "refresh_token"):
        words = words.replace(form.get(name) or "\0", "…")
    code = OAUTH_REFUSED if told.get("error") in _FINAL else OAUTH_UNREACHABLE
    raise ImapTrouble(clean(words, limit=200), code=code)
