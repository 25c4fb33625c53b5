"""The body of a mail as a document of its own, for a frame in which nothing can run, and out of which nothing gets."""

from collections.abc import Callable
from html import escape
from urllib.parse import unquote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app.gateways.remote_pictures import RemotePictures
from app.mail.access import mail_for
from app.mail.models import IncomingMail
from app.mail.pictures import always_show, are_shown, is_picture_of, no_longer_show, picture_signature
from app.mail.reading.cleaning import REMOTE, show, with_sheet
from app.web.desk import HOME, see_other, signed_in
from app.web.forms import fields
from conversations.models import Attachment, Conversation
from core.errors import NotFound, WismoError
from core.people import Agent

# `allow-same-origin` lets the page around the frame measure its height, and the frame fetch the mail's own pictures
# with the agent's session; as scripts are not allowed, nothing in the frame can make use of it. Links open outside.
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PICTURE_HEADERS = HEADERS | {
    "Cache-Control": "private, max-age=86400",  # looking again tells nobody anything
    "Content-Security-Policy": "sandbox; default-src 'none'",
}
MOST_PLACES = 200  # pictures that stand within one mail
_OWN_PAGES = frozenset({"", "none", "same-origin"})  # Sec-Fetch-Site
# Letters are written for white paper; on a dark desk they stay on it, or their own colours would not be legible.
_PAGE = """<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="only light">\
<meta name="viewport" content="width=device-width"><title>{title}</title><style>
html{{background:#fff;color:#14201e;font:14px/1.5 system-ui,"Noto Sans",Arial,"PingFang SC","Microsoft YaHei",\
"Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}}
body{{margin:0;padding:12px 16px;display:flow-root}} img{{max-width:100%}} img[height]:not([style]){{height:auto}}
img:not([src]){{display:inline-block;min-width:1em;padding:1px 4px;border:1px dashed #83908d;color:#43514e;\
font-size:12px}} blockquote{{margin:8px 0;padding-left:12px;border-left:2px solid #c6cfcc}}
pre{{white-space:pre-wrap;font:inherit;margin:0}} a{{color:#0b6a62}} :focus-visible{{outline:2px solid #0a7b72}}
</style></head><body>{body}</body></html>"""


@signed_in
async def body(request: Request, agent: Agent) -> Response:
    """GET: the cleaned HTML of a mail, or with `?text` its whole text, quotes included. With `?pictures`, or if the
    desk trusts the sender, pictures that lie elsewhere are fetched by us."""
    mail = await mail_for(agent, request.path_params["public_id"], "html", "sheet", "text")
    if mail.html and "text" not in request.query_params:
        asked = "pictures" in request.query_params and request.headers.get("sec-fetch-site", "") in _OWN_PAGES
        source = await _sources(request, mail, remote=asked or await are_shown(mail))
        shown = await run_in_threadpool(lambda: with_sheet(show(mail.html or "", source), mail.sheet or ""))
    else:
        shown = f"<pre>{escape(mail.text or '', quote=False)}</pre>"
    title = escape(str((mail.headers or {}).get("subject") or mail.public_id))
    return HTMLResponse(_PAGE.format(title=title, body=shown), headers=HEADERS)


@signed_in
async def picture(request: Request, agent: Agent) -> Response:
    """GET `?u=ADDRESS&s=SIGNATURE`: a picture from elsewhere, drawn anew. 404 for whatever cannot be had."""
    mail = await mail_for(agent, request.path_params["public_id"])
    address, signature = request.query_params.get("u", ""), request.query_params.get("s", "")
    if not is_picture_of(request.app.state.settings.secret, mail.public_id, address, signature):
        raise NotFound("no such picture")
    await request.app.state.limiter.hit("console.picture.person", str(agent.id))
    fetcher: RemotePictures = request.app.state.remote_pictures
    try:
        media_type, content = await request.app.state.files.redrawn(await fetcher.fetch(address))
    except WismoError as error:
        raise NotFound("the picture cannot be shown") from error
    return Response(content, media_type=media_type, headers=PICTURE_HEADERS)


@signed_in
async def trust(request: Request, agent: Agent) -> Response:
    """POST: show pictures of this sender from now on, or with `show=0` ask again."""
    mail = await mail_for(agent, request.path_params["public_id"])
    if (await fields(request)).get("show") == "0":
        await no_longer_show(mail)
    else:
        await always_show(agent, mail)
    conversation = await Conversation.get_or_none(id=mail.conversation_id) if mail.conversation_id else None
    return see_other(f"/console/conversations/{conversation.public_id}" if conversation else HOME, "saved")


async def _sources(request: Request, mail: IncomingMail, *, remote: bool) -> Callable[[str], str | None]:
    """Where the pictures of the mail are to be had: its own ones that we drew anew, and others through us."""
    places = await _places(mail)
    secret = request.app.state.settings.secret

    def source_of(source: str) -> str | None:
        if not source.startswith(REMOTE):
            return places.get(unquote(source).lower())
        if not remote:
            return None
        address = source.removeprefix(REMOTE)
        query = {"u": address, "s": picture_signature(secret, mail.public_id, address)}
        return f"/console/mails/{mail.public_id}/picture?{urlencode(query)}"

    return source_of


async def _places(mail: IncomingMail) -> dict[str, str]:
    """Where the pictures are that stand within the mail, by their `cid:` in lower case."""
    if mail.message_id is None:
        return {}
    kept = Attachment.filter(message_id=mail.message_id, state="ready", content_id__isnull=False, width__isnull=False)
    rows = await kept.limit(MOST_PLACES).only("public_id", "content_id")
    return {f"cid:{row.content_id}".lower(): f"/files/{row.public_id}/picture" for row in rows}


routes = [
    Route("/console/mails/{public_id}/body", body, methods=["GET"]),
    Route("/console/mails/{public_id}/picture", picture, methods=["GET"]),
    Route("/console/mails/{public_id}/trust", trust, methods=["POST"]),
]
