"""Undo send: an agent's reply is held for some seconds before it is said, and can be taken back until then.

A held reply is a row with a job: nothing is lost by a restart. What a reply must fulfil is checked when it is sent and
again when it is released, because the customer may write and the order may move in between. Whatever is not said goes
back to the agent's draft in the same change, so the words are always in exactly one place.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tortoise.queryset import QuerySet

from conversations import attachments as files
from conversations.access import require_access
from conversations.composing_models import HELD, REPLY, SENT, STOPPED, TAKEN_BACK, HeldMessage, WrittenDraft
from conversations.drafting import Written, drop_draft, put_back
from conversations.events import ReplyHeld, ReplySettled
from conversations.handover import require_turn, take_over_for_reply
from conversations.models import CHAT, Conversation, Message
from conversations.posting import checked_id, checked_text, post, require_orders_as_seen
from core.bundles import Bundle, Later
from core.clock import now
from core.errors import Conflict, Invalid, NotFound, WismoError
from core.ids import as_id, new_id
from core.jobs import enqueue
from core.people import Actor, Agent
from core.transactions import record, transaction
from orders.sights import Sight, as_data, from_data

HOLD_CHOICES = (0, 5, 10, 20)  # seconds
RELEASE = "reply.release"


async def hold(
    conversation_id: int,
    agent: Agent,
    text: str,
    *,
    client_id: str,
    seconds: int,
    channel: str = CHAT,
    attachments: Sequence[str] = (),
    seen: int = 0,
    take_over: bool = False,
    order_versions: Mapping[str, Sight] | None = None,
    addressing: Mapping[str, Any] | None = None,
) -> HeldMessage | Message:
    """Take a reply that will be said in `seconds`; a resend returns the first, or the message that it has become.

    The agent has the conversation from now on. Replies of one conversation are said in the order in which they were
    sent. Parameters and errors are those of `post`; what had been drafted is no draft any more.
    """
    actor, wanted = Actor.of(agent), files.checked_ids(attachments)
    words, key = checked_text(text, actor, needed=not wanted), checked_id(client_id)
    if order_versions and await _first(conversation_id, actor, key) is None:  # a resend passes
        await require_orders_as_seen(conversation_id, actor, order_versions, seen=seen)
    async with transaction():
        await require_access(actor, conversation_id)
        conversation = await Conversation.filter(id=conversation_id).select_for_update().get()
        if (first := await _first(conversation_id, actor, key)) is not None:
            return first
        await require_turn(conversation, actor, take_over=take_over)
        if conversation.last_customer_number > seen:
            raise Conflict("the customer has written meanwhile", code="stale", last=conversation.last_number)
        await files.require_postable(await files.hold(wanted, actor), wanted, conversation_id)
        await take_over_for_reply(conversation, actor)
        held = await HeldMessage.create(
            public_id=new_id("hld"), conversation_id=conversation_id, agent_id=agent.id, client_id=key, text=words,
            channel=channel, attachments=wanted, seen=seen, orders=as_data(order_versions or {}),
            addressing=dict(addressing) if addressing else None, created_at=now(),
            release_at=await _due(conversation_id, seconds),
        )  # fmt: skip
        await enqueue(RELEASE, {"held": held.id}, run_at=held.release_at, key=f"{RELEASE}:{held.id}")
        await drop_draft(conversation_id, agent, REPLY)
        record(ReplyHeld(conversation_id=conversation_id, agent_id=agent.id, held_id=held.id))
    return held


async def release(held_id: int) -> HeldMessage:
    """Say a held reply, and those that were sent before it; what may not be said now is stopped and goes back.

    Done twice, it changes nothing. Raises NotFound.
    """
    async with transaction():
        held = await HeldMessage.get_or_none(id=held_id)
        if held is None:
            raise NotFound("no such reply")
        await Conversation.filter(id=held.conversation_id).select_for_update().get()
        waiting = HeldMessage.filter(conversation_id=held.conversation_id, state=HELD, id__lte=held.id)
        for one in await waiting.order_by("id").select_for_update():
            await _say(one)
        await held.refresh_from_db()
    return held


async def release_all(conversation_id: int, agent: Agent | None = None) -> None:
    """Say at once what this agent (everybody) holds here, because what follows would come before it. Raises Conflict
    when the guard has stopped one: its code is why."""
    whose = _mine(agent) if agent is not None else HeldMessage.all()
    ids = await whose.filter(conversation_id=conversation_id, state=HELD).order_by("id").values_list("id", flat=True)
    if not ids:
        return
    await release(int(str(ids[-1])))
    stopped = await HeldMessage.filter(id__in=list(ids), state=STOPPED).order_by("-id").first()
    if stopped is not None:
        raise Conflict("a reply was stopped", code=stopped.reason or "conflict", **(stopped.detail or {}))


async def send_now(agent: Agent, public_id: str) -> HeldMessage:
    """Say the agent's reply without waiting; see `release`. Raises NotFound."""
    held = await _mine(agent).get_or_none(public_id=as_id(public_id))
    if held is None:
        raise NotFound("no such reply")
    return await release(held.id)


