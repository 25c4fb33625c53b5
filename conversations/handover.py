"""Who speaks for the shop: the bot, nobody yet (the queue), or one agent. The server keeps it to one."""

from conversations.access import require_access
from conversations.events import HandlerChanged
from conversations.models import AGENT, BOT, QUEUE, Conversation
from core import people
from core.errors import Conflict
from core.people import Actor, Agent
from core.transactions import record, transaction


async def hand_to_queue(conversation_id: int, actor: Actor, reason: str) -> None:
    """Ask for a person. Changes nothing when one is already asked for, or when the customer already has one.

    Raises Conflict (not_your_turn for the bot, handled_by_other for an agent) and NotFound.
    """
    async with transaction():
        conversation = await _locked(conversation_id, actor)
        if conversation.handler == AGENT:
            if actor.kind == "customer":
                return
            if actor.kind == "bot":
                raise Conflict("an agent has it", code="not_your_turn", handler=AGENT)
            await require_turn(conversation, actor)
        await _change(conversation, QUEUE, None, reason)


async def take(conversation_id: int, agent: Agent, *, take_over: bool = False) -> None:
    """`agent` speaks from now on. Of two at once one wins; the other gets Conflict (handled_by_other) with the name."""
    actor = Actor.of(agent)
    async with transaction():
        conversation = await _locked(conversation_id, actor)
        await require_turn(conversation, actor, take_over=take_over)
        await _change(conversation, AGENT, agent.id, "taken")


async def hand_back(conversation_id: int, agent: Agent) -> None:
    """Let the bot speak again. Only whoever has the conversation may, or a supervisor. Raises Conflict, NotFound."""
    async with transaction():
        conversation = await _locked(conversation_id, Actor.of(agent))
        await require_turn(conversation, Actor.of(agent), take_over=agent.role != people.AGENT)
        await _change(conversation, BOT, None, "handed_back")


async def return_to_bot(conversation_id: int, actor: Actor, reason: str) -> None:
    """The work is over: the bot listens again, whoever had the conversation. Raises NotFound."""
    async with transaction():
        await _change(await _locked(conversation_id, actor), BOT, None, reason)


async def require_turn(conversation: Conversation, actor: Actor, *, take_over: bool = False) -> None:
    """Raises Conflict (handled_by_other) with `name` when another agent has the conversation."""
    if conversation.handler != AGENT or conversation.agent_id == actor.id or take_over or actor.kind == "system":
        return
    holder = await Agent.get_or_none(id=conversation.agent_id)
    raise Conflict("another agent has it", code="handled_by_other", name=holder.name if holder else "")


async def take_over_for_reply(conversation: Conversation, actor: Actor) -> None:
    """An answer is a takeover. The caller has locked the row and asked `require_turn`."""
    await _change(conversation, AGENT, actor.id, "reply")


async def _locked(conversation_id: int, actor: Actor) -> Conversation:
    """The row, ours until the commit, so that of two who grab it at once the second sees the first."""
    await require_access(actor, conversation_id)
    return await Conversation.filter(id=conversation_id).select_for_update().get()


async def _change(conversation: Conversation, handler: str, agent_id: int | None, reason: str) -> None:
    if (conversation.handler, conversation.agent_id) == (handler, agent_id):
        return
    conversation.handler, conversation.agent_id = handler, agent_id
    conversation.version += 1
    await conversation.save(update_fields=["handler", "agent_id", "version"])
    record(
        HandlerChanged(
            conversation_id=conversation.id,
            shop_id=conversation.shop_id,
            handler=handler,
            agent_id=agent_id,
            reason=reason,
        )
    )
