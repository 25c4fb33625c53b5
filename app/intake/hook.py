"""The mail door over HTTP: mails by POST, signed with a secret of the shop. It says 200 only when they are kept."""

import asyncio
import hashlib
import hmac
import secrets as randomness
import time
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.mail.arriving.storing import store_mail
from app.mail.fetching.envelopes import envelope_of
from app.mail.hooks import SECRETS, SIGNATURE, TIME, good_secrets, note_refusal
from app.mail.models import BY_HOOK
from app.mail.threading import mailbox_of
from core.clock import now
from core.errors import Malformed, Unauthenticated
from core.shops import shop_named
from core.tasks import spawn

TOLERANCE = timedelta(minutes=5)
AT_ONCE = 8  # bodies that are in memory
SLOWEST_SECONDS = 120.0  # for a body
PAUSE_SECONDS = 1.0  # between refusals that are noted
_TIMESTAMP, _SIGNATURE = "x-wismo-timestamp", "x-wismo-signature"
_PREFIX = "sha256="
_DIGITS = 12

_places = asyncio.Semaphore(AT_ONCE)
_throttle = {"next": 0.0}


async def take_mail(request: Request) -> Response:
    """POST /hooks/mail/KEY: keep the mail (RFC 5322, at most 25 MiB) that is the body; answers `{"mail": "mli_…"}`.

    `X-Wismo-Timestamp` has the time in unix seconds, `X-Wismo-Signature` is `sha256=` and the HMAC-SHA256, in hex, of
    the timestamp, a full stop and the body. Five minutes old at most; within them a repetition gets the first answer.
    Raises Unauthenticated (bad_signature), for an unknown shop as well; TooLarge, Malformed (bad_mail).
    """
    sent, given = request.headers.get(_TIMESTAMP, ""), request.headers.get(_SIGNATURE, "")
    key = request.path_params["key"]
    if not _is_fresh(sent) or not given.startswith(_PREFIX):
        _note_later(key, TIME if given.startswith(_PREFIX) else SIGNATURE)
        raise _refused()  # before anything is read
    shop = await shop_named(key)
    known = await good_secrets(shop) if shop is not None else []
    async with _places:
        try:
            body = await _body_signed_by(known, request, sent, given.removeprefix(_PREFIX))
        except Unauthenticated:
            _note_later(key, SIGNATURE)
            raise
        if not body.strip():
            raise Malformed("the body is the mail", code="bad_mail")
        if shop is None:
            raise _refused()
        sender, recipient = envelope_of(body, (mailbox_of(shop.mail_address).lower(),), shop.mail_address)
        mail = await store_mail(shop, sender, recipient, body, way=BY_HOOK)
    return JSONResponse({"mail": mail.public_id})


def sign(secret: str, sent: int, body: bytes) -> str:
    """The value of `X-Wismo-Signature` for a body sent at `sent` (unix seconds)."""
    return _PREFIX + hmac.new(secret.encode(), f"{sent}.".encode() + body, hashlib.sha256).hexdigest()


def _note_later(key: str, why: str) -> None:
    """For the shop's settings; afterwards, so that the answer takes as long for an unknown shop, and not for each of
    those who knock without a secret."""
    if time.monotonic() >= _throttle["next"]:
        _throttle["next"] = time.monotonic() + PAUSE_SECONDS
        spawn(_note(key, why), name="hook", loose=True)


async def _note(key: str, why: str) -> None:
    shop = await shop_named(key)
    if shop is not None and shop.secrets.get(SECRETS):
        await note_refusal(shop.id, why)


async def _body_signed_by(known: list[str], request: Request, sent: str, given: str) -> bytes:
    """The body. Whether there is such a shop does not show in the work. Raises Unauthenticated."""
    begin = f"{sent}.".encode()
    digests = [hmac.new(s.encode(), begin, hashlib.sha256) for s in known or [randomness.token_hex(16)]]
    body = bytearray()
    try:
        async with asyncio.timeout(SLOWEST_SECONDS):
            async for piece in request.stream():
                body += piece
                for digest in digests:
                    digest.update(piece)
    except TimeoutError:
        raise Malformed("the mail came too slowly", code="upload_cut") from None
    fits = [hmac.compare_digest(digest.hexdigest().encode(), given.lower().encode()) for digest in digests]
    if not any(fits) or not known:
        raise _refused()
    return bytes(body)


def _is_fresh(sent: str) -> bool:
    if not sent.isascii() or not sent.isdigit() or len(sent) > _DIGITS:
        return False
    return abs(now().timestamp() - int(sent)) <= TOLERANCE.total_seconds()


def _refused() -> Unauthenticated:
    return Unauthenticated("the signature does not fit the body", code="bad_signature")


routes = [Route("/hooks/mail/{key}", take_mail, methods=["POST"])]
