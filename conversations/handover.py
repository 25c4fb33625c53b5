"""Who speaks for the shop: the bot, nobody yet (the queue), or one agent. The server keeps it to one."""

from conversations.access import AGENT_SEES_SHOP, may_act, require_access
from conversations.events import HandlerChanged
from conversations.models import AGENT, BOT, QUEUE, Conversation
from conversations.relieving import may_relieve
from core import audit, people
from core.errors import Conflict, NotFound
from core.people import Actor, Agent
from core.sql import fetch
from core.teams import Team
from core.transactions import record, transaction

ANYBODY = -1  # `holder`: whoever has it now

_CLAIM = (
    "UPDATE conversation SET handler = 'agent', agent_id = {agent}, version = version + 1"  # noqa: S608 (two constants)
    " WHERE id = {id} AND handler = 'queue' AND " + AGENT_SEES_SHOP + " RETURNING shop_id"
)


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
            await require_turn(conversation, actor, take_over=await _oversees(actor))
        await _change(conversation, QUEUE, None, reason, actor)


async def take(conversation_id: int, agent: Agent, *, take_over: bool = False, holder: int | None = ANYBODY) -> None:
    """`agent` speaks from now on. Of two at once one wins; the other gets Conflict (handled_by_other) with the name.

    With `take_over` it is taken from a colleague, which is audited; `holder` is the id of the one whom the page showed,
    so that nobody takes it unknowingly from a third. Raises Conflict (not_your_team) and NotFound.
    """
    actor = Actor.of(agent)
    async with transaction():
        conversation = await _locked(conversation_id, actor)
        meant = holder in (ANYBODY, conversation.agent_id)
        await require_turn(conversation, actor, take_over=take_over and meant)
        await _take(conversation, actor, "taken")


async def give_to(conversation_id: int, agent: Agent, actor: Actor, *, reason: str = "transferred") -> None:
    """`agent` speaks from now on, because `actor` gives it to them: whoever has it, a supervisor, or anybody while
    nobody has it. Raises Conflict (handled_by_other) with `name`, NotFound also for an agent of another shop.
    """
    async with transaction():
        conversation = await _locked(conversation_id, actor)
        await require_turn(conversation, actor, take_over=await _oversees(actor))
        if not await may_act(Actor.of(agent), conversation_id):
            raise NotFound("no such agent in this shop")
        await _change(conversation, AGENT, agent.id, reason, actor)


async def hand_to_team(conversation_id: int, team: Team, actor: Actor) -> None:
    """Let the conversation wait for somebody of `team`; rules and errors are those of `give_to`."""
    async with transaction():
        conversation = await _locked(conversation_id, actor)
        await require_turn(conversation, actor, take_over=await _oversees(actor))
        if team.shop_id not in (None, conversation.shop_id) or await Team.exists(id=team.id, retired_at__isnull=False):
            raise NotFound("no such team in this shop")
        if (conversation.handler, conversation.team_id) != (QUEUE, team.id):
            conversation.team_id = team.id
            await conversation.save(update_fields=["team_id"])
            await _change(conversation, QUEUE, None, "team", actor, even_if_same=True)


async def release_from_team(conversation_id: int, actor: Actor) -> bool:
    """The conversation belongs to no team any more, whoever has it. Returns whether it waits, for everybody now."""
    async with transaction():
        conversation = await Conversation.filter(id=conversation_id).select_for_update().get()
        conversation.team_id = None
        await conversation.save(update_fields=["team_id"])
        waits = bool(conversation.handler == QUEUE)
        if waits:
            await _change(conversation, QUEUE, None, "team_retired", actor, even_if_same=True)
    return waits


