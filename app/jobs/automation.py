"""Rules at work: asked about what happened, once a minute about time that has passed, and their answers sent."""

from typing import Any

from app.jobs.context import JobContext
from app.jobs.housekeeping import plan_next
from app.macro_values import Bound, values_for
from conversations.blanks import fill
from conversations.models import CHAT, Conversation
from conversations.posting import post
from core.clock import now
from core.people import SYSTEM
from tickets.macros.models import Macro
from tickets.models import Ticket
from tickets.rules.firing import run_rules
from tickets.rules.models import RuleFiring
from tickets.rules.timing import run_timed_rules
from tickets.timeline import enter


async def ask_about_occasion(args: dict[str, Any], context: JobContext) -> None:
    """Ask the shop's rules about what happened."""
    await run_rules(args)


async def ask_about_time(args: dict[str, Any], context: JobContext) -> None:
    """Ask the rules that wait for time to pass."""
    await plan_next("rules.tick", now())
    await run_timed_rules()


async def answer_by_rule(args: dict[str, Any], context: JobContext) -> None:
    """Say the words of `macro` in the chat of the firing's ticket, once. A blank without a value keeps them back, and
    the ticket says so."""
    firing = await RuleFiring.get(id=args["firing"]).select_related("rule")
    ticket = await Ticket.get(id=firing.ticket_id)
    talk = await Conversation.get(id=ticket.conversation_id).select_related("customer", "order", "shop")
    macro = await Macro.get(public_id=args["macro"])
    words = str(macro.words.get(talk.language) or next(iter(macro.words.values())))
    values = await values_for(words, None, talk.shop, talk, ticket, Bound())
    filled = fill(words, values.known)
    if filled.missing or talk.channel != CHAT:
        why = ", ".join(filled.missing) or talk.channel
        await enter(ticket, SYSTEM, "rule_unanswered", name=firing.rule.name, why=why)
        return
    await post(talk.id, SYSTEM, filled.text, client_id=f"rule:{firing.id}", order_id=talk.order_id)
