"""Conversations are reached through the person: what is not there and what is not theirs look alike."""

from conversations.models import Conversation
from core.errors import NotFound
from core.ids import as_id
from core.people import Actor, Agent, shop_ids_of
from core.sql import fetch

# For statements about the table `conversation`: may the active agent {agent} see its shop?
AGENT_SEES_SHOP = (
    "EXISTS (SELECT 1 FROM agent AS a WHERE a.id = {agent} AND a.active AND (a.role = 'admin' OR EXISTS"
    " (SELECT 1 FROM shop_member AS m WHERE m.agent_id = a.id AND m.shop_id = conversation.shop_id)))"
)
_OF_AGENT = "SELECT id FROM conversation WHERE id = {id} AND " + AGENT_SEES_SHOP  # noqa: S608 (two constants)


async def conversation_of(customer_id: int, public_id: str) -> Conversation:
    """The customer's own conversation. Raises NotFound."""
    conversation = await Conversation.get_or_none(public_id=as_id(public_id), customer_id=customer_id)
    if conversation is None:
        raise NotFound("no such conversation")
    return conversation


async def conversation_for(agent: Agent, public_id: str) -> Conversation:
    """A conversation of one of the agent's shops, with customer, agent, order and shop fetched. Raises NotFound."""
    conversation = (
        await Conversation.filter(public_id=as_id(public_id), shop_id__in=await shop_ids_of(agent))
        .select_related("customer", "agent", "order", "shop")
        .first()
    )
    if conversation is None or not agent.active:
        raise NotFound("no such conversation")
    return conversation


async def may_act(actor: Actor, conversation_id: int) -> bool:
    """Is it the customer's own conversation, or one of a shop of the agent? Bot and system may always."""
    if actor.kind == "customer":
        return await Conversation.exists(id=conversation_id, customer_id=actor.id)
    if actor.kind == "agent":
        return bool(await fetch(_OF_AGENT, id=conversation_id, agent=actor.id))
    return await Conversation.exists(id=conversation_id)


async def require_access(actor: Actor, conversation_id: int) -> None:
    """Raises NotFound when `actor` has no business in the conversation."""
    if not await may_act(actor, conversation_id):
        raise NotFound("no such conversation")