async def claim_waiting(conversation_id: int, agent_id: int, *, reason: str = "assigned") -> bool:
    """Give a conversation that waits in the queue to an agent who may see it, unless somebody was faster.

    Whether it did; `reason` is assigned, or taken when the agent asked for it. One guarded statement decides, so any
    number of processes and people may try at the same time.
    """
    async with transaction():
        claimed = await fetch(_CLAIM, id=conversation_id, agent=agent_id)
        if not claimed:
            return False
        record(
            HandlerChanged(
                conversation_id=conversation_id,
                shop_id=claimed[0]["shop_id"],
                handler=AGENT,
                agent_id=agent_id,
                reason=reason,
                before=QUEUE,
                before_agent_id=None,
                by_agent_id=agent_id if reason == "taken" else None,
            )
        )
    return True


async def hand_back(conversation_id: int, agent: Agent) -> None:
    """Let the bot speak again. Only whoever has the conversation may, or a supervisor. Raises Conflict, NotFound."""
    async with transaction():
        conversation = await _locked(conversation_id, Actor.of(agent))
        await require_turn(conversation, Actor.of(agent), take_over=agent.role != people.AGENT)
        await _change(conversation, BOT, None, "handed_back", Actor.of(agent))


async def return_to_bot(conversation_id: int, actor: Actor, reason: str) -> None:
    """The work is over: the bot listens again, whoever had the conversation. Raises NotFound."""
    async with transaction():
        await _change(await _locked(conversation_id, actor), BOT, None, reason, actor)


async def require_turn(conversation: Conversation, actor: Actor, *, take_over: bool = False) -> None:
    """Raises Conflict with `name` when another agent has the conversation: handled_by_other, or not_your_team when
    `actor` may not even take it over."""
    if conversation.handler != AGENT or conversation.agent_id == actor.id or actor.kind == "system":
        return
    holder = await Agent.get_or_none(id=conversation.agent_id)
    name = holder.name if holder else ""
    if not take_over:
        raise Conflict("another agent has it", code="handled_by_other", name=name)
    if not await may_relieve(actor, holder):
        raise Conflict("a colleague of another team has it", code="not_your_team", name=name)


async def take_over_for_reply(conversation: Conversation, actor: Actor) -> None:
    """An answer is a takeover. The caller has locked the row and asked `require_turn`."""
    await _take(conversation, actor, "reply")


async def _take(conversation: Conversation, actor: Actor, reason: str) -> None:
    """What is taken from a colleague is remembered, with who had it."""
    if conversation.handler == AGENT and conversation.agent_id not in (None, actor.id):
        reason = "taken_over"
        holder = await Agent.get_or_none(id=conversation.agent_id)
        before = holder.public_id if holder else ""
        await audit.note(actor, "conversation.taken_over", conversation.public_id, before=before)
    await _change(conversation, AGENT, actor.id, reason, actor)


async def _locked(conversation_id: int, actor: Actor) -> Conversation:
    """The row, ours until the commit, so that of two who grab it at once the second sees the first."""
    await require_access(actor, conversation_id)
    return await Conversation.filter(id=conversation_id).select_for_update().get()


async def _oversees(actor: Actor) -> bool:
    """Supervisors and administrators act for the others."""
    return actor.kind == "agent" and await Agent.exists(id=actor.id, role__in=[people.SUPERVISOR, people.ADMIN])


async def _change(
    conversation: Conversation,
    handler: str,
    agent_id: int | None,
    reason: str,
    actor: Actor,
    *,
    even_if_same: bool = False,
) -> None:
    before, before_agent_id = conversation.handler, conversation.agent_id
    if (before, before_agent_id) == (handler, agent_id) and not even_if_same:
        return
    if handler == BOT:
        conversation.team_id = None  # what comes next may be something else
    conversation.handler, conversation.agent_id = handler, agent_id
    conversation.version += 1
    await conversation.save(update_fields=["handler", "agent_id", "team_id", "version"])
    record(
        HandlerChanged(
            conversation_id=conversation.id,
            shop_id=conversation.shop_id,
            handler=handler,
            agent_id=agent_id,
            reason=reason,
            before=before,
            before_agent_id=before_agent_id,
            by_agent_id=actor.id if actor.kind == "agent" else None,
        )
    )
