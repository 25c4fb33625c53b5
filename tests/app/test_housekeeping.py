"""What happens by itself as time goes by: tickets close, promises break, traces go; each run plans the next, once."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.auth.models import Session
from app.auth.sessions import start_session
from app.gateways.mail import RecordingMailer
from app.jobs import HANDLERS
from app.jobs.context import JobContext
from app.jobs.housekeeping import EVERY, close_tickets, keep_house, plan_next, schedule
from app.jobs.promises import judge_promise
from app.rulebook_shelf import Shelf
from app.settings import Settings
from bots.rulebook import own_rulebook
from conversations.handover import take
from conversations.models import Conversation
from conversations.posting import post
from core import jobs
from core.clock import FrozenClock, now
from core.jobs import DONE, READY, Job, enqueue
from core.people import BOT, Actor
from core.promises import Promise
from tests.people import World, chat, make_world
from tickets.models import Ticket
from tickets.opening import open_ticket
from tickets.promises import first_reply_given
from tickets.queries import timeline
from tickets.resolution import customer_replied, resolve

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


@pytest.fixture
async def world(database: object, clock: FrozenClock) -> World:
    return await make_world()


@pytest.fixture
def context(tmp_path: Path) -> JobContext:
    return JobContext(Settings(data_dir=tmp_path), RecordingMailer(), Shelf(own_rulebook()))


async def a_ticket(world: World) -> Ticket:
    talk = await chat(world.lumen, world.ines)
    return await open_ticket(talk.id, "question", BOT, subject="Where is my lamp?")


async def resolved(world: World) -> Ticket:
    ticket = await a_ticket(world)
    await take(ticket.conversation_id, world.omar)
    return await resolve(ticket.id, Actor.of(world.omar))


async def statuses() -> list[str]:
    return [str(ticket.status) for ticket in await Ticket.all().order_by("id")]


async def test_what_was_resolved_closes_after_three_quiet_days(
    world: World, clock: FrozenClock, context: JobContext
) -> None:
    first = await resolved(world)
    clock.advance(2 * DAY)
    await resolved(world)
    await a_ticket(world)
    await close_tickets({}, context)
    assert await statuses() == ["resolved", "resolved", "open"]
    clock.advance(DAY + timedelta(seconds=1))
    await close_tickets({}, context)
    assert await statuses() == ["closed", "resolved", "open"]
    last = (await timeline(first))[-1]
    assert (last.action, last.actor_kind) == ("closed", "system")
    assert (await Ticket.get(id=first.id)).closed_at == now()
    assert (await Conversation.get(id=first.conversation_id)).handler == "bot", "which listens again"


async def test_a_customer_who_comes_back_starts_the_three_days_anew(
    world: World, clock: FrozenClock, context: JobContext
) -> None:
    ticket = await resolved(world)
    clock.advance(2 * DAY)
    await customer_replied(ticket.conversation_id)
    clock.advance(2 * DAY)
    await close_tickets({}, context)
    assert await statuses() == ["open"]
    await resolve(ticket.id, Actor.of(world.omar))
    clock.advance(2 * DAY)
    await close_tickets({}, context)
    assert await statuses() == ["resolved"]


async def test_many_are_closed_in_one_run(
    world: World, clock: FrozenClock, context: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.housekeeping.CLOSED_AT_ONCE", 2)
    for _ in range(5):
        await resolved(world)
    clock.advance(4 * DAY)
    await close_tickets({}, context)
    assert await statuses() == ["closed"] * 5


async def test_a_promise_breaks_when_its_time_has_passed(world: World, clock: FrozenClock, context: JobContext) -> None:
    kept, late, waiting = await a_ticket(world), await a_ticket(world), await a_ticket(world)
    due = late.first_reply_due_at
    assert due is not None
    clock.advance(due - now())
    await judge_promise({}, context)
    await take(kept.conversation_id, world.omar)
    await post(kept.conversation_id, Actor.of(world.omar), "It is on its way.", client_id="client-id-1")
    await first_reply_given(kept.conversation_id)
    clock.advance(timedelta(seconds=1))
    await judge_promise({}, context)
    await first_reply_given(late.conversation_id)  # too late is too late
    states = {promise.subject: promise.state for promise in await Promise.all()}
    assert [states[ticket.public_id] for ticket in (kept, late, waiting)] == ["kept", "broken", "broken"]
    assert (await Promise.get(subject=waiting.public_id)).settled_at == now()


async def test_traces_go_when_nobody_needs_them(world: World, clock: FrozenClock, context: JobContext) -> None:
    await start_session(world.omar)
    for kind in ("done.long.ago", "done.now", "planned"):
        await enqueue(kind)
    await Job.filter(kind="done.long.ago").update(state=DONE, finished_at=now())
    clock.advance(8 * DAY)
    await start_session(world.mei)
    await Job.filter(kind="done.now").update(state=DONE, finished_at=now())
    await keep_house({}, context)
    assert {job.kind for job in await Job.all()} == {"done.now", "planned", "housekeeping.daily"}
    assert [session.agent_id for session in await Session.all()] == [world.mei.id]


async def test_each_period_has_one_run_however_many_processes_ask(world: World, clock: FrozenClock) -> None:
    for _ in range(3):
        await schedule(demo=True)
        await plan_next("promise.judge", now())
    planned = {job.kind: job for job in await Job.all()}
    assert set(planned) == set(EVERY)
    assert await Job.all().count() == len(EVERY)
    for kind, job in planned.items():
        assert now() < job.run_at <= now() + EVERY[kind]
    await Job.all().delete()
    await schedule(demo=False)
    assert not await Job.exists(kind="demo.tick")


async def test_the_demo_keeps_an_hour_of_its_own_runs(world: World, clock: FrozenClock, context: JobContext) -> None:
    await schedule(demo=True)
    for _ in range(200):
        clock.advance(EVERY["demo.tick"])
        for job in [job for job in await jobs.claim(50) if job.kind == "demo.tick"]:
            await HANDLERS[job.kind](job.args, context)
            await jobs.finish(job)
    assert await Job.filter(kind="demo.tick", state=DONE).count() == 180
    assert await Job.filter(kind="demo.tick", state=READY).count() == 1


async def test_every_run_plans_the_next(world: World, clock: FrozenClock, context: JobContext) -> None:
    await schedule(demo=True)
    for _ in range(3):
        clock.advance(DAY)
        for job in await jobs.claim(50):
            await HANDLERS[job.kind](job.args, context)
            await jobs.finish(job)
    ready = [str(job.kind) for job in await Job.filter(state=READY) if job.kind in EVERY]
    assert sorted(ready) == sorted(EVERY)
