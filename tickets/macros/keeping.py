"""Macros: answers with blanks that the desk, or one agent, keeps ready. Shared ones are written by supervisors."""

import re
from collections.abc import Mapping
from typing import Any

from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet

from conversations.blanks import checked
from conversations.holding import release_all
from conversations.models import Conversation
from core import audit
from core.clock import now
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.ids import as_id, new_id
from core.people import ADMIN, SUPERVISOR, Actor, Agent, shop_ids_of
from core.shops import Shop
from core.text import clean
from core.transactions import record, transaction
from tickets.assignment import assign
from tickets.events import TicketChanged
from tickets.macros.models import Macro, MacroUse
from tickets.models import PRIORITIES, Ticket
from tickets.prioritising import set_priority
from tickets.resolution import await_customer, resolve
from tickets.statuses import UNFINISHED
from tickets.tagging import add_tag, tag_name
from tickets.timeline import enter

LANGUAGES = ("en", "zh")
NAME_LIMIT, MOST = 80, 300  # characters; macros that a menu holds
STATUSES = {"pending": await_customer, "resolved": resolve}
_SHORTCUT = re.compile(r"[\w-]{1,30}")


async def save_macro(
    agent: Agent,
    shop: Shop,
    public_id: str = "",
    *,
    name: str,
    words: Mapping[str, str],
    shortcut: str = "",
    actions: Mapping[str, str] | None = None,
    shared: bool = False,
) -> Macro:
    """Write a new macro, or change the one of this public id. Shared ones, and making one shared, are for supervisors.

    Raises Invalid (bad_name, no_words, text_too_long, unknown_blank, bad_shortcut, bad_action), Conflict
    (shortcut_taken), Forbidden (not_your_macro), NotFound. Shared changes are audited.
    """
    short = _shortcut(shortcut)
    values: dict[str, Any] = {
        "name": _name(name),
        "words": _words(words),
        "shortcut": short,
        "actions": _actions(actions or {}),
    }
    async with transaction():
        macro = await _mine(agent, shop, public_id) if public_id else None
        if shared and agent.role not in (SUPERVISOR, ADMIN):
            raise Forbidden("shared macros are for supervisors", code="not_your_macro")
        await Shop.filter(id=shop.id).select_for_update().get()  # two who want the same shortcut take turns
        await _require_free(agent, shop, short, shared, macro)
        values |= {"owner_id": None if shared else agent.id, "updated_at": now()}
        if macro is None:
            macro = await Macro.create(public_id=new_id("mac"), shop_id=shop.id, created_at=now(), **values)
        else:
            was_shared = macro.owner_id is None
            await macro.update_from_dict(values).save()
            shared = shared or was_shared
        if shared:
            await audit.note(Actor.of(agent), "macro.saved", macro.public_id, shop=shop.public_id)
    return macro


async def retire_macro(agent: Agent, shop: Shop, public_id: str) -> None:
    """Take a macro out of use; what it was used for stays. Raises NotFound, Forbidden (not_your_macro)."""
    async with transaction():
        macro = await _mine(agent, shop, public_id)
        macro.retired_at = now()
        await macro.save(update_fields=["retired_at"])
        if macro.owner_id is None:
            await audit.note(Actor.of(agent), "macro.retired", macro.public_id, shop=shop.public_id)


async def macros_for(agent: Agent, shop_id: int) -> list[Macro]:
    """What the agent may use in this shop: the desk's and their own, the most used first; 300 at most."""
    return await _usable(agent, shop_id).order_by("-uses", "name", "id").limit(MOST)


async def macro_for(agent: Agent, shop_id: int, public_id: str) -> Macro:
    """One of them. Raises NotFound, also for a colleague's own."""
    macro = await _usable(agent, shop_id).filter(public_id=as_id(public_id)).first()
    if macro is None or shop_id not in await shop_ids_of(agent):
        raise NotFound("no such macro")
    return macro


async def remember_use(
    conversation: Conversation, ticket: Ticket | None, agent: Agent, public_id: str, client_id: str
) -> None:
    """The answer of this client id has the words of a macro (public id): what it does besides is done when the answer
    is said. A macro that has been taken away meanwhile is nothing more than its words."""
    macro = await _usable(agent, conversation.shop_id).filter(public_id=as_id(public_id)).first()
    if macro is None:
        return
    await MacroUse.update_or_create(
        conversation_id=conversation.id,
        client_id=client_id,
        defaults={"agent_id": agent.id, "macro_id": macro.id, "ticket_id": ticket.id if ticket else None},
    )


