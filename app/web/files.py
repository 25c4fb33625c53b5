"""The doors of files: customers and agents send them, and whoever may read the conversation reads them."""

import os
from collections.abc import AsyncIterator
from email.utils import encode_rfc2231
from typing import IO
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from app.auth import visitors
from app.auth.sessions import agent_of
from app.files.intake import Intake, contents_of, thumbnail_of
from app.files.storage import CHUNK_BYTES
from app.web.desk import signed_in
from conversations.access import conversation_for
from conversations.attachments import KeptFile, attachment_for, attachment_of, described, register
from conversations.models import Attachment
from core.errors import Malformed, NotFound, Unauthenticated, WismoError
from core.ids import as_id
from core.people import Actor, Agent
from core.shops import Shop, shop_named

HEADERS = {
    "Accept-Ranges": "none",
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


async def send_by_visitor(request: Request) -> Response:
    """POST /chat/files?site=KEY: a customer sends a file to post it later. The body is the file, `X-File-Name` its
    name (percent-encoded), `Authorization: Bearer` the visitor token."""
    shop = await shop_named(request.query_params.get("site", ""))
    token = _bearer(request)
    secret = request.app.state.settings.secret
    if shop is None or not visitors.is_genuine(secret, shop.key, token) or await visitors.is_dead(token):
        raise Unauthenticated("no such visitor", code="bad_token")
    limiter = request.app.state.limiter
    await limiter.hit("chat.file.person", visitors.digest(token))
    await limiter.hit("chat.file.address", request.client.host if request.client else "")
    file = await _intake(request).take(_body(request), _name(request))
    customer = await visitors.admit(token, shop, language=shop.language)
    return await _registered(request, shop.id, Actor.of(customer), file)


@signed_in
async def send_by_agent(request: Request, agent: Agent) -> Response:
    """POST: an agent sends a file to post it in this conversation later. The body is the file, `X-File-Name` its name
    (percent-encoded)."""
    conversation = await conversation_for(agent, request.path_params["public_id"])
    await request.app.state.limiter.hit("console.file.person", str(agent.id))
    file = await _intake(request).take(_body(request), _name(request))
    return await _registered(request, conversation.shop_id, Actor.of(agent), file, conversation.id)


async def read(request: Request) -> Response:
    """GET /files/ID/NAME: a file, or its thumbnail with `?small`; who asks is checked each time. 404 for all others.

    Only pictures that we have drawn anew are shown in place; everything else is a download. There are no ranges.
    """
    attachment = await _permitted(request)
    small = "small" in request.query_params and attachment.width is not None
    key = thumbnail_of(attachment.public_id) if small else attachment.public_id
    content = await _intake(request).storage.open(key)
    size = os.fstat(content.fileno()).st_size
    headers = HEADERS | {"Content-Length": str(size), "Content-Disposition": _disposition(attachment)}
    return StreamingResponse(pieces(content), media_type=_media_type(attachment), headers=headers)


async def _registered(
    request: Request, shop_id: int, uploader: Actor, file: KeptFile, conversation_id: int | None = None
) -> Response:
    """The content is durable: now the row. What gets none goes at once; after a crash, housekeeping finds it."""
    try:
        kept = await register(shop_id, uploader, file, conversation_id=conversation_id)
    except WismoError:
        await _intake(request).storage.remove(contents_of(file.public_id))
        raise
    return JSONResponse(described(kept), status_code=201)


async def _permitted(request: Request) -> Attachment:
    """The file, if the visitor token or the session of the request may read it. Raises NotFound."""
    public_id, token = as_id(request.path_params["id"]), _bearer(request)
    if token:
        shop = await Shop.filter(attachments__public_id=public_id).first()
        customer = await visitors.find(token, shop) if shop else None
        if customer is None:
            raise NotFound("no such file")
        return await attachment_of(customer, public_id)
    agent = await agent_of(request)
    if agent is None:
        raise NotFound("no such file")
    return await attachment_for(agent, public_id)


def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.files
    return intake


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip()[:200] if scheme.lower() == "bearer" else ""


def _name(request: Request) -> str:
    return unquote(request.headers.get("x-file-name", ""), errors="replace")[:1_000]


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect:
        raise Malformed("the upload has ended early", code="upload_cut") from None


def _media_type(attachment: Attachment) -> str:
    """Text without a charset: the desk does not know it, and nothing is shown in place anyway."""
    return "application/octet-stream" if attachment.media_type.startswith("text/") else attachment.media_type


def _disposition(attachment: Attachment) -> str:
    """RFC 6266, with the name in both ways of writing it."""
    kind = "inline" if attachment.width is not None else "attachment"
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in attachment.name)
    return f'{kind}; filename="{plain}"; filename*={encode_rfc2231(attachment.name, "utf-8")}'


async def pieces(content: IO[bytes]) -> AsyncIterator[bytes]:
    """The rest of a file, which is closed at its end."""
    try:
        while piece := await run_in_threadpool(content.read, CHUNK_BYTES):
            yield piece
    finally:
        content.close()


routes = [
    Route("/chat/files", send_by_visitor, methods=["POST"]),
    Route("/console/conversations/{public_id}/files", send_by_agent, methods=["POST"]),
    Route("/files/{id}/{name}", read, methods=["GET"]),
]
