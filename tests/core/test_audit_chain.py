"""The chain of the audit: everything is sealed once, and whatever somebody does to the rows is found."""

import asyncio
from collections.abc import Sequence

import pytest
from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException

from core import audit, audit_chain
from core.audit import AuditSeal, AuditWaiting
from core.audit_chain import START, digest_of, seal
from core.audit_checks import sealed, verify
from core.audit_search import entries_about
from core.clock import FrozenClock
from core.people import SYSTEM, Actor
from core.sql import dialect, fetch
from core.transactions import transaction

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("database", "both_databases")]
OMAR = Actor("agent", 7, "Omar")


async def test_entries_wait_and_then_have_places_in_one_chain(clock: FrozenClock) -> None:
    await _fill(5)
    before = await verify()
    assert (before.sealed, before.head, before.waiting, before.broken) == (0, START, 5, None)
    assert await seal(limit=3) == 3
    assert await seal(limit=3) == 2
    assert await seal() == 0
    verdict = await verify()
    assert (verdict.sealed, verdict.waiting, verdict.broken) == (5, 0, None)
    digest = START
    async for one in sealed():
        assert one.content is not None
        digest = digest_of(digest, one.content)
        assert one.digest == digest
        assert one.content["detail"] == {"words": "钱 “\U0001f600”", "place": one.place - 1, "none": None}
    assert verdict.head == digest


async def test_what_is_undone_leaves_no_trace() -> None:
    async def change() -> None:
        async with transaction():
            await _fill(1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change()
    assert await seal() == 0
    assert (await verify()).broken is None


async def test_two_sealers_at_once_and_writers_beside_them() -> None:
    await _fill(60)
    await asyncio.gather(*(_seal_all() for _ in range(3)), _fill(20))
    await _seal_all()
    verdict = await verify()
    assert (verdict.sealed, verdict.waiting, verdict.broken) == (80, 0, None)


async def test_a_crash_between_leaves_nothing_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    await _fill(4)
    await seal(limit=2)
    with monkeypatch.context() as patch:
        patch.setattr(audit_chain, "_WAITS_NO_MORE", "DELETE FROM nowhere WHERE id IN ({ids})")
        with pytest.raises(BaseORMException):
            await seal()
    assert (await verify()).sealed == 2
    await _seal_all()
    assert (await verify()).sealed == 4
    assert await AuditSeal.all().count() == 4


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["UPDATE audit_entry SET action = 'nothing' WHERE id = 3"], ("changed", 3)),
        (["UPDATE audit_entry SET detail = '{{}}' WHERE id = 3"], ("changed", 3)),
        (["UPDATE audit_entry SET actor_id = NULL WHERE id = 3"], ("changed", 3)),
        (["UPDATE audit_entry SET at = '2020-01-01 00:00:00+00:00' WHERE id = 1"], ("changed", 1)),
        (["UPDATE audit_seal SET sealed_at = '2020-01-01 00:00:00+00:00' WHERE place = 2"], ("changed", 2)),
        (["UPDATE audit_seal SET digest = 'ab' WHERE place = 2"], ("changed", 2)),
        (["DELETE FROM audit_entry WHERE id = 4"], ("removed", 4)),
        (["DELETE FROM audit_entry WHERE id = 4", "DELETE FROM audit_seal WHERE place = 4"], ("gap", 4)),
        (["DELETE FROM audit_entry WHERE id = 6", "DELETE FROM audit_seal WHERE place = 6"], ("cut", 6)),
        (["DELETE FROM audit_head"], ("cut", 1)),
        (["UPDATE audit_head SET place = 4, digest = (SELECT digest FROM audit_seal WHERE place = 4)"], ("beyond", 5)),
        (
            [
                "UPDATE audit_seal SET entry_id = 99 WHERE place = 2",
                "UPDATE audit_seal SET entry_id = 2 WHERE place = 3",
                "UPDATE audit_seal SET entry_id = 3 WHERE place = 2",
            ],
            ("changed", 2),
        ),
        (
            [
                "INSERT INTO audit_entry (id, at, actor_kind, action, subject, detail) VALUES"
                " (50, '2026-03-02 09:00:00+00:00', 'system', 'order.read', 'ord_9', '{{}}')",
                "DELETE FROM audit_waiting",
            ],
            ("inserted", None),
        ),
        (
            [
                "INSERT INTO audit_entry (id, at, actor_kind, action, subject, detail) VALUES"
                " (50, '2026-03-02 09:00:00+00:00', 'system', 'order.read', 'ord_9', '{{}}')",
                "DELETE FROM audit_entry WHERE id = 50",
            ],
            ("removed", None),
        ),
    ],
)
async def test_tampering_is_found(statements: Sequence[str], found: tuple[str, int | None]) -> None:
    await _fill(6)
    await seal()
    await _tamper(statements)
    broken = (await verify()).broken
    assert broken is not None
    assert (broken.what, broken.place) == found or (found[1] is None and broken.what == found[0])


