"""One PostgreSQL database for many tests: emptied between them, which costs a fifth of a new one."""

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
    """Hands out one database to one test after the other."""

    def __init__(self, server: PostgresServer) -> None:
        self.server, self._tests, self._shape = server, 0, ""

    def empty(self) -> str:
        """The URL of a migrated database without rows, as if it were new."""
        if self._tests % MOST_TESTS == 0 or not self._emptied():
            self._make()
        self._tests += 1
        return self.server.url(SHARED)

    def _emptied(self) -> bool:
        """False when a test has changed more than rows."""
        return self.server.ask(_EMPTY + _SHAPE, SHARED).splitlines()[-1] == self._shape

    def _make(self) -> None:
        self.server.run(
            f"DROP DATABASE IF EXISTS {SHARED} WITH (FORCE)", f"CREATE DATABASE {SHARED} TEMPLATE {TEMPLATE}"
        )
        self._shape = self.server.ask(_KEEP + _SHAPE, SHARED).splitlines()[-1]
