"""What the thread of a SQLite connection does: each function is one uninterrupted piece of work on it."""

import logging
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from tortoise.exceptions import TransactionManagementError

from core.engines.transactions import Ending, NotBegun, Rows, Steps

T = TypeVar("T")

log = logging.getLogger(__name__)


def inside(work: Callable[..., T], db: sqlite3.Connection, *arguments: Any) -> T:
    """Refuse to go on when SQLite has rolled back by itself (disk full, I/O error): it would be half a change."""
    if not db.in_transaction:
        raise TransactionManagementError("SQLite has ended this transaction: nothing of it was kept")
    return work(db, *arguments)


def opening(work: Callable[..., T], db: sqlite3.Connection, *arguments: Any) -> T:
    """Begin the transaction with its first piece of work: a way to the thread and back less."""
    try:
        begin(db)
    except sqlite3.Error as error:
        raise NotBegun(error) from error
    return work(db, *arguments)


def run_steps(db: sqlite3.Connection, steps: Steps[T]) -> T:
    rows: Any = None
    try:
        while True:
            query, values = steps.send(rows)
            run = db.executemany if isinstance(values, Rows) else db.execute
            rows = run(query, values).fetchall()
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        steps.close()


def run_to_end(db: sqlite3.Connection, steps: Steps[Ending]) -> Ending:
    ending = run_steps(db, steps)
    if ending.commit:
        commit(db)
    return ending


def query_rows(db: sqlite3.Connection, query: str, values: list[Any] | None) -> tuple[int, list[sqlite3.Row]]:
    before = db.total_changes
    cursor = db.execute(query, values or ())
    rows = cursor.fetchall()
    if cursor.rowcount >= 0:
        return cursor.rowcount, rows  # unlike total_changes, without what foreign keys and triggers did
    return (db.total_changes - before) or len(rows), rows


def insert(db: sqlite3.Connection, query: str, values: list[Any]) -> int:
    return db.execute(query, values).lastrowid or 0


def many(db: sqlite3.Connection, query: str, values: list[list[Any]]) -> None:
    db.executemany(query, values)


def insert_many(db: sqlite3.Connection, query: str, values: list[list[Any]]) -> None:
    begin(db)
    try:
        db.executemany(query, values)
    except BaseException:
        roll_back(db)
        raise
    commit(db)


def run_script(db: sqlite3.Connection, script: str) -> None:
    db.executescript(script)


def begin(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        log.warning("a transaction was left open on the connection; rolled back")
        db.execute("ROLLBACK")
    # Immediate: a deferred one that reads first and writes later fails at once when another process wrote meanwhile.
    db.execute("BEGIN IMMEDIATE")


def commit(db: sqlite3.Connection) -> None:
    if not db.in_transaction:
        raise TransactionManagementError("SQLite has ended this transaction: nothing of it was kept")
    try:
        db.execute("COMMIT")
    except BaseException:
        roll_back(db)
        raise


def roll_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        db.execute("ROLLBACK")
