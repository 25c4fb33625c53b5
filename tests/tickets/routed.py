"""A desk that gives out work: people who are there, customers who wait, and the queue drained as the job does."""

from datetime import timedelta
from itertools import count
from typing import Any

from conversations.handover import hand_to_queue
from conversations.models import Conversation
from conversations.posting import post
from core.clock import now
from core.jobs import DONE, READY, Job
from core.people import BOT, Actor, Agent
from core.shops import AUTOMATIC, Shop
from tests.people import World, chat, make_customer
from tickets.capacity import Weights
from tickets.draining import DRAIN, drain
from tickets.opening import open_ticket

_numbers = count(1)


async def automatic(shop: Shop) -> None:
    await Shop.filter(id=shop.id).update(assignment=AUTOMATIC)


async def at_the_desk(*agents: Agent, **values: Any) -> None:
    """They have the console open now; `values` are columns of Agent."""
    for agent in agents:
        await Agent.filter(id=agent.id).update(seen_at=now(), **values)


async def waits(world: World, kind: str = "question", *, due: int | None = None, **values: Any) -> Conversation:
    """A new customer asks in the chat and waits for a person; `due`: minutes until the promised reply."""
    customer = await make_customer(world.lumen, f"Customer {next(_numbers)}", f"c{next(_numbers)}@example.com")
    talk = await chat(world.lumen, customer)
    if values:
        await Conversation.filter(id=talk.id).update(**values)
    await post(talk.id, Actor.of(customer), "A person, please", client_id=f"ask-{talk.id}")
    ticket = await open_ticket(talk.id, kind, BOT, subject="Asked for a person")
    if due is not None:
        ticket.first_reply_due_at = now() + timedelta(minutes=due)
        await ticket.save(update_fields=["first_reply_due_at"])
    await hand_to_queue(talk.id, BOT, "asked")
    return talk


async def drained() -> int:
    """Run the job if one is planned, as the worker does. Returns how many conversations found somebody."""
    planned = await Job.filter(kind=DRAIN, state=READY).update(state=DONE)
    return await drain(Weights()) if planned else 0


async def holder(talk: Conversation) -> tuple[str, int | None]:
    found = await Conversation.get(id=talk.id)
    return found.handler, found.agent_id
