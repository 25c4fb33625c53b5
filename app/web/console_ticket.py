"""The thread of a ticket, or of a chat without one: read it, answer, note, take over, hand back."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from app.i18n import gettext, request_language
from app.mail.leaving.enclosing import require_mailable
from app.rendering import problem, wants_html
from app.web.composer import Draft, held_row
from app.web.desk import SAID, see_other, signed_in
from app.web.forms import fields, whole_number
from app.web.mail_recipients import FIELDS, chosen_recipients
from app.web.order_changes import with_words
from app.web.refusals import refusal
from app.web.scene import gather
from app.web.ticket_page import ticket_page
from conversations.access import conversation_for
from conversations.composing_models import HELD, NOTE, REPLY, SENT, HeldMessage
from conversations.drafting import drop_draft
from conversations.handover import ANYBODY, hand_back, take
from conversations.holding import hold, release_all
from conversations.models import CHAT, EMAIL, Conversation, Message
from conversations.noting import add_note
from conversations.posting import post
from conversations.queries import messages_before
from conversations.reading import DESK, mark_read
from conversations.storing import summary_line
from core.errors import Conflict, Invalid, NotFound, WismoError
from core.ids import as_id, new_id
from core.people import Actor, Agent
from core.shops import Shop
from core.teams import Team, teams_for
from orders.sights import read_sights
from tickets.access import ticket_for
from tickets.following import read_mentions
from tickets.macros.keeping import remember_use, settle_use
from tickets.models import QUESTION, Ticket
from tickets.opening import open_ticket
from tickets.presence import agents_of
from tickets.queries import tickets_of
from tickets.statuses import UNFINISHED
from tickets.transfer import pass_on


@dataclass(frozen=True, slots=True)
class Place:
    """The conversation that an address names, reached through the agent; with its ticket when the address names one."""

    conversation: Conversation
    shop: Shop
    ticket: Ticket | None

    @property
    def base(self) -> str:
        if self.ticket is not None:
            return f"/console/tickets/{self.ticket.number}"
        return f"/console/conversations/{self.conversation.public_id}"


async def place_of(request: Request, agent: Agent) -> Place:
    """Raises NotFound for what is not there and for what is another shop's, alike."""
    if "number" in request.path_params:
        ticket = await ticket_for(agent, request.path_params["number"])
        return Place(ticket.conversation, ticket.shop, ticket)
    conversation = await conversation_for(agent, request.path_params["public_id"])
    return Place(conversation, conversation.shop, None)


@signed_in
async def show(request: Request, agent: Agent) -> Response:
    """GET: the page; looking at it marks it as read. A chat that has become a ticket is shown as the ticket."""
    place = await place_of(request, agent)
    if place.ticket is not None and place.ticket.merged_into_id is not None:
        target = await Ticket.get(id=place.ticket.merged_into_id)
        return see_other(f"/console/tickets/{target.number}", "goes_on_here")
    if place.ticket is None and "fragment" not in request.query_params:
        working = [ticket for ticket in await tickets_of(place.conversation.id) if ticket.status in UNFINISHED]
        if working:
            return RedirectResponse(f"/console/tickets/{working[0].number}", status_code=303)
    before = whole_number(request.query_params.get("before"), 0) or None
    scene = await gather(agent, place.conversation, place.shop, place.ticket, before)
    if before is None and place.conversation.desk_read < place.conversation.last_number:
        await mark_read(place.conversation.id, DESK, place.conversation.last_number)
    if scene.standing.named:
        await read_mentions(agent, place.conversation.id)
    return await ticket_page(request, scene)


@signed_in
async def reply(request: Request, agent: Agent) -> Response:
    """POST: answer the customer. Refused with 409 when the customer wrote meanwhile, or an order that the page showed
    has moved on; the words stay in the composer."""
    place, form = await place_of(request, agent), await fields(request)
    channel = EMAIL if place.conversation.channel == EMAIL else CHAT
    draft = Draft(text=form.get("text", ""), macro=form.get("macro", ""))
    draft.client_id = form.get("client_id") or draft.client_id
    draft.recipients = {name: form[name] for name in FIELDS if name in form}
    files = form.get("attachments", "").split()
    try:
        if channel == EMAIL and not place.conversation.customer.email:
            raise Conflict("nobody to write to", code="no_mail_address")
        if draft.macro:
            await remember_use(place.conversation, place.ticket, agent, draft.macro, draft.client_id)
        if files and channel == EMAIL:
            await require_mailable(files)
        said = await _say(
            place,
            agent,
            draft.text,
            at_once=form.get("hold") == "0" or not agent.undo_seconds,
            client_id=draft.client_id,
            channel=channel,
            attachments=files,
            seen=whole_number(form.get("seen"), 0),
            take_over=form.get("take_over") == "1",
            order_versions=read_sights(form.get("orders", "")),
            addressing=await chosen_recipients(place.conversation, form),
        )
    except (Conflict, Invalid) as error:
        return await refused(request, agent, with_words(error, place.shop.timezone, agent.language), draft)
    base = (await _work_on(place, agent)).base
    if isinstance(said, HeldMessage) and said.state == HELD:
        return see_other(base, "held") if wants_html(request) else JSONResponse(held_row(said) | {"url": base}, 202)
    if not wants_html(request):
        return JSONResponse({"number": said.number, "client_id": said.client_id, "url": base}, status_code=201)
    return see_other(base, "replied")


