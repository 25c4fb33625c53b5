"""Running numbers, promises, audit, times in the store, raw statements."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from core import audit, promises
from core.audit import AuditEntry
from core.clock import FrozenClock
from core.jobs import Job, enqueue
from core.numbering import next_number
from core.people import SYSTEM, Actor
from core.promises import Promise
from core.sql import as_time, fetch
from core.transactions import transaction
from tests.heard import counted
from tests.people import make_shop

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database")]


async def test_numbers_run_by_name() -> None:
    assert [await next_number("ticket", start=1001) for _ in range(3)] == [1001, 1002, 1003]
    assert [await next_number("case") for _ in range(2)] == [1, 2]
    with counted() as statements:
        await next_number("ticket")
    assert len(statements) == 1


async def test_numbers_at_once_even_the_first() -> None:
    numbers = await asyncio.gather(*(next_number("ticket", start=1001) for _ in range(20)))
    assert sorted(numbers) == list(range(1001, 1021))


async def test_a_number_that_is_rolled_back_is_given_again() -> None:
    async def change() -> None:
        async with transaction():
            assert await next_number("ticket") == 1
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await change()
    assert await next_number("ticket") == 1


async def test_promises_are_kept_or_broken(clock: FrozenClock) -> None:
    shop = await make_shop("lumen", "Lumen")
    due = clock.now() + timedelta(minutes=10)
    for subject in ("tkt_a", "tkt_b", "tkt_c"):
        promise = await promises.promise(shop.id, "first_reply", subject, due)
        assert (promise.state, promise.due_at, promise.public_id[:4]) == ("open", due, "prm_")
    assert await promises.settle("first_reply", "tkt_a", at=due) == 1  # in the last moment
    assert await promises.settle("first_reply", "tkt_b", at=due + timedelta(seconds=1)) == 1
    assert await promises.withdraw("first_reply", "tkt_c") == 1
    for subject in ("tkt_a", "tkt_b", "tkt_c", "tkt_d"):
        assert await promises.settle("first_reply", subject) == 0  # settled is settled
    assert await promises.settle("ship_by", "tkt_a") == 0
    states = [(p.state, p.settled_at) for p in await Promise.all().order_by("subject")]
    assert states == [("kept", due), ("broken", due + timedelta(seconds=1)), ("withdrawn", clock.now())]


async def test_an_overdue_promise_cannot_be_withdrawn(clock: FrozenClock) -> None:
    shop = await make_shop("lumen", "Lumen")
    await promises.promise(shop.id, "first_reply", "tkt_a", clock.now() - timedelta(seconds=1))
    assert await promises.withdraw("first_reply", "tkt_a") == 1
    assert (await Promise.get()).state == "broken"


async def test_audit_entries(clock: FrozenClock) -> None:
    await audit.note(Actor("agent", 7, "Omar"), "order_read", "ord_1", purpose="reply")
    await audit.note(SYSTEM, "housekeeping", "shp_1")
    entries = await AuditEntry.all().order_by("id")
    assert [(e.at, e.actor_kind, e.actor_id, e.action, e.subject, e.detail) for e in entries] == [
        (clock.now(), "agent", 7, "order_read", "ord_1", {"purpose": "reply"}),
        (clock.now(), "system", None, "housekeeping", "shp_1", {}),
    ]


async def test_times_are_one_moment_whatever_their_offset(clock: FrozenClock) -> None:
    moment = datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC)
    in_shanghai = moment.astimezone(timezone(timedelta(hours=8)))
    await enqueue("x", run_at=in_shanghai)
    job = await Job.get()
    assert job.run_at == moment
    assert job.run_at.utcoffset() == timedelta()
    for same in (moment, in_shanghai, moment.astimezone(timezone(timedelta(hours=-5)))):
        assert await Job.filter(run_at=same).count() == 1
        assert await Job.filter(run_at__lt=same).count() == 0
        assert await Job.filter(run_at__gte=same).count() == 1
        assert [row["id"] for row in await fetch("SELECT id FROM job WHERE run_at = {at}", at=same)] == [job.id]
    [row] = await fetch("SELECT run_at FROM job")
    assert as_time(row["run_at"]) == moment
    job.run_at = in_shanghai
    await job.save()
    assert (await Job.get()).run_at == moment


async def test_whole_seconds_sort_among_parts_of_a_second(clock: FrozenClock) -> None:
    whole = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
    moments = [whole + timedelta(microseconds=step) for step in (0, 1, 500_000, 999_999, 1_000_000)]
    for moment in reversed(moments):
        await enqueue("x", run_at=moment)
    assert [job.run_at for job in await Job.all().order_by("run_at")] == moments
    assert await Job.filter(run_at__gt=whole).count() == 4


async def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        await Job.filter(run_at=datetime(2026, 3, 2)).count()  # noqa: DTZ001 (what is refused)


async def test_values_are_never_part_of_the_statement() -> None:
    nasty = "'; DROP TABLE job; -- {kind} ? $1 %s"
    await enqueue(nasty, lane=nasty)
    rows = await fetch("SELECT kind FROM job WHERE lane = {lane} AND kind IN ({kinds})", lane=nasty, kinds=[nasty, "x"])
    assert rows == [{"kind": nasty}]
    assert await fetch("SELECT kind FROM job WHERE kind IN ({kinds})", kinds=[]) == []
    with pytest.raises(KeyError):
        await fetch("SELECT kind FROM job WHERE kind = {forgotten}")