async def settle_use(conversation_id: int, client_id: str) -> list[str]:
    """The answer was said: count the macro, write it into the timeline of the work it belongs to, and do what it does
    besides, once. Returns which of that was refused, by name: the answer is out all the same."""
    async with transaction():
        waiting = MacroUse.filter(conversation_id=conversation_id, client_id=client_id, done_at__isnull=True)
        use = await waiting.select_for_update().first()
        if use is None:
            return []
        use.done_at = now()
        await use.save(update_fields=["done_at"])
        macro, agent = await Macro.get(id=use.macro_id), await Agent.get(id=use.agent_id)
        await Macro.filter(id=macro.id).update(uses=F("uses") + 1)
        ticket = await _work_of(use)
        if ticket is None:
            return []
        await enter(ticket, Actor.of(agent), "macro_used", macro=macro.public_id, name=macro.name)
        record(
            TicketChanged(ticket_id=ticket.id, shop_id=ticket.shop_id, conversation_id=conversation_id, what="macro")
        )
    return [action for action, value in macro.actions.items() if not await _done(ticket, action, value, agent)]


def _usable(agent: Agent, shop_id: int) -> QuerySet[Macro]:
    """The desk's macros and the agent's own."""
    mine = Macro.filter(shop_id=shop_id, retired_at__isnull=True)
    return mine.filter(Q(owner_id=None) | Q(owner_id=agent.id))


async def _work_of(use: MacroUse) -> Ticket | None:
    """The ticket that the answer was written for, or the one in which it goes on; else the newest of its talk."""
    if use.ticket_id is not None:
        ticket = await Ticket.get(id=use.ticket_id)
        return await Ticket.get(id=ticket.merged_into_id) if ticket.merged_into_id else ticket
    working = Ticket.filter(conversation_id=use.conversation_id, status__in=UNFINISHED, merged_into_id=None)
    return await working.order_by("-updated_at", "-id").first()


async def _done(ticket: Ticket, action: str, value: str, agent: Agent) -> bool:
    try:
        await _do(ticket, action, value, agent, Actor.of(agent))
    except (Conflict, Forbidden, Invalid):
        return False
    return True


async def _do(ticket: Ticket, action: str, value: str, agent: Agent, actor: Actor) -> None:
    match action:
        case "priority":
            await set_priority(ticket.id, value, actor)
        case "tag":
            await add_tag(ticket.id, value, actor)
        case "assign":
            await assign(ticket.id, agent, actor)
        case "status":
            if value == "resolved":
                await release_all(ticket.conversation_id)  # what was sent since is said before the end
            await STATUSES[value](ticket.id, actor)


async def _mine(agent: Agent, shop: Shop, public_id: str) -> Macro:
    """The macro, ours until the commit. A colleague's own is not there; the desk's are the supervisors'."""
    macro = await Macro.filter(public_id=as_id(public_id), shop_id=shop.id, retired_at__isnull=True).first()
    if macro is None or shop.id not in await shop_ids_of(agent) or macro.owner_id not in (None, agent.id):
        raise NotFound("no such macro")
    if macro.owner_id is None and agent.role not in (SUPERVISOR, ADMIN):
        raise Forbidden("shared macros are for supervisors", code="not_your_macro")
    return macro


async def _require_free(agent: Agent, shop: Shop, shortcut: str, shared: bool, macro: Macro | None) -> None:
    """A shortcut is one of all that the desk shares, and one of the agent's own."""
    if not shortcut:
        return
    same = Macro.filter(shop_id=shop.id, retired_at__isnull=True, shortcut=shortcut)
    same = same.filter(owner_id=None if shared else agent.id)
    if await (same.exclude(id=macro.id) if macro else same).exists():
        raise Conflict("another macro has this shortcut", code="shortcut_taken", shortcut=shortcut)


def _name(name: str) -> str:
    shown = " ".join(clean(name, limit=NAME_LIMIT + 1).split())
    if not 0 < len(shown) <= NAME_LIMIT:
        raise Invalid("a macro has a name of 1 to 80 characters", code="bad_macro_name", limit=NAME_LIMIT)
    return shown


def _words(words: Mapping[str, str]) -> dict[str, str]:
    kept = {language: checked(words.get(language, "").strip()) for language in LANGUAGES}
    if not any(kept.values()):
        raise Invalid("a macro says something", code="no_words")
    return {language: text for language, text in kept.items() if text}


def _shortcut(shortcut: str) -> str:
    short = shortcut.strip().lstrip("/").casefold()
    if short and not _SHORTCUT.fullmatch(short):
        raise Invalid("letters, digits, - and _, thirty at most", code="bad_shortcut")
    return short


def _actions(actions: Mapping[str, str]) -> dict[str, str]:
    """In the order in which they are done: a ticket is resolved last."""
    kept = {action: value for action in ("assign", "priority", "tag", "status") if (value := actions.get(action, ""))}
    fine = (
        set(actions) <= {"assign", "priority", "tag", "status"}
        and kept.get("assign", "me") == "me"
        and kept.get("priority", "low") in PRIORITIES
        and kept.get("status", "pending") in STATUSES
    )
    if not fine:
        raise Invalid("a macro cannot do that", code="bad_action")
    return kept | ({"tag": tag_name(kept["tag"])} if "tag" in kept else {})
