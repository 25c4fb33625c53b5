"""One change to many: every ticket by its ordinary verb, refusals kept with their reason, twice is once."""

import pytest

from app.jobs.bulk import change_tickets
from conversations.holding import hold
from conversations.models import Message
from conversations.posting import post
from core.audit import AuditEntry
from core.errors import WismoError
from core.jobs import Job
from core.people import BOT, Actor
from tests.people import World, chat
from tickets.bulk import progress, refusals, start_bulk
from tickets.models import Ticket, TimelineEntry
from tickets.opening import open_ticket
from tickets.resolution import resolve
from tickets.work_models import BulkRun

pytestmark = pytest.mark.anyio


async def tickets(world: World, count: int) -> list[Ticket]:
    return [
        await open_ticket((await chat(world.lumen, world.ines)).id, "question", BOT, subject="Lamp")
        for _ in range(count)
    ]


async def carry_out() -> None:
    job = await Job.filter(kind="tickets.bulk").order_by("-id").first()
    assert job is not None
    for _ in range(2):  # a second run changes nothing
        await change_tickets(job.args, None)  # type: ignore[arg-type]


async def test_what_may_not_be_closed_is_refused_and_audited(world: World) -> None:
    one, two, three = await tickets(world, 3)
    await resolve(two.id, Actor.of(world.omar))
    tea = await open_ticket((await chat(world.chaye, world.lin)).id, "question", BOT, subject="茶")
    run = await start_bulk(world.omar, "close", "", [one.id, two.id, three.id, tea.id, one.id])
    assert await Ticket.filter(status="closed").count() == 0
    await carry_out()
    state = await progress(run)
    assert (state.total, state.done, state.refused, state.waiting) == (4, 1, 3, 0)
    assert [item.why for item in await refusals(run)] == ["not_your_step", "not_your_step", "not_found"]
    assert await AuditEntry.filter(action="transition_refused").count() == 2
    assert (await BulkRun.get()).finished_at is not None


@pytest.mark.parametrize(
    ("action", "value", "check"),
    [
        ("priority", "high", {"priority": "high"}),
        ("assign", "mei", {"assignee_id": 2}),
        ("assign", "", {"assignee_id": None}),
        ("resolve", "", {"status": "resolved"}),
        ("tag", "Late", {"tagged__tag__name": "late"}),
    ],
)
async def test_each_change(world: World, action: str, value: str, check: dict[str, object]) -> None:
    ids = [ticket.id for ticket in await tickets(world, 2)]
    if value == "mei":
        value, check = world.mei.public_id, {"assignee_id": world.mei.id}
    await start_bulk(world.omar, action, value, ids)
    await carry_out()
    assert await Ticket.filter(**check).count() == 2
    names = {entry.actor_name for entry in await TimelineEntry.exclude(action="opened")}
    assert names <= {"Omar"}


async def test_cases_are_put_below_a_problem(world: World) -> None:
    problem, one, two = await tickets(world, 3)
    run = await start_bulk(world.omar, "below", f"#{problem.number}", [problem.id, one.id, two.id])
    await carry_out()
    assert await Ticket.filter(parent_id=problem.id).count() == 2
    assert [item.why for item in await refusals(run)] == ["no_parent"]


@pytest.mark.parametrize(
    ("action", "value", "ids", "code"),
    [
        ("fly", "", [1], "bad_bulk"),
        ("priority", "soon", [1], "bad_priority"),
        ("tag", ",", [1], "bad_tag"),
        ("assign", "agt_nobody", [1], "not_found"),
        ("below", "1", [1], "not_found"),
        ("close", "", [], "nothing_chosen"),
        ("close", "", range(501), "too_many_chosen"),
    ],
)
async def test_what_cannot_be_started(world: World, action: str, value: str, ids: list[int], code: str) -> None:
    with pytest.raises(WismoError) as caught:
        await start_bulk(world.omar, action, value, ids)
    assert caught.value.code == code
    assert not await BulkRun.all().exists()


async def test_what_can_still_be_undone_is_said_before_the_end(world: World) -> None:
    one, two = await tickets(world, 2)
    for ticket in (one, two):
        talk = ticket.conversation_id
        await post(talk, Actor.of(world.ines), "Who is the provider?", client_id=f"ask-{talk}")
        await hold(talk, world.mei, "It comes today", client_id=f"held-{talk}", seconds=20, seen=1)
    await post(two.conversation_id, Actor.of(world.ines), "Hello?", client_id="again")
    run = await start_bulk(world.omar, "resolve", "", [one.id, two.id])
    await carry_out()
    assert [(item.ticket_id, item.why) for item in await refusals(run)] == [(two.id, "stale")]
    said = await Message.filter(conversation_id=one.conversation_id).order_by("number")
    assert [message.text for message in said] == ["Who is the provider?", "It comes today"]
    assert [each.status for each in await Ticket.all().order_by("id")] == ["resolved", "open"]
