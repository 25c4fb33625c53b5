"""The page of one ticket or of a chat without one: list, thread, order, and what may be done."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.i18n import gettext
from app.rendering import render
from app.web.composer import Draft, composer, held_row
from app.web.console_inbox import list_in
from app.web.desk import HOME, shell
from app.web.forward_words import forwarded_letters, waiting_forwards
from app.web.inbox_views import LIVE, all_counts_in, chosen_view, saved_views
from app.web.labels import CHANNELS, HANDLERS, KINDS, PRIORITIES, STATUSES, initials, word
from app.web.mail_holds import shown_holds
from app.web.mail_suggestions import shown_suggestions
from app.web.mail_words import letters
from app.web.nearness import nearness_in_head
from app.web.order_pane import Sight, order_pane
from app.web.scene import MESSAGES, Scene
from app.web.thread import entries
from app.web.ticket_about import about
from app.web.ticket_strip import strip
from app.web.times import due, in_two_hours
from conversations.models import AGENT, BOT, Message, Note
from core.bundles import Bundle
from core.clock import now
from core.ids import new_id
from core.people import AGENT as AGENT_ROLE
from core.people import PRESENT, Agent, shop_ids_of
from tickets.draining import is_available
from tickets.models import Ticket
from tickets.statuses import TRANSITIONS, Status
from tickets.waiting import waiting_of

ROWS = 40


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


async def ticket_page(request: Request, scene: Scene, draft: Draft | None = None) -> Response:
    """The whole page, or the fragment that a script asks for: `thread`, `order` or `head`."""
    draft, language = draft or Draft(), scene.agent.language
    asked = request.query_params.get("fragment", "") if request.method == "GET" else ""
    fragment = asked if asked in FRAGMENTS else None
    attendance = request.app.state.hub.attendance
    head = _head(scene, language) | {"near": nearness_in_head(scene.conversation, attendance, now(), language)}
    context: dict[str, Any] = {"t": head, "speaker": _speaker(scene, language), "screen": _screen(request)}
    context["w"] = strip(scene.standing, scene.base, language) if scene.ticket else None
    if fragment in (None, "thread"):
        context |= _thread(scene, language)
    if fragment in (None, "order"):
        context["panels"] = scene.panels
        context["pane"] = await order_pane(_sight(scene, request.query_params.get("order", "")))
        if any(link.confirmed for link in scene.links):
            context["about"] = about(scene.subject, scene.links, scene.base, language) | {"client_id": new_id("web")}
    if fragment is not None:
        return render(request, FRAGMENTS[fragment], context | {"t": head | {"back": HOME}})
    saved = await saved_views(request, scene.agent)
    view = chosen_view(request.query_params.get("view", "open" if scene.ticket else LIVE), saved)
    head["back"] = HOME if view.key == "open" else f"{HOME}?view={view.key}"
    bundle, shop_ids = Bundle(), await shop_ids_of(scene.agent)
    pane = list_in(bundle, scene.agent, shop_ids, view, attendance, limit=ROWS, current=scene.conversation.public_id)
    numbers = all_counts_in(bundle, scene.agent, shop_ids, saved)
    await bundle.read()
    context["list"] = pane()
    context["shell"] = shell(request, scene.agent, counts=numbers(), current=view.key)
    context["c"] = await composer(scene, draft, language) | {"orders": context["pane"]["sights"]}
    context["mail_holds"] = shown_holds(scene.mail_holds, scene.base, scene.shop.timezone, language)
    context["mail_suggestions"] = shown_suggestions(scene.mail_suggestions, scene.base, language)
    context["held"] = [held_row(held) for held in scene.held]
    return render(request, "console/ticket.html", context, draft.status)


FRAGMENTS = {"thread": "console/_thread.html", "order": "console/_order_pane.html", "head": "console/_head.html"}


def _screen(request: Request) -> str:
    return "order" if request.query_params.get("pane") == "order" or "order" in request.query_params else "thread"


def _head(scene: Scene, language: str) -> dict[str, Any]:
    """The ticket itself: what it is, where it stands, who works on it and what may be done."""
    ticket, conversation = scene.ticket, scene.conversation
    channel, channel_icon = CHANNELS.get(conversation.channel, (conversation.channel, "chat"))
    shared = {
        "url": scene.base,
        "here": scene.base,
        "here_order": f"{scene.base}?pane=order",
        "order_fragment": f"{scene.base}?fragment=order",
        "conversation": conversation.public_id,
        "channel_label": gettext(channel, language),
        "channel_icon": channel_icon,
        "customer": conversation.customer.name or gettext(_("Guest"), language),
        "shop": scene.shop.name,
        "shop_key": scene.shop.key,
        "zone": scene.shop.timezone,
    }
    return shared | (_talk(scene, shared["customer"], language) if ticket is None else _work(scene, ticket, language))


def _talk(scene: Scene, customer: str, language: str) -> dict[str, Any]:
    """The head of a chat that is no ticket."""
    conversation = scene.conversation
    handler, tone, icon = HANDLERS[conversation.handler]
    return {
        "number": None,
        "subject": conversation.subject or gettext(_("Chat with %(name)s"), language) % {"name": customer},
        "label": "",
        "kind_label": "",
        "summary": "",
        "due": "",
        "status_label": gettext(handler, language),
        "status_tone": tone,
        "status_icon": icon,
    }


def _work(scene: Scene, ticket: Ticket, language: str) -> dict[str, Any]:
    """The head of a ticket."""
    status, tone, icon = STATUSES.get(ticket.status, (ticket.status, "", "inbox"))
    active = ticket.status in (Status.OPEN, Status.PENDING)
    late, late_tone = "", ""
    if active and ticket.first_reply_due_at is not None and ticket.first_replied_at is None:
        late, late_tone = due(ticket.first_reply_due_at, now(), language)
    elif active and ticket.clock_due_at is not None:
        late, late_tone = due(ticket.clock_due_at, now(), language)
    return {
        "number": ticket.number,
        "label": gettext(_("Ticket %(number)s"), language) % {"number": ticket.number},
        "subject": ticket.subject or gettext(_("(no subject)"), language),
        "summary": ticket.summary,
        "status_label": gettext(status, language) if ticket.status != Status.OPEN else "",
        "status_tone": tone,
        "status_icon": icon,
        "kind_label": word(KINDS, ticket.kind, language),
        "due": late,
        "due_tone": late_tone,
        "assignee": ticket.assignee.name if ticket.assignee else "",
        "assignee_id": ticket.assignee.public_id if ticket.assignee else "",
        "assignee_initials": initials(ticket.assignee.name) if ticket.assignee else "",
        "people": [_person(person, scene) for person in _me_first(scene)],
        "promise_at": in_two_hours(scene.shop.timezone),
        "priority_label": gettext(PRIORITIES[ticket.priority][0], language),
        "priorities": [
            {"key": key, "label": gettext(label, language), "current": key == ticket.priority}
            for key, (label, _tone) in PRIORITIES.items()
        ],
        "kinds": [
            {"key": key, "label": gettext(label, language), "current": key == ticket.kind}
            for key, label in KINDS.items()
        ]
        if active
        else [],
        "seen": scene.timeline[-1].id if scene.timeline else 0,
        "may_resolve": _may(ticket, Status.RESOLVED, scene.agent),
        "may_reopen": ticket.status != Status.PENDING and _may(ticket, Status.OPEN, scene.agent),
        "may_close": _may(ticket, Status.CLOSED, scene.agent),
    }


def _may(ticket: Ticket, wanted: Status, agent: Agent) -> bool:
    return agent.role in TRANSITIONS.get((Status(ticket.status), wanted), frozenset())


def _me_first(scene: Scene) -> list[Agent]:
    return sorted(scene.people, key=lambda person: (person.id != scene.agent.id, person.name))


def _person(person: Agent, scene: Scene) -> dict[str, Any]:
    return {
        "id": person.public_id,
        "name": person.name,
        "initials": initials(person.name),
        "me": person.id == scene.agent.id,
        "online": person.seen_at is not None and now() - person.seen_at <= PRESENT,
        "current": scene.ticket is not None and person.id == scene.ticket.assignee_id,
    }


def _speaker(scene: Scene, language: str) -> dict[str, Any]:
    """Who speaks for the shop, said plainly, with the one button that changes it."""
    conversation, me = scene.conversation, scene.agent
    mine = conversation.handler == AGENT and conversation.agent_id == me.id
    holder = conversation.agent.name if conversation.agent else ""
    if mine:
        words = (_("You are answering"), _("The bot stays silent until you hand back."), "mine", "person")
    elif conversation.handler == AGENT:
        words = (_("%(name)s is answering"), _("Add a note, or take over if you must."), "other", "person")
    elif conversation.handler == BOT:
        words = (_("The bot is answering"), _("Your first reply takes the conversation over."), "bot", "bot")
    else:
        words = (_("Nobody has answered yet"), _("The customer is waiting for a person."), "queue", "clock")
    title, text, tone, icon = words
    return {
        "base": scene.base,
        "handler": conversation.handler,
        "tone": tone,
        "icon": icon,
        "title": gettext(title, language) % {"name": holder},
        "text": gettext(text, language),
        "take": not mine,
        "take_over": not mine and conversation.handler == AGENT,
        "holder_name": holder,
        "holder": conversation.agent.public_id if conversation.agent else "",
        "pass_on": mine or conversation.handler != AGENT or me.role != AGENT_ROLE,
        "client_id": new_id("web"),
        "teams": [{"id": team.public_id, "name": team.name} for team in scene.teams],
        "people": [
            {"id": person.public_id, "name": person.name, "online": is_available(person)}
            for person in sorted(scene.people, key=lambda person: not is_available(person))
            if person.id not in (me.id, conversation.agent_id)
        ],
        "urgent": tone == "queue",
        "give_back": mine or (conversation.handler == AGENT and me.role != AGENT_ROLE),
    }


def _thread(scene: Scene, language: str) -> dict[str, Any]:
    numbers = {link.order_id: link.order.number for link in scene.links}
    if scene.conversation.order is not None:
        numbers[scene.conversation.order.id] = scene.conversation.order.number
    guest = scene.conversation.customer.name or gettext(_("Guest"), language)
    since = scene.messages[0].created_at if len(scene.messages) == MESSAGES else None
    elsewhere: list[Message | Note] = [*scene.standing.words, *scene.standing.notes]
    words: list[Message | Note] = [*scene.messages, *scene.notes]
    words += [row for row in elsewhere if _within(row.created_at, since, None)]
    until = scene.messages[-1].created_at if scene.before is not None and scene.messages else None
    shown = entries(
        [row for row in words if until is None or row.created_at <= until],
        [entry for entry in scene.timeline if _within(entry.at, since, until)],
        timezone=scene.shop.timezone,
        language=language,
        guest=guest,
        order_numbers=numbers,
        home=scene.conversation.id,
        attempts=[entry for entry in scene.standing.refused if _within(entry.at, since, until)],
        names={person.id: person.name for person in scene.people},
        mails=letters(
            scene.messages,
            scene.mails,
            subject=scene.conversation.subject,
            own=scene.shop.mail_address or "",
            timezone=scene.shop.timezone,
            language=language,
        ),
        forwards=forwarded_letters(
            scene.notes,
            scene.forwarded,
            scene.forwards,
            base=scene.base,
            timezone=scene.shop.timezone,
            language=language,
        ),
        ratings=[
            r
            for r in scene.ratings
            if (since is None or r.created_at >= since) and (until is None or r.created_at <= until)
        ],
    )
    first = scene.messages[0].number if scene.messages else 1
    return {
        "entries": shown,
        "older": f"{scene.base}?before={first}" if first > 1 else "",
        "forwards": waiting_forwards(scene.forwards, scene.base, language) if scene.before is None else [],
    }


def _within(moment: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or moment >= since) and (until is None or moment <= until)


def _sight(scene: Scene, wanted: str) -> Sight:
    return Sight(
        agent=scene.agent,
        shop_id=scene.shop.id,
        base=scene.base,
        links=scene.links,
        shown=scene.conversation.order,
        wanted=wanted,
        receipts=scene.receipts,
        messages=scene.messages,
        customer=scene.conversation.customer,
        proved=scene.proved,
        timezone=scene.shop.timezone,
        turned=scene.turned,
        waiting=waiting_of([scene.ticket] if scene.ticket else []),
        claims=scene.claims,
        works=scene.ticket is not None,
    )