async def _say(place: Place, agent: Agent, text: str, *, at_once: bool, **more: Any) -> Message | HeldMessage:
    """Say it now, or hold it for as long as the agent wants to be able to undo it."""
    if not at_once:
        held = await hold(place.conversation.id, agent, text, seconds=agent.undo_seconds, **more)
        if isinstance(held, HeldMessage) and held.state not in (HELD, SENT):
            raise Conflict("these words went back to the composer", code="already_back")
        return held
    message = await post(place.conversation.id, Actor.of(agent), text, **more)
    await drop_draft(place.conversation.id, agent, REPLY)
    await settle_use(place.conversation.id, message.client_id)
    return message


@signed_in
async def note(request: Request, agent: Agent) -> Response:
    """POST: internal words for the desk."""
    place, form = await place_of(request, agent), await fields(request)
    draft = Draft(text=form.get("text", ""), mode="note")
    try:
        added = await add_note(place.conversation.id, agent, draft.text, form.get("client_id") or draft.client_id)
    except Invalid as error:
        return await refused(request, agent, error, draft)
    await drop_draft(place.conversation.id, agent, NOTE)
    if not wants_html(request):
        return JSONResponse({"id": added.public_id, "url": place.base}, status_code=201)
    return see_other(place.base, "noted")


@signed_in
async def take_over(request: Request, agent: Agent) -> Response:
    """POST: this agent speaks from now on; a chat without a ticket becomes one, so that it cannot be lost."""
    place, form = await place_of(request, agent), await fields(request)
    try:
        holder = await _holder(form) if "holder" in form else ANYBODY
        await take(place.conversation.id, agent, take_over=form.get("take_over") == "1", holder=holder)
    except Conflict as error:
        return await refused(request, agent, error)
    return answered(request, (await _work_on(place, agent)).base, "taken")


@signed_in
async def give_back(request: Request, agent: Agent) -> Response:
    """POST: the bot may speak again."""
    place = await place_of(request, agent)
    try:
        await release_all(place.conversation.id, agent)
        await hand_back(place.conversation.id, agent)
    except Conflict as error:
        return await refused(request, agent, error)
    return answered(request, place.base, "handed_back")


@signed_in
async def transfer(request: Request, agent: Agent) -> Response:
    """POST: pass the conversation on to a colleague, a team or the queue, with a note for whoever gets it."""
    place, form = await place_of(request, agent), await fields(request)
    client_id = form.get("client_id") or new_id("web")
    try:
        await release_all(place.conversation.id, agent)
        to = await _receiver(place, form.get("to", ""))
        await pass_on(place.conversation.id, to, agent, form.get("note", ""), client_id)
    except (Conflict, Invalid) as error:
        return await refused(request, agent, error)
    return answered(request, place.base, "passed_on")


async def _receiver(place: Place, name: str) -> Agent | Team | None:
    """The colleague or team of the shop that the form names, or None for the queue. Raises NotFound."""
    if name == "queue":
        return None
    near: list[Agent | Team] = [*await agents_of(place.shop.id), *await teams_for(place.shop.id)]
    found = next((one for one in near if one.public_id == name), None)
    if found is None:
        raise NotFound("no such colleague or team in this shop")
    return found


async def _holder(form: dict[str, str]) -> int | None:
    """The id of the agent whom the page showed as the one who has it; None when nobody had it."""
    holder = await Agent.get_or_none(public_id=as_id(form["holder"]))
    return holder.id if holder else None


async def refused(request: Request, agent: Agent, error: WismoError, draft: Draft | None = None) -> Response:
    """Say why not: a problem document for scripts; for people the page as it is now, with their words in place."""
    if not wants_html(request):
        return problem(error, request)
    place, draft = await place_of(request, agent), draft or Draft()
    draft.status, draft.problem = error.status, refusal(error, agent.language)
    return await ticket_page(request, await gather(agent, place.conversation, place.shop, place.ticket, None), draft)


def answered(request: Request, base: str, said: str) -> Response:
    """Done: a page again for people, a word for scripts."""
    if wants_html(request):
        return see_other(base, said)
    return JSONResponse({"said": said, "text": gettext(SAID[said], request_language(request)), "url": base})


async def _work_on(place: Place, agent: Agent) -> Place:
    """Whoever speaks has work: a conversation without a ticket gets one."""
    if place.ticket is not None:
        return place
    asked = [m for m in await messages_before(place.conversation.id, limit=20) if m.author_kind == "customer"]
    subject = summary_line(asked[-1].text, asked[-1].attachments)[:120] if asked else place.conversation.subject
    orders = [place.conversation.order_id] if place.conversation.order_id is not None else []
    ticket = await open_ticket(place.conversation.id, QUESTION, Actor.of(agent), subject=subject, order_ids=orders)
    return Place(place.conversation, place.shop, ticket)


BASES = ("/console/tickets/{number}", "/console/conversations/{public_id}")
routes = [
    route
    for base in BASES
    for route in (
        Route(base, show, methods=["GET"]),
        Route(f"{base}/replies", reply, methods=["POST"]),
        Route(f"{base}/notes", note, methods=["POST"]),
        Route(f"{base}/takeover", take_over, methods=["POST"]),
        Route(f"{base}/handback", give_back, methods=["POST"]),
        Route(f"{base}/transfer", transfer, methods=["POST"]),
    )
]
