"""A forward can be taken back for some seconds; then it leaves, or says why it does not, and its words are kept."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.mail.forward_models import UNWRITTEN, HeldForward
from app.mail.leaving.addressing import FORWARD, Addressing
from app.mail.leaving.composing import Mailbox
from app.mail.leaving.forwarding import give_up_forward
from app.mail.leaving.holding import (
    RELEASE,
    forget_forwards,
    forward_now,
    hold_forward,
    release_forward,
    stop_forward,
    take_back_forward,
    written_forward,
)
from conversations.composing_models import HELD, SENT, STOPPED, TAKEN_BACK
from conversations.models import Conversation, Note
from core.clock import FrozenClock, now
from core.errors import Conflict, Invalid, NotFound
from core.jobs import Job
from core.people import Agent, Customer
from tests.mail.conftest import Letter
from tests.mail.test_receiving import arrive
from tests.people import World

pytestmark = pytest.mark.usefixtures("both_databases")
CHOICE = Addressing(mode=FORWARD, to=(Mailbox("Store", "store@warehouse.example"),), numbers=(1,))


async def talk_of(world: World) -> Conversation:
    if not await Conversation.exists():
        await arrive(world.lumen, Letter())
    return await Conversation.get()


async def begun(world: World, *, client_id: str = "f1", seconds: int = 10) -> HeldForward:
    talk = await talk_of(world)
    return await hold_forward(talk.id, world.omar, "On your shelf?", CHOICE, client_id=client_id, seconds=seconds)


async def test_it_waits_and_leaves_once(world: World, clock: FrozenClock) -> None:
    held, again = await begun(world), await begun(world)
    assert (held.id, held.state) == (again.id, HELD)
    job = await Job.get(kind=RELEASE)
    assert job.run_at == now() + timedelta(seconds=10)
    assert not await Note.exists()
    assert not await Job.exists(kind="mail.forward")
    first, second = await release_forward(held.id), await release_forward(held.id)
    assert (first.state, second.state) == (SENT, SENT)
    note = await Note.get()
    assert first.note_id == note.id
    assert "store@warehouse.example" in note.text
    assert await Job.filter(kind="mail.forward").count() == 1
    with pytest.raises(Conflict, match="already"):
        await take_back_forward(world.omar, held.public_id)


async def test_undone_it_never_leaves_and_its_words_are_there(world: World) -> None:
    held = await begun(world)
    with pytest.raises(NotFound):
        await take_back_forward(world.mei, held.public_id)
    back = await take_back_forward(world.omar, held.public_id)
    assert back.state == TAKEN_BACK
    assert (await release_forward(held.id)).state == TAKEN_BACK
    assert not await Note.exists()
    kept = await written_forward(world.omar, held.conversation_id, held.public_id)
    assert kept is not None
    assert kept.text == "On your shelf?"
    assert await written_forward(world.mei, held.conversation_id, held.public_id) is None  # nobody else's words


async def test_who_wants_no_pause_has_none(world: World) -> None:
    held = await begun(world, seconds=0)
    assert held.state == SENT
    assert await Note.filter(id=held.note_id).exists()
    assert not await Job.exists(kind=RELEASE)


async def test_at_once_after_all(world: World) -> None:
    held = await begun(world)
    assert (await forward_now(world.omar, held.public_id)).state == SENT


async def test_what_may_not_leave_any_more_says_why(world: World) -> None:
    held = await begun(world)
    talk = await Conversation.get()
    await Customer.filter(id=talk.customer_id).update(email="store@warehouse.example")
    stopped = await release_forward(held.id)
    assert (stopped.state, stopped.reason) == (STOPPED, "customer_in_forward")
    assert not await Note.exists()
    assert (await take_back_forward(world.omar, held.public_id)).state == TAKEN_BACK


async def test_an_agent_who_has_gone_forwards_nothing(world: World) -> None:
    held = await begun(world)
    await Agent.filter(id=world.omar.id).update(active=False)
    assert (await release_forward(held.id)).state == STOPPED


async def test_what_is_wrong_is_said_before_the_pause(world: World) -> None:
    talk = await talk_of(world)
    with pytest.raises(Invalid) as refused:
        await hold_forward(talk.id, world.omar, " ", replace(CHOICE, numbers=()), client_id="f", seconds=5)
    assert refused.value.code == "nothing_to_forward"
    assert not await HeldForward.exists()


async def test_jobs_that_end_badly(world: World) -> None:
    held = await begun(world)
    await stop_forward(held.id)
    assert (await HeldForward.get()).state == STOPPED
    left = await begun(world, client_id="f2", seconds=0)
    assert left.note_id is not None
    await give_up_forward(left.note_id)
    assert (await HeldForward.get(id=left.id)).state == UNWRITTEN


async def test_only_what_is_needed_is_kept(world: World, clock: FrozenClock) -> None:
    await begun(world, seconds=0)
    back = await begun(world, client_id="f2")
    await take_back_forward(world.omar, back.public_id)
    await stop_forward((await begun(world, client_id="f3")).id)
    await begun(world, client_id="f4")
    clock.advance(timedelta(days=2))
    assert await forget_forwards(timedelta(days=1)) == 2
    assert {row.state for row in await HeldForward.all()} == {STOPPED, HELD}
