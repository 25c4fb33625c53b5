"""The demo's mailbox: every letter that would leave, and a pen to write to the shop like a customer."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from app.i18n import gettext, request_language
from app.mail.arriving.storing import shop_of, store_mail
from app.mail.leaving.composing import is_address, reply_subject
from app.mail.models import OutgoingMail
from app.mail.reading.headers import one_line, text_of
from app.mail.reading.mime import walk
from app.mail.reading.parsing import parse
from app.rendering import render
from app.web.forms import fields
from core.clock import now
from core.errors import Invalid, NotFound
from core.ids import as_id, new_id
from core.shops import Shop
from core.text import clean

PAGE = 30
TEXT_LIMIT, SUBJECT_LIMIT = 8_000, 200  # characters
SHOWN_HEADERS = (
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
)
HTML_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


@dataclass(frozen=True, slots=True)
class Draft:
    """What the visitor writes as a customer."""

    sender: str
    recipient: str
    subject: str
    text: str
    in_reply_to: str = ""
    references: str = ""


async def mailbox(request: Request) -> Response:
    """GET /demo/mailbox?to=&before=: letters newest first, of one address or of all."""
    _demo_only(request)
    address = request.query_params.get("to", "").strip().lower()
    mails = OutgoingMail.filter(recipient=address) if address else OutgoingMail.all()
    if before := request.query_params.get("before"):
        last = await OutgoingMail.get_or_none(public_id=as_id(before))
        mails = mails.filter(id__lt=last.id) if last else mails
    found = await mails.order_by("-id").limit(PAGE + 1).select_related("shop")
    older = urlencode({"to": address, "before": found[PAGE - 1].public_id}) if len(found) > PAGE else ""
    context = {"mails": found[:PAGE], "to": address, "older": older, "first": not before} | await _pen(request)
    return render(request, "demo/mailbox.html", context)


async def one_mail(request: Request) -> Response:
    """GET /demo/mailbox/{mail}: one letter with its headers, its text and its HTML. Raises NotFound."""
    mail = await _mail(request)
    parsed = parse(mail.content)
    root = walk(mail.content).parts[0]
    headers = [(name, text_of(root.raw(name.lower()))) for name in SHOWN_HEADERS]
    shown = [(name, value) for name, value in headers if value]
    return render(request, "demo/mail.html", {"mail": mail, "headers": shown, "text": parsed.text})


async def html_part(request: Request) -> Response:
    """GET /demo/mailbox/{mail}/html: the HTML of a letter, for a frame without scripts, forms or network."""
    mail = await _mail(request)
    return HTMLResponse(parse(mail.content).html, headers={"Content-Security-Policy": HTML_POLICY})


async def write(request: Request) -> Response:
    """POST /demo/mailbox: a customer writes to a shop; the mail comes in as it would through the mail door."""
    _demo_only(request)
    form = await fields(request)
    sender = form.get("from", "").strip().lower()
    subject = one_line(form.get("subject", ""))[:SUBJECT_LIMIT]
    draft = Draft(sender, form.get("to", "").strip(), subject, clean(form.get("text", ""), limit=TEXT_LIMIT))
    return await _deliver(request, draft)


async def answer(request: Request) -> Response:
    """POST /demo/mailbox/{mail}/reply: whoever got this letter answers it. Raises NotFound."""
    mail = await _mail(request)
    form = await fields(request)
    parsed = parse(mail.content)
    recipient = parsed.reply_to[0].email if parsed.reply_to else parsed.from_address
    quote = "\n".join(f"> {line}" for line in parsed.text.splitlines())
    name = mail.shop.name
    introduction = f"{format_datetime(mail.created_at)}, {name} <{mail.shop.mail_address}>"
    text = f"{clean(form.get('text', ''), limit=TEXT_LIMIT)}\n\nOn {introduction} wrote:\n\n{quote}\n"
    if not form.get("text", "").strip():
        text = ""
    thread = " ".join(f"<{header_id}>" for header_id in (*parsed.references[-20:], mail.header_id))
    draft = Draft(mail.recipient, recipient, reply_subject(mail.subject), text, f"<{mail.header_id}>", thread)
    return await _deliver(request, draft)


def _demo_only(request: Request) -> None:
    if not request.app.state.demo:
        raise NotFound("this desk is no demo")


async def _mail(request: Request) -> OutgoingMail:
    _demo_only(request)
    mail = await OutgoingMail.get_or_none(public_id=as_id(request.path_params["mail"])).select_related("shop")
    if mail is None:
        raise NotFound("no such letter")
    return mail


async def _pen(request: Request) -> dict[str, Any]:
    return {"shops": await Shop.all().order_by("id"), "sent": "sent" in request.query_params}


async def _deliver(request: Request, draft: Draft) -> Response:
    """Hand the mail to the verb behind the mail door. Raises Invalid (bad_address, empty_text)."""
    shop = await shop_of(draft.recipient)
    if shop is None or not is_address(draft.sender):
        raise Invalid("that is no address", code="bad_address")
    if not draft.text:
        raise Invalid(gettext("A mail needs words", request_language(request)), code="empty_text")
    await store_mail(shop, draft.sender, draft.recipient, _as_bytes(draft, now()))
    return RedirectResponse("/demo/mailbox?" + urlencode({"to": draft.sender, "sent": "1"}), status_code=303)


def _as_bytes(draft: Draft, moment: datetime) -> bytes:
    message = EmailMessage(policy=SMTPUTF8)
    message["From"], message["To"] = draft.sender, draft.recipient
    message["Subject"] = draft.subject.replace("=?", "= ?")
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = f"<{new_id('demo')}@{draft.sender.rpartition('@')[2]}>"
    if draft.in_reply_to:
        message["In-Reply-To"], message["References"] = draft.in_reply_to, draft.references
    message.set_content(draft.text)
    return message.as_bytes()


routes = [
    Route("/demo/mailbox", mailbox, name="demo_mailbox"),
    Route("/demo/mailbox", write, methods=["POST"], name="demo_mailbox_write"),
    Route("/demo/mailbox/{mail}", one_mail, name="demo_mail"),
    Route("/demo/mailbox/{mail}/html", html_part, name="demo_mail_html"),
    Route("/demo/mailbox/{mail}/reply", answer, methods=["POST"], name="demo_mail_reply"),
]
