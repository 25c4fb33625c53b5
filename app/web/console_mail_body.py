"""The body of a mail as a document of its own, for a frame in which nothing can run, and out of which nothing gets."""

from html import escape
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app.mail.access import mail_for
from app.mail.models import IncomingMail
from app.mail.reading.cleaning import show
from app.web.desk import signed_in
from conversations.models import Attachment
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
MOST_PLACES = 200  # pictures that stand within one mail
# Letters are written for white paper; on a dark desk they stay on it, or their own colours would not be legible.
_PAGE = """<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="only light">\
<meta name="viewport" content="width=device-width"><style>
html{{background:#fff;color:#14201e;font:14px/1.5 system-ui,"Noto Sans",Arial,"PingFang SC","Microsoft YaHei",\
"Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere}}
body{{margin:0;padding:12px 16px;display:flow-root}} img{{max-width:100%}} img[height]:not([style]){{height:auto}}
img:not([src]){{display:inline-block;min-width:1em;padding:1px 4px;border:1px dashed #83908d;color:#43514e;\
font-size:12px}} blockquote{{margin:8px 0;padding-left:12px;border-left:2px solid #c6cfcc}}
pre{{white-space:pre-wrap;font:inherit;margin:0}} a{{color:#0b6a62}} :focus-visible{{outline:2px solid #0a7b72}}
</style></head><body>{body}</body></html>"""


@signed_in
async def body(request: Request, agent: Agent) -> Response:
    """GET: the cleaned HTML of a mail, or with `?text` its whole text, quotes included."""
    mail = await mail_for(agent, request.path_params["public_id"], "html", "text")
    if mail.html and "text" not in request.query_params:
        places = await _places(mail)
        shown = await run_in_threadpool(show, mail.html, lambda source: places.get(unquote(source).lower()))
    else:
        shown = f"<pre>{escape(mail.text or '', quote=False)}</pre>"
    return HTMLResponse(_PAGE.format(body=shown), headers=HEADERS)


async def _places(mail: IncomingMail) -> dict[str, str]:
    """Where the pictures are that stand within the mail, by their `cid:` in lower case; pictures that we drew anew."""
    if mail.message_id is None:
        return {}
    kept = Attachment.filter(message_id=mail.message_id, state="ready", content_id__isnull=False, width__isnull=False)
    rows = await kept.limit(MOST_PLACES).only("public_id", "name", "content_id")
    return {f"cid:{row.content_id}".lower(): f"/files/{row.public_id}/picture" for row in rows}


routes = [Route("/console/mails/{public_id}/body", body, methods=["GET"])]
