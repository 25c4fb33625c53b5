"""Undo for forwards: what is forwarded waits as long as an agent's replies do, and can be taken back until then.

A waiting forward is a row with a job, so a restart loses nothing. What it must fulfil is checked when it is sent and
again when it leaves. Whatever does not leave keeps its words, and the page for forwarding begins with them.
"""

from datetime import timedelta

from app.mail.forward_models import UNWRITTEN, HeldForward
from app.mail.leaving.addressing import Addressing, from_data
from app.mail.leaving.forwarding import check_forward, forward
from conversations.composing_models import HELD, SENT, STOPPED, TAKEN_BACK
from conversations.models import Conversation
from conversations.posting import checked_id
from core.bundles import Bundle, Later
from core.clock import now
from core.errors import Conflict, Invalid, NotFound, WismoError
from core.ids import as_id, new_id
from core.jobs import enqueue
from core.people import Agent
from core.transactions import transaction

RELEASE = "mail.forward.release"
MOST = 50  # of a conversation that are shown


async def hold_forward(
    conversation_id: int, agent: Agent, text: str, addressing: Addressing, *, client_id: str, seconds: int
) -> HeldForward:
    """Take a forward that leaves in `seconds`; at once for 0. A resend returns the first. Raises as `forward` does."""
    key = checked_id(client_id)
    async with transaction():
        words, wanted, _messages = await check_forward(conversation_id, agent, text, addressing)
        await Conversation.filter(id=conversation_id).select_for_update().get()
        first = await HeldForward.get_or_none(conversation_id=conversation_id, client_id=key, agent_id=agent.id)
        if first is not None:
            return first
        moment = now()
        held = await HeldForward.create(
            public_id=new_id("hfw"),
            conversation_id=conversation_id,
            agent_id=agent.id,
            client_id=key,
            text=words,
            addressing=wanted.as_data(),
            created_at=moment,
            release_at=moment + timedelta(seconds=seconds),
        )
        if seconds:
            await enqueue(RELEASE, {"held": held.id}, run_at=held.release_at, key=f"{RELEASE}:{held.id}")
            return held
    return await release_forward(held.id)


async def release_forward(held_id: int) -> HeldForward:
    """Note it and let it leave; what may not leave now is stopped and says why. Done twice, it changes nothing.

    Raises NotFound.
    """
    async with transaction():
        held = await HeldForward.filter(id=held_id).select_for_update().first()
        if held is None:
            raise NotFound("no such forward")
        if held.state == HELD:
            await _leave(held)
    return held


async def forward_now(agent: Agent, public_id: str) -> HeldForward:
    """Let the agent's forward leave without waiting; see `release_forward`. Raises NotFound."""
    return await release_forward((await _mine(agent, public_id)).id)


async def take_back_forward(agent: Agent, public_id: str) -> HeldForward:
    """Undo: nothing leaves, and the words wait in the form. Raises NotFound, Conflict (already_sent)."""
    known = await _mine(agent, public_id)
    async with transaction():
        held = await HeldForward.filter(id=known.id).select_for_update().get()
        if held.state not in (HELD, STOPPED, TAKEN_BACK):
            raise Conflict("it has left already", code="already_sent")
        held.state, held.settled_at = TAKEN_BACK, now()
        await held.save(update_fields=["state", "settled_at"])
    return held


async def stop_forward(held_id: int) -> None:
    """It could not leave: it says so, and keeps its words."""
    async with transaction():
        held = await HeldForward.filter(id=held_id, state=HELD).select_for_update().first()
        if held is not None:
            await _stop(held, Conflict(code="failed"))


async def written_forward(agent: Agent, conversation_id: int, public_id: str) -> HeldForward | None:
    """The words to begin with again: the agent's own, or what stands in a note already."""
    found = await HeldForward.get_or_none(public_id=as_id(public_id), conversation_id=conversation_id)
    return found if found is not None and (found.agent_id == agent.id or found.note_id is not None) else None


def forwards_in(bundle: Bundle, conversation_id: int, agent_id: int) -> Later[list[HeldForward]]:
    """The newest forwards of a conversation that have left, and the agent's own that have not, as part of a bundle."""
    which = (
        "WHERE t.conversation_id = {conversation} AND (t.state IN ('sent', 'unwritten')"
        " OR t.agent_id = {agent} AND t.state IN ('held', 'stopped')) ORDER BY t.id DESC LIMIT {most}"
    )
    found = bundle.rows(HeldForward, which, conversation=conversation_id, agent=agent_id, most=MOST)
    return lambda: found[::-1]


async def forget_forwards(older_than: timedelta) -> int:
    """Delete what was settled so long ago: notes and letters say what left. Returns how many."""
    old = HeldForward.filter(settled_at__lt=now() - older_than)
    return await old.exclude(state__in=(STOPPED, UNWRITTEN)).delete()


async def _leave(held: HeldForward) -> None:
    agent = await Agent.get(id=held.agent_id)
    try:
        if not agent.active:
            raise NotFound("the agent has gone")
        wanted = from_data(held.addressing)
        note = await forward(held.conversation_id, agent, held.text, wanted, client_id=held.client_id)
    except (Conflict, Invalid, NotFound) as error:
        await _stop(held, error)
        return
    held.state, held.note_id, held.settled_at = SENT, note.id, now()
    await held.save(update_fields=["state", "note_id", "settled_at"])


async def _stop(held: HeldForward, error: WismoError) -> None:
    held.state, held.reason, held.detail, held.settled_at = STOPPED, error.code, error.data, now()
    await held.save(update_fields=["state", "reason", "detail", "settled_at"])


async def _mine(agent: Agent, public_id: str) -> HeldForward:
    held = await HeldForward.get_or_none(public_id=as_id(public_id), agent_id=agent.id)
    if held is None:
        raise NotFound("no such forward")
    return held
