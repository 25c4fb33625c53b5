"""A ticket among others: merge and part, split, put below a problem, tag, follow."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.i18n import gettext, when
from app.rendering import render
from app.web.console_work import work
from app.web.desk import shell, signed_in
from app.web.forms import choices, fields, whole_number
from app.web.labels import CHANNELS, KINDS, STATUSES, word
from app.web.link_words import link_words
from core.bundles import Bundle
from core.clock import now
from core.errors import Invalid
from core.people import Actor, Agent, shop_ids_of
from core.promises import OPEN, Promise
from core.shops import Shop
from tickets.access import ticket_for
from tickets.complaints.models import Complaint
from tickets.complaints.steps import SETTLED
from tickets.following import follow, unfollow
from tickets.merge_candidates import Candidate, candidates_in
from tickets.merging import UNDO_FOR, merge, unmerge
from tickets.models import Ticket
from tickets.parents import family_in, put_below
from tickets.promising import BY_AGENT
from tickets.queries import links_in
from tickets.splitting import split
from tickets.tagging import add_tag, remove_tag, suggest_tags
from tickets.work_models import TicketMerge


@signed_in
async def arrangement_page(request: Request, agent: Agent) -> Response:
    """GET: what the ticket may be merged with, what is merged into it, its parts, and the problem it is a case of."""
    ticket = await ticket_for(agent, request.path_params["number"])
    language, bundle = agent.language, Bundle()
    likely, family = candidates_in(bundle, ticket, ticket.conversation.customer_id), family_in(bundle, ticket)
    links = links_in(bundle, ticket.id)
    merges = bundle.rows(
        TicketMerge, "WHERE t.target_id = {ticket} AND t.undone_at IS NULL ORDER BY t.id DESC", ticket=ticket.id
    )
    complaints = bundle.rows(Complaint, "WHERE t.ticket_id = {ticket}", ticket=ticket.id)
    sources = bundle.rows(Ticket, "WHERE t.merged_into_id = {ticket}", ticket=ticket.id)
    promised = bundle.rows(
        Promise,
        "WHERE t.subject = {ticket} AND t.state = {open} AND t.kind = {kind} ORDER BY t.id",
        ticket=ticket.public_id,
        open=OPEN,
        kind=BY_AGENT,
    )
    await bundle.read()
    parent, children = family()
    by_id = {source.id: source for source in sources}
    words = await link_words(agent, links(), language)
    context: dict[str, Any] = {
        "shell": shell(request, agent),
        "url": f"/console/tickets/{ticket.number}",
        "number": ticket.number,
        "subject": ticket.subject or gettext("(no subject)", language),
        "complains": any(one.step not in SETTLED for one in complaints),
        "likely": [_candidate(found, language) for found in likely()],
        "merged": [
            _merged(merged, by_id[merged.source_id], ticket.shop, language)
            for merged in merges
            if merged.source_id in by_id
        ],
        "links": [{"id": link.id, "text": words[link.id]} for link in links()],
        "promises": [{"id": made.public_id, "text": made.text or ""} for made in promised],
        "kinds": [(key, gettext(label, language), key == ticket.kind) for key, label in KINDS.items()],
        "parent": parent.number if parent else "",
        "children": [child.number for child in children],
    }
    return render(request, "console/arrangement.html", context)


async def merging(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Let this ticket go on in another one (`into`, a number); its complaint may be a `duplicate` of the other's."""
    form = await fields(request)
    target = await ticket_for(agent, whole_number(form.get("into", "").strip().lstrip("#"), 0))
    await merge(ticket.id, target.id, Actor.of(agent), duplicate=form.get("duplicate") == "1")
    return "merged"


async def parting(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Undo a merge (`merge`, its public id)."""
    await unmerge((await fields(request)).get("merge", ""), Actor.of(agent))
    return "parted"


async def splitting(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Open a second ticket with the links and promises that were ticked."""
    form = await choices(request)
    await split(
        ticket.id,
        Actor.of(agent),
        subject=form.get("subject", [""])[-1],
        kind=form.get("kind", [""])[-1],
        link_ids=[whole_number(each, 0) for each in form.get("link", [])],
        promise_ids=form.get("promise", []),
    )
    return "split"


async def parent(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Put the ticket below a problem (`above`, a number), or take it out."""
    number = (await fields(request)).get("above", "").strip().lstrip("#")
    above = await ticket_for(agent, whole_number(number, 0)) if number else None
    await put_below(ticket.id, above.id if above else None, Actor.of(agent))
    return "arranged"


async def tags(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Add a tag (do=add) or take it off (do=remove)."""
    form = await fields(request)
    change = remove_tag if form.get("do") == "remove" else add_tag
    await change(ticket.id, form.get("tag", ""), Actor.of(agent))
    return "tagged"


async def following(request: Request, agent: Agent, ticket: Ticket) -> str:
    """Follow the ticket (do=follow), or stop."""
    match (await fields(request)).get("do"):
        case "follow":
            await follow(ticket.id, agent)
            return "following"
        case "stop":
            await unfollow(ticket.id, agent)
            return "not_following"
    raise Invalid("follow or stop", code="bad_choice")


@signed_in
async def tag_names(request: Request, agent: Agent) -> Response:
    """GET: tags of the agent's shops, or of one of them, that begin with `q`; for the field that adds them."""
    shops = await shop_ids_of(agent)
    if key := request.query_params.get("shop"):
        shops = [int(str(each)) for each in await Shop.filter(id__in=shops, key=key).values_list("id", flat=True)]
    return JSONResponse({"tags": await suggest_tags(shops, request.query_params.get("q", ""))})


def _candidate(found: Candidate, language: str) -> dict[str, Any]:
    status, tone, icon = STATUSES.get(found.status, (found.status, "", "inbox"))
    return {
        "number": found.number,
        "subject": found.subject or gettext("(no subject)", language),
        "status": gettext(status, language),
        "tone": tone,
        "icon": icon,
        "kind": word(KINDS, found.kind, language),
        "channel": gettext(CHANNELS.get(found.channel, (found.channel, ""))[0], language),
        "same_order": found.orders > 0,
        "same_reason": found.reasons > 0,
    }


def _merged(merged: TicketMerge, source: Ticket, shop: Shop, language: str) -> dict[str, Any]:
    return {
        "id": merged.public_id,
        "number": source.number,
        "subject": source.subject,
        "at": when(merged.merged_at, shop.timezone, language),
        "until": when(merged.merged_at + UNDO_FOR, shop.timezone, language),
        "undo": now() - merged.merged_at <= UNDO_FOR,
    }


_BASE = "/console/tickets/{number}"
routes = [
    Route(f"{_BASE}/arrangement", arrangement_page, methods=["GET"]),
    Route(f"{_BASE}/merging", work(merging), methods=["POST"]),
    Route(f"{_BASE}/parting", work(parting), methods=["POST"]),
    Route(f"{_BASE}/splitting", work(splitting), methods=["POST"]),
    Route(f"{_BASE}/parent", work(parent), methods=["POST"]),
    Route(f"{_BASE}/tags", work(tags), methods=["POST"]),
    Route(f"{_BASE}/following", work(following), methods=["POST"]),
    Route("/console/tags", tag_names, methods=["GET"]),
]
