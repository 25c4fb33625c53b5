"""Inside the transaction of a message: who must act on it now.

Most of it goes for all messages of a transaction at once; what a ticket needs beyond that follows one by one.
"""

from collections.abc import Iterable, Sequence

from conversations.events import HandlerChanged, MessagePosted
from conversations.models import BOT, EMAIL, QUEUE
from core.clock import now
from core.events import Together
from core.jobs import Plan, enqueued
from core.sql import Program
from tickets.assignment import follow_handler
from tickets.promises import agents_replied, settle_first_reply
from tickets.resolution import customers_replied, wake


def _customers_wrote(events: Sequence[MessagePosted]) -> Program[list[MessagePosted]]:
    asked = [event for event in events if event.author_kind == "customer"]
    to_bot = [event for event in asked if event.handler == BOT]
    yield from enqueued([_question(event) for event in to_bot])
    replied = yield from customers_replied({event.conversation_id: event.handler == BOT for event in asked})
    yield from enqueued([_reading(event) for event in asked if event.conversation_id in replied.complaining])
    return _last_of_each(event for event in asked if event.conversation_id in replied.asleep)


def _question(event: MessagePosted) -> Plan:
    lane = f"conversation:{event.conversation_id}"
    return Plan(kind="bot.answer", args={"conversation": event.conversation_id, "number": event.number}, lane=lane)


def _reading(event: MessagePosted) -> Plan:
    """Who has complained and writes again is read for words that cannot wait; not while the sender waits."""
    args = {"conversation": event.conversation_id, "message": event.message_id}
    return Plan(kind="complaint.read", args=args, key=f"complaint.read:{event.message_id}")


async def _wake_tickets(event: MessagePosted) -> None:
    await wake(event.conversation_id, to_bot=event.handler == BOT)


def _agents_wrote(events: Sequence[MessagePosted]) -> Program[list[MessagePosted]]:
    answers = [event for event in events if event.author_kind == "agent"]
    mails = [event.message_id for event in answers if event.channel == EMAIL]
    yield from enqueued([Plan(kind="mail.reply", args={"message": key}, key=f"mail.reply:{key}") for key in mails])
    first = yield from agents_replied({event.conversation_id for event in answers})
    return _last_of_each(event for event in answers if event.conversation_id in first)


async def _first_reply(event: MessagePosted) -> None:
    await settle_first_reply(event.conversation_id, now())


# A customer's words go to the bot while it has the turn; to whoever, they wake the ticket that waits for them.
ask_bot_or_desk = Together(_customers_wrote, otherwise=_wake_tickets)

# An agent's words settle what was promised about a first reply, and leave by mail where the customer came by mail.
answer_customer = Together(_agents_wrote, otherwise=_first_reply)


async def assign_to_speaker(event: HandlerChanged) -> None:
    """Whoever speaks owns the work that nobody owned, and what they were given; what goes to the queue is nobody's."""
    if event.agent_id is not None or event.handler == QUEUE:
        await follow_handler(event.conversation_id, event.agent_id, event.before_agent_id)


def _last_of_each(events: Iterable[MessagePosted]) -> list[MessagePosted]:
    """One event for each conversation."""
    return list({event.conversation_id: event for event in events}.values())