async def test_a_chain_written_anew_does_not_go_through_what_was_noted() -> None:
    await _fill(6)
    await seal()
    head = (await verify()).head
    await _tamper(["UPDATE audit_entry SET subject = 'ord_x' WHERE id = 5", "DELETE FROM audit_seal"])
    await _tamper([f"UPDATE audit_head SET place = 0, digest = '{START}'"])
    await _tamper(["INSERT INTO audit_waiting (entry_id) SELECT id FROM audit_entry"])
    await seal()
    assert (await verify()).broken is None  # in itself it holds
    broken = (await verify((6, head))).broken
    assert broken is not None
    assert (broken.what, broken.place) == ("another", 6)
    short = (await verify((7, head))).broken
    assert short is not None
    assert (short.what, short.place) == ("cut", 7)


@pytest.mark.parametrize("table", ["audit_entry", "audit_seal"])
@pytest.mark.parametrize("statement", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
async def test_the_database_refuses_to_change_what_is_written(table: str, statement: str) -> None:
    await _fill(1)
    await seal()
    column = {"audit_entry": "subject", "audit_seal": "digest"}[table]
    with pytest.raises(BaseORMException, match="append only"):
        await fetch(statement.format(table=table, column=column))


async def test_an_entry_that_committed_late_is_sealed_too(database: TortoiseContext) -> None:
    """On PostgreSQL, the transaction that drew the smaller id may commit last."""
    if dialect() != "postgres":
        await _fill(1)
        assert await seal() == 1
        return
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with transaction():
            await audit.note(SYSTEM, "order.read", "ord_slow")
            begun.set()
            await go_on.wait()

    writing = asyncio.ensure_future(slow())
    await begun.wait()
    await audit.note(SYSTEM, "order.read", "ord_fast")
    assert await seal() == 1
    assert (await verify()).broken is None
    go_on.set()
    await writing
    assert await AuditWaiting.all().count() == 1
    assert await seal() == 1
    assert [one.entry_id async for one in sealed()] == [2, 1]
    assert (await verify()).broken is None


async def test_entries_about_an_order_are_those_that_name_it() -> None:
    await audit.note(OMAR, "order.read", "ord_1", purpose="reply")
    await audit.note(OMAR, "orders.found", "ord_2", orders=["ord_2", "ord_1"])
    await audit.note(OMAR, "orders.found", "ord_2", orders=["ord_2", "ord_11"])
    assert [row.action async for row in entries_about("ord_1")] == ["order.read", "orders.found"]
    assert [row async for row in entries_about("ord_")] == []


async def _fill(count: int) -> None:
    for place in range(count):
        await audit.note(OMAR, "order.read", f"ord_{place}", words="钱 “\U0001f600”", place=place, none=None)


async def _seal_all() -> None:
    while await AuditWaiting.exists():
        await seal(limit=7)
        await asyncio.sleep(0)


async def _tamper(statements: Sequence[str]) -> None:
    """As somebody who owns the database and knows how to silence it."""
    for trigger in await _triggers():
        await fetch(trigger)
    for statement in statements:
        await fetch(statement)


async def _triggers() -> list[str]:
    if dialect() == "postgres":
        rows = await fetch("SELECT 1 AS there FROM pg_trigger WHERE tgname = 'audit_seal_append_only'")
        return [f"DROP TRIGGER {t}_append_only ON {t}" for t in ("audit_entry", "audit_seal")] if rows else []
    rows = await fetch("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_%_never_%'")
    return [f"DROP TRIGGER {row['name']}" for row in rows]
