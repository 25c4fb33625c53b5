"""Rules at work: asked when something happened or time has passed, each firing once, explained, and without loops.

What a rule does is an event like any other. So that rules cannot chase each other round a ticket, events remember by
which rules they were caused: no rule fires for what it caused itself, and after three rules in a row nobody is asked.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import structlog
from tortoise.queryset import QuerySet

from conversations.holding import release_all
from conversations.noting import add_note
from core.clock import now
from core.errors import WismoError
from core.ids import as_id, new_id
from core.jobs import enqueue
from core.people import SYSTEM, Agent
from core.sql import carry_out
from core.transactions import record, transaction
from tickets.access import locked_ticket
from tickets.assignment import assign
from tickets.events import TicketChanged
from tickets.models import Ticket, TicketLink
from tickets.prioritising import set_priority
from tickets.resolution import await_customer, reopen, resolve
from tickets.rules.conditions import explain
from tickets.rules.facts import Trigger, facts_of
from tickets.rules.listening import forget_listeners, listened_to
from tickets.rules.models import Rule, RuleFiring
from tickets.statuses import UNFINISHED, Status
from tickets.tagging import add_tag, remove_tag
from tickets.timeline import enter

RUN, REPLY = "rules.run", "rules.reply"
MOST_CHAINED = 3  # rules that follow from one another
MOST_ERRORS = 5  # in a row, then a rule is switched off
MOST_TICKETS = 200  # of one occasion
STEPS = {Status.PENDING: await_customer, Status.RESOLVED: resolve, Status.OPEN: reopen}

log = structlog.get_logger(__name__)
_causes: ContextVar[tuple[int, ...]] = ContextVar("rules that caused what happens now", default=())


async def ask_rules(shop_id: int, trigger: Trigger, occasion: str, **about: int) -> None:
    """Something happened: let the shop's rules be asked by a job, once per `occasion` (a name that stays the same when
    the same thing is told again). `about` is a ticket, a conversation or an order (database id)."""
    causes = _causes.get()
    if len(causes) >= MOST_CHAINED or not await carry_out(listened_to([shop_id], trigger)):
        return
    args = {"trigger": trigger.value, "shop": shop_id, "occasion": occasion, "causes": list(causes), **about}
    await enqueue(RUN, args, key=f"{RUN}:{trigger.value}:{occasion}", lane=f"rules:{shop_id}")


async def run_rules(args: Mapping[str, Any]) -> int:
    """Ask the rules about every ticket that an occasion is about. Returns how often one fired; again, none does."""
    tickets = await (await _about(args)).limit(MOST_TICKETS)
    rules = await Rule.filter(shop_id=args["shop"], trigger=args["trigger"], enabled=True).order_by("position", "id")
    fired = 0
    for rule in rules:
        if rule.id in args["causes"]:
            continue
        for ticket in tickets:
            fired += await fire(rule, ticket.id, str(args["occasion"]), tuple(args["causes"]))
    return fired


async def fire(rule: Rule, ticket_id: int, occasion: str, causes: tuple[int, ...] = ()) -> bool:
    """Let one rule act on one ticket if its conditions hold and it has not done so for this occasion (or at all, if it
    acts once); all of it or nothing."""
    mark = "once" if rule.once else occasion[:120]
    if await RuleFiring.exists(rule_id=rule.id, ticket_id=ticket_id, mark=mark):
        return False
    token = _causes.set((*causes, rule.id))
    try:
        async with transaction():
            ticket, _ = await locked_ticket(ticket_id, SYSTEM)
            why = explain(rule.conditions, (await facts_of([ticket]))[ticket.id])
            if not why.holds or await RuleFiring.exists(rule_id=rule.id, ticket_id=ticket.id, mark=mark):
                return False
            done = [await _act(ticket, act) for act in rule.actions]
            what: dict[str, Any] = {"mark": mark, "version": rule.version, "explanation": why.data, "actions": done}
            firing = await RuleFiring.create(rule_id=rule.id, ticket_id=ticket.id, at=now(), **what)
            await enter(ticket, SYSTEM, "rule_fired", rule=rule.public_id, name=rule.name, firing=firing.id)
            record(_changed(ticket))
            for macro in (act["value"] for act in done if act["do"] == "reply"):
                await enqueue(REPLY, {"firing": firing.id, "macro": macro}, key=f"{REPLY}:{firing.id}:{macro}")
    except (WismoError, ValueError, LookupError, TypeError, AttributeError) as error:  # the rule's own fault
        log.exception("rule_failed", rule=rule.public_id, ticket=ticket_id)
        await _note_failure(rule, error)
        return False
    finally:
        _causes.reset(token)
    if rule.errors:
        await Rule.filter(id=rule.id).update(errors=0)
    return True


async def _about(args: Mapping[str, Any]) -> QuerySet[Ticket]:
    """The tickets that an occasion is about; those that are over are nobody's business."""
    tickets = Ticket.filter(shop_id=args["shop"], merged_into_id=None)
    if "ticket" in args:
        return tickets.filter(id=args["ticket"])
    active = tickets.filter(status__in=list(UNFINISHED)).order_by("id")
    if "conversation" in args:
        return active.filter(conversation_id=args["conversation"])
    linked = TicketLink.filter(order_id=args["order"], confirmed=True).order_by("-id").limit(MOST_TICKETS)
    return active.filter(id__in=list(await linked.values_list("ticket_id", flat=True)))


async def _act(ticket: Ticket, act: Mapping[str, str]) -> dict[str, str]:
    """Do one thing by its ordinary verb; what is refused is written down, and the rest goes on."""
    value, refused = act["value"], ""
    try:
        match act["do"]:
            case "priority":
                await set_priority(ticket.id, value, SYSTEM)
            case "status":
                if value == Status.RESOLVED:
                    await release_all(ticket.conversation_id)  # what was sent before is said before
                await STEPS[Status(value)](ticket.id, SYSTEM)
            case "tag":
                await add_tag(ticket.id, value, SYSTEM)
            case "untag":
                await remove_tag(ticket.id, value, SYSTEM)
            case "assign":
                agent = None if value == "nobody" else await Agent.get_or_none(public_id=as_id(value))
                await assign(ticket.id, agent, SYSTEM)
            case "note":
                await add_note(ticket.conversation_id, None, value, new_id("rule"))
    except WismoError as error:
        refused = error.code
    return {"do": act["do"], "value": value, "refused": refused}


def _changed(ticket: Ticket) -> TicketChanged:
    """Pages show the new entry."""
    return TicketChanged(
        ticket_id=ticket.id, shop_id=ticket.shop_id, conversation_id=ticket.conversation_id, what="rule"
    )


async def _note_failure(rule: Rule, error: Exception) -> None:
    """Several failures in a row switch a rule off: whatever is wrong with it, the desk goes on without it."""
    rule.errors += 1
    off = rule.errors >= MOST_ERRORS
    await Rule.filter(id=rule.id).update(errors=rule.errors, enabled=not off and rule.enabled)
    if off:
        forget_listeners()
        log.error("rule_switched_off", rule=rule.public_id, error=type(error).__name__)
