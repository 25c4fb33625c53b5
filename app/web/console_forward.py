"""Forwarding: words and messages of a conversation, with their files, by mail to somebody who is not the customer."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.mail.leaving.addressing import FORWARD, Addressing, read_mailboxes
from app.mail.leaving.forwarding import forward
from app.rendering import render
from app.web.console_ticket import BASES, Place, place_of
from app.web.desk import see_other, shell, signed_in
from app.web.forms import choices, whole_number
from app.web.refusals import refusal
from app.web.times import iso
from conversations.models import Message
from conversations.queries import messages_before
from conversations.storing import summary_line
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.people import Agent

MESSAGES = 30  # the newest, to choose from

Form = Mapping[str, Sequence[str]]


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


@signed_in
async def form(request: Request, agent: Agent) -> Response:
    """GET: choose to whom, and what; `message` is ticked, else the newest of the customer."""
    return await _page(request, agent, await place_of(request, agent), {})


@signed_in
async def send(request: Request, agent: Agent) -> Response:
    """POST: send it, and note it for the desk."""
    place, sent = await place_of(request, agent), await choices(request)
    try:
        wanted = Addressing(
            mode=FORWARD,
            to=read_mailboxes(_one(sent, "to")),
            cc=read_mailboxes(_one(sent, "cc")),
            numbers=tuple(whole_number(number, 0) for number in sent.get("message", ())),
        )
        client_id = _one(sent, "client_id") or new_id("web")
        await forward(place.conversation.id, agent, _one(sent, "text"), wanted, client_id=client_id)
    except (Conflict, Invalid) as error:
        problem = refusal(error, agent.language)
        return await _page(request, agent, place, sent, problem=problem, status=error.status)
    return see_other(place.base, "forwarded")


async def _page(
    request: Request,
    agent: Agent,
    place: Place,
    sent: Form,
    *,
    problem: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    messages = (await messages_before(place.conversation.id, limit=MESSAGES))[::-1]
    context = {
        "shell": shell(request, agent),
        "url": place.base,
        "action": f"{place.base}/forward",
        "problem": problem,
        "to": _one(sent, "to"),
        "cc": _one(sent, "cc"),
        "text": _one(sent, "text"),
        "client_id": _one(sent, "client_id") or new_id("web"),
        "messages": _rows(messages, _ticked(request, messages, sent), place, agent.language),
    }
    return render(request, "console/forward.html", context, status)


def _ticked(request: Request, messages: Sequence[Message], sent: Form) -> set[int]:
    if sent:
        return {whole_number(number, 0) for number in sent.get("message", ())}
    if asked := whole_number(request.query_params.get("message"), 0):
        return {asked}
    return {next((message.number for message in messages if message.author_kind == "customer"), 0)}


def _rows(messages: Sequence[Message], ticked: set[int], place: Place, language: str) -> list[dict[str, Any]]:
    names = {"bot": gettext(_("Bot"), language), "system": place.shop.name}
    customer = place.conversation.customer.name or gettext(_("Guest"), language)
    return [
        {
            "number": message.number,
            "name": names.get(message.author_kind) or message.author_name or customer,
            "time": when(message.created_at, place.shop.timezone, language),
            "iso": iso(message.created_at),
            "words": summary_line(message.text, message.attachments)[:240],
            "files": [file["name"] for file in message.attachments or ()],
            "ticked": message.number in ticked,
        }
        for message in messages
    ]


def _one(sent: Form, name: str) -> str:
    return (sent.get(name) or [""])[-1]


routes = [
    route
    for base in BASES
    for route in (
        Route(f"{base}/forward", form, methods=["GET"]),
        Route(f"{base}/forward", send, methods=["POST"]),
    )
]
