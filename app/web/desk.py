"""What every page of the desk has: an agent who is signed in, the rail with its counts, and a word after an action."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.auth.sessions import agent_of
from app.i18n import gettext
from app.mail.fetching.turns import failing_count_in
from app.rendering import problem, wants_html
from app.web.file_words import FILE_WORDS
from app.web.labels import AVAILABILITIES, ROLES, initials, word
from app.web.navigation import ACT, is_setting, rail, trail
from app.web.refusals import REASONS
from app.web.roles import OVERSEERS
from core.bundles import Bundle
from core.errors import Unauthenticated
from core.people import ADMIN, Agent
from orders.replaying import failed_count_in
from tickets.approvals import approvals_count_in
from tickets.capacity import loads_in
from tickets.pressing import pressing_in
from tickets.queries import COUNT_LIMIT
from tickets.queue import waiting_count_in
from tickets.views import views_in
from tickets.work_models import SavedView

HOME, LOGIN = "/console", "/console/login"
MOST_FAILED = 100
Endpoint = Callable[[Request], Awaitable[Response]]


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


VIEWS = {
    "open": (_("Open"), "inbox"),
    "mine": (_("Mine"), "person"),
    "unassigned": (_("Unassigned"), "unassigned"),
    "mentions": (_("Mentions"), "at"),
    "following": (_("Following"), "bell"),
    "resolved": (_("Resolved"), "check-circle"),
    "all": (_("All"), "stack"),
    "live": (_("Live chats"), "chat"),
}
SAID = {
    "replied": _("Sent."),
    "held": _("Sending in a moment. You can still undo it."),
    "undone": _("Back in the composer."),
    "noted": _("Note added."),
    "forwarded": _("Forwarded."),
    "mail_again": _("Email to this address is sent again."),
    "assigned": _("Assigned."),
    "prioritised": _("Priority changed."),
    "reclassified": _("Kind changed."),
    "case_opened": _("Case opened."),
    "case_moved": _("Done. The case has moved on."),
    "refund_sent": _("The refund is on its way. You can follow it beside the thread."),
    "refund_waits": _("Requested. Somebody else has to approve it."),
    "refund_approved": _("Approved. The refund is on its way."),
    "refund_refused": _("Rejected."),
    "refund_withdrawn": _("Taken back. No money was sent."),
    "refund_paid": _("Noted as paid."),
    "refund_unfrozen": _("Decided."),
    "claim_requested": _("We’re asking the shop. The answer appears beside the order."),
    "claim_asked": _("Somebody has to check first. The answer appears beside the order."),
    "claim_done": _("Already done."),
    "claim_refused": _("It’s too late, or not possible: see the reason beside the order."),
    "claim_answered": _("Answer noted; the customer has been told."),
    "resolved": _("Resolved."),
    "reopened": _("Open again."),
    "cases_resolved": _("Resolved; its cases follow."),
    "closed": _("Closed."),
    "taken": _("You have the conversation. The bot stays silent."),
    "handed_back": _("The bot is answering again."),
    "passed_on": _("Passed on."),
    "complaint_acknowledged": _("Acknowledged."),
    "complaint_assessed": _("Assessed."),
    "complaint_investigating": _("The complaint is being looked into."),
    "complaint_decided": _("Decided. Now tell the customer."),
    "complaint_informed": _("The customer has been told."),
    "complaint_followed_up": _("Followed up."),
    "complaint_dismissed": _("Dismissed."),
    "compensation_offered": _("Offered."),
    "promised": _("Promise saved."),
    "promise_settled": _("Promise settled."),
    "view_saved": _("View saved."),
    "view_deleted": _("View deleted."),
    "merged": _("Merged. The work continues here."),
    "goes_on_here": _("That ticket now continues here."),
    "parted": _("Unmerged."),
    "split": _("Split. The new ticket is in the same conversation."),
    "arranged": _("Saved."),
    "rule_saved": _("Rule saved."),
    "rule_on": _("The rule is on."),
    "rule_off": _("The rule is off."),
    "rule_retired": _("The rule is deleted. What it did stays explained."),
    "macro_saved": _("Macro saved."),
    "macro_retired": _("Macro retired."),
    "tagged": _("Tags changed."),
    "following": _("You’re following this ticket."),
    "not_following": _("You’re no longer following this ticket."),
    "nothing_waits": _("Nobody is waiting right now."),
    "now_online": _("You’ll be assigned new work."),
    "now_away": _("You won’t be assigned new work until you’re back."),
    "now_offline": _("You won’t be assigned new work."),
    "saved": _("Saved."),
    "linked": _("Order linked."),
    "unlinked": _("Link removed."),
    "asked": _("The customer has been asked."),
    "waived": _("Noted as not needed."),
    "takes_part": _("They’re part of that conversation now."),
    "customer_named": _("Replies go to the customer now."),
    "dismissed": _("Suggestion dismissed."),
    "password": _("Password changed. Your other sessions have ended."),
    "replayed": _("Rebuilt."),
    "gone": _("Marked as discontinued."),
    "not_gone": _("No longer marked as discontinued."),
    "corrected": _("Sent to the customer."),
    "let_be": _("Removed from the list."),
    "answers_saved": _("Saved. The bot uses this from its next answer on."),
    "rules_published": _("The bot uses these rules from its next answer on."),
    "draft_discarded": _("The draft is discarded."),
    "policy_published": _("Published. It applies to new cases from now on."),
    "policy_withdrawn": _("Withdrawn. The standard terms apply again."),
    "mail_reread": _("It’s being read again. Reload the page in a moment."),
    "mail_retried": _("It’s being sent again."),
    "still_failed": _("It still can’t be read."),
}


def signed_in(page: Callable[[Request, Agent], Awaitable[Response]]) -> Endpoint:
    """A door for agents only: everybody else is asked to sign in and then comes back."""

    @wraps(page)  # the list of routes shows its docstring
    async def endpoint(request: Request) -> Response:
        agent = await agent_of(request)
        if agent is not None:
            if request.method == "GET":
                agent.shops_at_hand = request.state.shop_ids  # what changes something looks again
                await _look_round(request, agent)
            return await page(request, agent)
        if not wants_html(request) or "fragment" in request.query_params:
            return problem(Unauthenticated("sign in first", code="signed_out"), request)
        return RedirectResponse(_login_path(request), status_code=303)

    return endpoint


def see_other(path: str, said: str = "") -> Response:
    """Answer a form with a page: a reload then repeats nothing. `said` is one of SAID."""
    return RedirectResponse(path + (f"?said={said}" if said else ""), status_code=303)


def shell(request: Request, agent: Agent, *, counts: dict[str, int] | None = None, current: str = "") -> dict[str, Any]:
    """What the layout of every page shows around its content."""
    language = agent.language
    said = SAID.get(request.query_params.get("said", ""))
    here = request.url.path + (f"?{request.url.query}" if request.url.query and not said else "")
    waits = _waits(request)
    return {
        "current": current,
        "views": [_view(key, shown_counts(counts or {}), key == current, language) for key in VIEWS],
        "saved": [_saved(view, shown_counts(counts or {}), current) for view in _saved_views(request)],
        "initials": initials(agent.name),
        "role": word(ROLES, agent.role, language),
        "work": _work(request, agent),
        "groups": rail(agent, request.url.path, waits),
        "waits": waits,
        "in_settings": is_setting(request.url.path),
        "failed": waits.get("mailboxes") or waits.get("deliveries", ""),
        "trail": trail(agent, request.url.path),
        "here": here,
        "said": gettext(said, language) if said else "",
        "boot": {
            "agent": {"id": agent.public_id, "name": agent.name},
            "language": language,
            "single_keys": agent.single_keys,
            "token": request.state.form_token,
            "words": {key: gettext(text, language) for key, text in (SCRIPT_WORDS | FILE_WORDS).items()},
            "file_bytes": request.app.state.settings.file_bytes,
            "reasons": {code: gettext(text, language) for code, text in REASONS.items()},
        },
    }


def shown_counts(counts: dict[str, int]) -> dict[str, str]:
    """Counts as badges show them: nothing where nothing waits."""
    return {key: f"{COUNT_LIMIT - 1}+" if count >= COUNT_LIMIT else str(count or "") for key, count in counts.items()}


async def _look_round(request: Request, agent: Agent) -> None:
    """For the rail: what the agent has to do and may have, how much waits for a person, and how many deliveries failed,
    up to a hundred; agents are not bothered with those."""
    if "fragment" in request.query_params:
        return
    bundle, shop_ids = Bundle(), request.state.shop_ids
    points = loads_in(bundle, [agent.id], request.app.state.settings.weights)
    waiting = waiting_count_in(bundle, shop_ids)
    failed = failed_count_in(bundle, shop_ids, MOST_FAILED) if agent.role in OVERSEERS else None
    failing = failing_count_in(bundle, shop_ids) if agent.role == ADMIN else None
    saved, pressing = views_in(bundle, agent), pressing_in(bundle, agent, shop_ids)
    approvals = approvals_count_in(bundle, agent, shop_ids, COUNT_LIMIT)
    await bundle.read()
    request.state.pressing = shown_counts({"promises": pressing()})["promises"]
    request.state.saved_views = saved()
    request.state.approvals = shown_counts({"approvals": approvals()})["approvals"]
    request.state.load, request.state.waiting = points()[agent.id], waiting()
    request.state.failing_mailboxes = str(failing() or "") if failing is not None else ""
    if failed is not None:
        count = failed()
        request.state.failed_deliveries = f"{count - 1}+" if count >= MOST_FAILED else str(count or "")


def _work(request: Request, agent: Agent) -> dict[str, Any]:
    """The switch in the head: state, load, and the three choices."""
    language = agent.language
    label, tone = AVAILABILITIES[agent.availability]
    return {
        "state": agent.availability,
        "label": gettext(label, language),
        "tone": tone,
        "load": getattr(request.state, "load", None),
        "capacity": agent.capacity,
        "choices": [(key, gettext(name, language), mark) for key, (name, mark) in AVAILABILITIES.items()],
    }


def _waits(request: Request) -> dict[str, str]:
    """What waits for somebody, by the key of the place, as badges show it."""
    names = {"queue": "waiting", "promises": "pressing", "approvals": "approvals", "deliveries": "failed_deliveries"}
    names["mailboxes"] = "failing_mailboxes"
    return {key: str(getattr(request.state, name, "") or "") for key, name in names.items()}


def _view(key: str, counts: dict[str, str], current: bool, language: str) -> dict[str, Any]:
    label, icon = VIEWS[key]
    return {
        "key": key,
        "label": gettext(label, language),
        "icon": icon,
        "count": counts.get(key, "") if key in ACT else None,
        "url": HOME if key == "open" else f"{HOME}?view={key}",
        "current": current,
    }


def _saved_views(request: Request) -> list[SavedView]:
    return getattr(request.state, "saved_views", None) or []


def _saved(view: SavedView, counts: dict[str, str], current: str) -> dict[str, Any]:
    return {
        "key": view.public_id,
        "label": view.name,
        "icon": "people" if view.shared else "flag",
        "count": counts.get(view.public_id, ""),
        "url": f"{HOME}?view={view.public_id}",
        "current": view.public_id == current,
    }


def _login_path(request: Request) -> str:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return LOGIN if request.method not in ("GET", "HEAD") or here == HOME else f"{LOGIN}?next={quote(here, safe='')}"


# What the scripts say; they read it from the page.
SCRIPT_WORDS = {
    "live": _("Live"),
    "away": _("Reconnecting…"),
    "signed_out": _("You’re signed out. Reload the page to sign in again; what you typed is kept."),
    "signed_out_short": _("Signed out"),
    "draft_kept": _("Draft saved"),
    "typing": _("%(name)s is writing…"),
    "typing_note": _("%(name)s is writing a note…"),
    "customer_typing": _("The customer is writing…"),
    "looking": _("%(names)s is here too"),
    "sending": _("Sending…"),
    "sending_in": _("Sending in %(seconds)s s"),
    "undo": _("Undo"),
    "send_now": _("Send now"),
    "sent": _("sent"),
    "delivered": _("delivered"),
    "read": _("read"),
    "not_sent": _("Not sent. Your text is kept; try again."),
    "take_and_send": _("Take it over and send"),
    "send_anyway": _("Send anyway"),
    "macros_found": _("%(count)s macros. Use the arrow keys to choose and Enter to insert."),
    "macro_use": _("Inserted into the reply"),
    "notify_on": _("You’ll be notified while this page is open."),
    "notify_off": _("The browser doesn’t allow notifications."),
    "shortcuts_off": _("Single-key shortcuts are off."),
    "note": _("Internal note"),
    "bot": _("Bot"),
    "photo": _("Photo %(name)s"),
    "failed": _("That didn’t work. Please try again."),
    "given_to_you": _("A conversation was assigned to you. See your list."),
    "taken_from_you": _("%(name)s has the conversation now."),
    "customer_open": _("has the chat open"),
    "customer_near": _("on a page of the shop"),
    "customer_away": _("has just left"),
    "selected": _("%(count)s selected"),
    "went_elsewhere": _("The customer is writing in another conversation now. Reload the page to answer there."),
    "back_in_queue": _("A conversation went back to the queue."),
}
