"""Mails as they came, for who looks after the desk: what was set aside and why, the source, and reading it again."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.mail.access import mail_for, mails_for, source_of
from app.mail.arriving.quarantine import raw_mail, re_process
from app.mail.leaving.retrying import retry
from app.mail.models import DUPLICATE, MACHINE, POSTED, QUARANTINED, STORED, IncomingMail
from app.rendering import render
from app.web.desk import see_other, shell, signed_in
from app.web.forms import fields, whole_number
from app.web.mail_signs import sign_words
from app.web.mail_words import CHECKS, people_of
from app.web.raw import shown_source
from app.web.roles import require_admin, require_overseer
from app.web.shown_files import amount, shown_files
from app.web.times import iso
from conversations.models import Conversation, Message
from core import audit
from core.people import ADMIN, Actor, Agent
from core.shops import Shop

HERE = "/console/mails"
PAGE = 50
LONGEST_SOURCE = 262_144  # bytes of a mail that a page shows
LONGEST_TEXT = 20_000  # characters
LONGEST_SEARCH = 200  # characters


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


STATES = {
    QUARANTINED: (_("Unreadable"), "warn", "alert"),
    STORED: (_("Waiting to be read"), "", "clock"),
    MACHINE: (_("Automated"), "", "bot"),
    DUPLICATE: (_("Duplicate"), "", "stack"),
    POSTED: (_("In a conversation"), "good", "check"),
}


@signed_in
async def mails_page(request: Request, agent: Agent) -> Response:
    """GET: mails in one state, newest first, of senders that contain `?q`; at first those that nobody could read."""
    require_overseer(agent)
    asked, language = request.query_params, agent.language
    state = asked.get("state", "") if asked.get("state", "") in STATES else QUARANTINED
    sender = asked.get("q", "").strip()[:LONGEST_SEARCH]
    before = whole_number(asked.get("before"), 0) or None
    found = await mails_for(agent, (state,), sender=sender, before=before, limit=PAGE + 1)
    shops = {shop.id: shop for shop in await Shop.filter(id__in=list({mail.shop_id for mail in found}))}
    context = {
        "shell": shell(request, agent, current="mails"),
        "states": [
            {"key": key, "label": gettext(label, language), "current": key == state}
            for key, (label, _tone, _icon) in STATES.items()
        ],
        "state": state,
        "q": sender,
        "mails": [mail_row(mail, shops.get(mail.shop_id or 0), language) for mail in found[:PAGE]],
        "more": found[PAGE - 1].id if len(found) > PAGE else 0,
    }
    return render(request, "console/mails.html", context)


@signed_in
async def mail_page(request: Request, agent: Agent) -> Response:
    """GET: one mail: its envelope, what was read and what became of it; for administrators its source, audited."""
    require_overseer(agent)
    mail = await mail_for(agent, request.path_params["public_id"], "text", "tries", "html")
    shop = await Shop.get_or_none(id=mail.shop_id)
    message = await Message.get_or_none(id=mail.message_id) if mail.message_id else None
    talk = await Conversation.get_or_none(id=mail.conversation_id) if mail.conversation_id else None
    size, source, is_admin = 0, "", agent.role == ADMIN
    if is_admin:
        await audit.note(Actor.of(agent), "mail.read", mail.public_id)
        size, head = await source_of(mail, LONGEST_SOURCE)
        source = shown_source(head)
    context = {
        "shell": shell(request, agent, current="mails"),
        "mail": mail_row(mail, shop, agent.language) | _details(mail, agent.language),
        "files": shown_files(message.attachments, agent.language) if message else [],
        "conversation": f"/console/conversations/{talk.public_id}" if talk else "",
        "is_admin": is_admin,
        "source": source,
        "size": amount(size),
        "cut": size > LONGEST_SOURCE,
    }
    return render(request, "console/mail.html", context)


@signed_in
async def raw(request: Request, agent: Agent) -> Response:
    """GET: the mail byte for byte as a file; for administrators, audited."""
    require_admin(agent)
    name = request.path_params["public_id"]
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.eml"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(await raw_mail(agent, name), media_type="message/rfc822", headers=headers)


@signed_in
async def read_again(request: Request, agent: Agent) -> Response:
    """POST: have a mail read again; with `person=1`, one that was set aside as a machine's as a person's."""
    require_admin(agent)
    name = request.path_params["public_id"]
    await re_process(agent, name, person=(await fields(request)).get("person") == "1")
    return see_other(f"{HERE}/{name}", "mail_reread")


@signed_in
async def send_again(request: Request, agent: Agent) -> Response:
    """POST: send a mail of ours again that has failed."""
    mail = await retry(agent, request.path_params["public_id"])
    talk = await Conversation.get(id=mail.conversation_id)
    return RedirectResponse(f"/console/conversations/{talk.public_id}?said=mail_retried", status_code=303)


def mail_row(mail: IncomingMail, shop: Shop | None, language: str) -> dict[str, Any]:
    """A mail as lists show it."""
    headers = mail.headers or {}
    state, tone, icon = STATES.get(mail.state, (mail.state, "", "mail"))
    return {
        "id": mail.public_id,
        "url": f"{HERE}/{mail.public_id}",
        "from": str(headers.get("from") or mail.sender),
        "from_name": str(headers.get("from_name") or ""),
        "subject": str(headers.get("subject") or ""),
        "shop": shop.name if shop else "",
        "iso": iso(mail.received_at),
        "at": when(mail.received_at, shop.timezone if shop else "UTC", language),
        "state": gettext(state, language),
        "tone": tone,
        "icon": icon,
        "error": sign_words(mail.error or "", language),
    }


def _details(mail: IncomingMail, language: str) -> dict[str, Any]:
    headers, check = mail.headers or {}, CHECKS.get(mail.sender_check)
    return {
        "sender": mail.sender,
        "recipient": mail.recipient,
        "header_id": mail.header_id,
        "to": people_of(headers.get("to")),
        "cc": people_of(headers.get("cc")),
        "reply_to": people_of(headers.get("reply_to")),
        "check": {"label": gettext(check[0], language), "tone": check[1], "icon": check[2]} if check else None,
        "tries": mail.tries,
        "text": (mail.text or "")[:LONGEST_TEXT],
        "has_html": bool(mail.html),
        "is_machine": mail.state == MACHINE,
        "can_reread": mail.state != DUPLICATE,
    }


routes = [
    Route(HERE, mails_page, methods=["GET"]),
    Route(HERE + "/{public_id}", mail_page, methods=["GET"]),
    Route(HERE + "/{public_id}/raw", raw, methods=["GET"]),
    Route(HERE + "/{public_id}/read", read_again, methods=["POST"]),
    Route("/console/sent-mails/{public_id}/retry", send_again, methods=["POST"]),
]
