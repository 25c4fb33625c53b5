"""Forwarding: words and messages of a conversation, with their files, by mail to somebody who is not the customer."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.mail.forward_models import HeldForward
from app.mail.leaving.addressing import FORWARD, Addressing, from_data, read_mailboxes
from app.mail.leaving.choosing import senders_for
from app.mail.leaving.holding import forward_now, hold_forward, take_back_forward, written_forward
from app.rendering import render
from app.web.console_ticket import BASES, Place, place_of, refused
from app.web.desk import see_other, shell, signed_in
from app.web.forms import choices, whole_number
from app.web.refusals import refusal
from app.web.times import iso
from conversations.composing_models import HELD, SENT, STOPPED, TAKEN_BACK
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
    """GET: choose to whom, and what; `message` is ticked, else the newest of the customer. `held` names a forward that
    did not leave: the page begins with it."""
    place = await place_of(request, agent)
    held = await written_forward(agent, place.conversation.id, request.query_params.get("held", ""))
    return await _page(request, agent, place, _fields(held) if held else {})


@signed_in
async def send(request: Request, agent: Agent) -> Response:
    """POST: send it, after as long as the agent wants to be able to undo it."""
    place, sent = await place_of(request, agent), await choices(request)
    try:
        wanted = Addressing(
            mode=FORWARD,
            to=read_mailboxes(_one(sent, "to")),
            cc=read_mailboxes(_one(sent, "cc")),
            identity=_one(sent, "identity")[:80],
            numbers=tuple(whole_number(number, 0) for number in sent.get("message", ())),
        )
        client_id, seconds = _one(sent, "client_id") or new_id("web"), agent.undo_seconds
        text, talk = _one(sent, "text"), place.conversation.id
        held = await hold_forward(talk, agent, text, wanted, client_id=client_id, seconds=seconds)
        _require_on_its_way(held)
    except (Conflict, Invalid) as error:
        problem = refusal(error, agent.language)
        return await _page(request, agent, place, sent, problem=problem, status=error.status)
    return see_other(place.base, "held" if held.state == HELD else "forwarded")


@signed_in
async def undo(request: Request, agent: Agent) -> Response:
    """POST: take a forward back into its form. When it has left already, the thread says so."""
    place = await place_of(request, agent)
    try:
        held = await take_back_forward(agent, request.path_params["held"])
    except Conflict as error:
        return await refused(request, agent, error)
    return see_other(f"{place.base}/forward?held={held.public_id}", "")


@signed_in
async def at_once(request: Request, agent: Agent) -> Response:
    """POST: let a forward leave without waiting."""
    place = await place_of(request, agent)
    held = await forward_now(agent, request.path_params["held"])
    return see_other(place.base, "forwarded" if held.state == SENT else "")


def _require_on_its_way(held: HeldForward) -> None:
    """A resend of what was taken back or stopped since sends nothing. Raises Conflict."""
    if held.state == STOPPED:
        raise Conflict(code=held.reason or "failed", **(held.detail or {}))
    if held.state == TAKEN_BACK:
        raise Conflict("it was taken back", code="taken_back")


def _fields(held: HeldForward) -> Form:
    """A forward as its form sends it."""
    wanted = from_data(held.addressing)
    return {
        "to": [", ".join(map(str, wanted.to))],
        "cc": [", ".join(map(str, wanted.cc))],
        "identity": [wanted.identity],
        "text": [held.text],
        "message": [str(number) for number in wanted.numbers],
    }


async def _page(
    request: Request,
    agent: Agent,
    place: Place,
    sent: Form,
    *,
    problem: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    conversation = place.conversation
    messages = (await messages_before(conversation.id, limit=MESSAGES))[::-1]
    usual, senders = await senders_for(place.shop, conversation, conversation.language)
    context = {
        "shell": shell(request, agent),
        "url": place.base,
        "action": f"{place.base}/forward",
        "problem": problem,
        "to": _one(sent, "to"),
        "cc": _one(sent, "cc"),
        "identity": _one(sent, "identity"),
        "sender": usual,
        "senders": senders,
        "text": _one(sent, "text"),
        "client_id": ("" if status == 409 else _one(sent, "client_id")) or new_id("web"),
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
        Route(f"{base}/forwards/{{held}}/undo", undo, methods=["POST"]),
        Route(f"{base}/forwards/{{held}}/now", at_once, methods=["POST"]),
    )
]