async def take_back(agent: Agent, public_id: str) -> WrittenDraft:
    """Undo: the words are in the agent's draft again, before what was written since. Exactly one call does it.

    Raises NotFound, Conflict (already_sent with `number`; already_back).
    """
    held = await _mine(agent).get_or_none(public_id=as_id(public_id))
    if held is None:
        raise NotFound("no such reply")
    async with transaction():
        await Conversation.filter(id=held.conversation_id).select_for_update().get()
        held = await HeldMessage.filter(id=held.id).select_for_update().get()
        if held.state == SENT:
            raise Conflict("it is said already", code="already_sent", number=held.number)
        if held.state != HELD:
            raise Conflict("it was taken back already", code="already_back")
        return await _back(held, TAKEN_BACK)


async def stop(held_id: int, reason: str) -> None:
    """Give up on a held reply: the words go back to the agent, with the code of the reason."""
    async with transaction():
        known = await HeldMessage.get(id=held_id)
        await Conversation.filter(id=known.conversation_id).select_for_update().get()
        held = await HeldMessage.filter(id=held_id, state=HELD).select_for_update().first()
        if held is not None:
            held.reason = reason
            await _back(held, STOPPED)


def held_in(bundle: Bundle, conversation_id: int, agent_id: int) -> Later[list[HeldMessage]]:
    """What the agent holds in a conversation, in the order in which it will be said, as part of a bundle."""
    which = "WHERE t.conversation_id = {conversation} AND t.state = 'held' AND t.agent_id = {agent} ORDER BY t.id"
    found = bundle.rows(HeldMessage, which, conversation=conversation_id, agent=agent_id)
    return lambda: found


async def forget_settled(older_than: timedelta) -> int:
    """Delete held replies that were settled so long ago: the messages say what was said. Returns how many."""
    return await HeldMessage.filter(settled_at__lt=now() - older_than).delete()


async def _first(conversation_id: int, actor: Actor, client_id: str) -> HeldMessage | Message | None:
    """What became of these words before. Words that came back are sent again under another id."""
    said = await Message.get_or_none(conversation_id=conversation_id, author_kind=actor.kind, client_id=client_id)
    if said is not None:
        return said
    return await HeldMessage.get_or_none(conversation_id=conversation_id, client_id=client_id, agent_id=actor.id)


async def _due(conversation_id: int, seconds: int) -> datetime:
    """When it will be said: never before what was sent earlier."""
    earlier = HeldMessage.filter(conversation_id=conversation_id, state=HELD).order_by("-release_at")
    last = await earlier.first()
    due = now() + timedelta(seconds=seconds)
    return max(due, last.release_at) if last else due


async def _say(held: HeldMessage) -> None:
    agent = await Agent.get(id=held.agent_id)
    try:
        if not agent.active:
            raise NotFound("the agent has gone")
        message = await post(
            held.conversation_id,
            Actor.of(agent),
            held.text,
            client_id=held.client_id,
            channel=held.channel,
            attachments=held.attachments,
            seen=held.seen,
            order_versions=from_data(held.orders),
            addressing=held.addressing,
        )
    except (Conflict, Invalid, NotFound) as error:
        await _stop(held, error)
        return
    held.state, held.number, held.settled_at = SENT, message.number, now()
    await held.save(update_fields=["state", "number", "settled_at"])
    _tell(held)


async def _stop(held: HeldMessage, error: WismoError) -> None:
    held.reason, held.detail = error.code, error.data
    await _back(held, STOPPED)


async def _back(held: HeldMessage, state: str) -> WrittenDraft:
    held.state, held.settled_at = state, now()
    await held.save(update_fields=["state", "settled_at", "reason", "detail"])
    words = Written(
        text=held.text,
        client_id=held.client_id,
        attachments=held.attachments,
        seen=held.seen,
        orders=held.orders,
        addressing=held.addressing,
    )
    _tell(held)
    return await put_back(held.conversation_id, held.agent_id, words)


def _tell(held: HeldMessage) -> None:
    record(ReplySettled(conversation_id=held.conversation_id, agent_id=held.agent_id, held_id=held.id))


def _mine(agent: Agent) -> QuerySet[HeldMessage]:
    return HeldMessage.filter(agent_id=agent.id)
