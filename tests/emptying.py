"""One PostgreSQL database for many tests: emptied between them, which costs a fifth of a new one."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import asyncpg

from tests.servers import PostgresServer

TEMPLATE, SHARED = "wismo_template", "wismo_shared"
MOST_TESTS = 100  # then a new one: deleted rows stay in tables and indexes until somebody sweeps

# What a test may have made or removed beside rows.
_SHAPE = """
SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc),
    (SELECT count(*) FROM pg_trigger WHERE tgenabled = 'O');
"""
# What the migrations have put into tables is kept beside them.
_KEEP = """
CREATE SCHEMA seeds;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
    LOOP
        EXECUTE format('CREATE TABLE seeds.%I AS TABLE %I', name, name);
    END LOOP;
END $$;
"""
# Triggers and foreign keys are asleep for a replica, and some tables may only grow.
_EMPTY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
    LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    PERFORM setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences
        WHERE schemaname = 'public' AND last_value IS NOT NULL
        AND to_regclass(format('seeds.%I', regexp_replace(sequencename, '_id_seq$', ''))) IS NULL;
    FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'seeds'::regnamespace
    LOOP
        EXECUTE format('INSERT INTO %I SELECT * FROM seeds.%I', name, name);
    END LOOP;
END $$;
"""


class SharedDatabase:
    """Hands out one database to one test after the other, over a line of its own: a psql costs as much again."""

    def __init__(self, server: PostgresServer) -> None:
        self.server, self._tests, self._shape = server, 0, None
        self._loop = asyncio.new_event_loop()
        self._line: Any = None

    def empty(self) -> str:
        """The URL of a migrated database without rows, as if it were new."""
        if self._tests % MOST_TESTS == 0 or not self._emptied():
            self._make()
        self._tests += 1
        return self.server.url(SHARED)

    def close(self) -> None:
        """Let the server go. It is stopped afterwards."""
        if self._line is not None:
            self._line.terminate()
        self._run(asyncio.sleep(0))  # the line's own last step
        self._loop.close()

    def _emptied(self) -> bool:
        """False when a test has changed more than rows, or has cut all lines, ours too."""
        try:
            self._run(self._line.execute(_EMPTY))
            return bool(self._run(self._line.fetchrow(_SHAPE)) == self._shape)
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):
            return False

    def _make(self) -> None:
        if self._line is not None:
            self._line.terminate()
        self.server.run(
            f"DROP DATABASE IF EXISTS {SHARED} WITH (FORCE)", f"CREATE DATABASE {SHARED} TEMPLATE {TEMPLATE}"
        )
        self._line = self._run(asyncpg.connect(self.server.url(SHARED), statement_cache_size=0))
        self._run(self._line.execute(_KEEP))
        self._shape = self._run(self._line.fetchrow(_SHAPE))

    def _run(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(step)
