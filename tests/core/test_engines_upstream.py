"""Our engines replace private parts of Tortoise and aiosqlite. An upgrade that changes those needs a look."""

import inspect
from collections.abc import Callable
from typing import Any

import aiosqlite
import pytest
from tortoise.backends.asyncpg import client as asyncpg_client
from tortoise.backends.base import client as base
from tortoise.backends.base_postgres import client as postgres_client
from tortoise.backends.sqlite import client as sqlite_client
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor

from core.engines import asyncpg, sqlite

SIGNATURES: dict[Callable[..., Any], str] = {
    sqlite_client.SqliteClient.create_connection: "(self, with_db: 'bool') -> 'None'",
    sqlite_client.SqliteClient.close: "(self) -> 'None'",
    sqlite_client.SqliteClient.acquire_connection: "(self) -> 'ConnectionWrapper'",
    sqlite_client.SqliteClient._in_transaction: "(self) -> 'TransactionContext'",
    sqlite_client.SqliteClient.execute_insert: "(self, query: 'str', values: 'list') -> 'int'",
    sqlite_client.SqliteClient.execute_many: "(self, query: 'str', values: 'list[list]') -> 'None'",
    sqlite_client.SqliteClient.execute_query: (
        "(self, query: 'str', values: 'list | None' = None) -> 'tuple[int, Sequence[dict]]'"
    ),
    sqlite_client.SqliteClient.execute_query_dict: (
        "(self, query: 'str', values: 'list | None' = None) -> 'list[dict]'"
    ),
    sqlite_client.SqliteClient.execute_script: "(self, query: 'str') -> 'None'",
    sqlite_client.SqliteTransactionContext.__init__: "(self, connection: 'Any', trxlock: 'asyncio.Lock') -> 'None'",
    sqlite_client.SqliteTransactionWrapper.__init__: "(self, connection: 'SqliteClient') -> 'None'",
    asyncpg_client.AsyncpgDBClient.create_connection: "(self, with_db: 'bool') -> 'None'",
    asyncpg_client.AsyncpgDBClient._translate_exceptions: "(self, func, *args, **kwargs) -> 'Exception'",
    asyncpg_client.AsyncpgDBClient._in_transaction: "(self) -> 'TransactionContext'",
    asyncpg_client.AsyncpgDBClient.execute_insert: ("(self, query: 'str', values: 'list') -> 'asyncpg.Record | None'"),
    asyncpg_client.AsyncpgDBClient.execute_many: "(self, query: 'str', values: 'list') -> 'None'",
    asyncpg_client.AsyncpgDBClient.execute_query: (
        "(self, query: 'str', values: 'list | None' = None) -> 'tuple[int, list[dict]]'"
    ),
    asyncpg_client.AsyncpgDBClient.execute_query_dict: (
        "(self, query: 'str', values: 'list | None' = None) -> 'list[dict]'"
    ),
    asyncpg_client.TransactionWrapper.__init__: "(self, connection: 'AsyncpgDBClient') -> 'None'",
    postgres_client.BasePostgresClient.acquire_connection: "(self) -> 'ConnectionWrapper | PoolConnectionWrapper'",
    postgres_client.BasePostgresClient.close: "(self) -> 'None'",
    postgres_client.BasePostgresClient.execute_script: "(self, query: 'str') -> 'None'",
    base.ConnectionWrapper.__init__: "(self, lock: 'asyncio.Lock', client: 'BaseDBAsyncClient') -> 'None'",
    base.ConnectionWrapper.ensure_connection: "(self) -> 'None'",
    base.ConnectionWrapper.__aexit__: "(self, exc_type: 'Any', exc_val: 'Any', exc_tb: 'Any') -> 'None'",
    base.PoolConnectionWrapper.__init__: (
        "(self, client: 'BaseDBAsyncClient', pool_init_lock: 'asyncio.Lock') -> 'None'"
    ),
    base.PoolConnectionWrapper.ensure_connection: "(self) -> 'None'",
    base.NestedTransactionContext.__init__: "(self, client: 'TransactionalDBClient') -> 'None'",
    MigrationExecutor.__init__: ("(self, connection: 'BaseDBAsyncClient', apps_config: 'dict[str, dict]') -> 'None'"),
    MigrationExecutor._schema_editor: (
        "(self, atomic: 'bool' = True, collect_sql: 'bool' = False) -> 'BaseSchemaEditor'"
    ),
    MigrationAutodetector._current_state: "(self) -> 'State'",
}

# What each class defines itself. A method that is new up there might go round what we replaced.
METHODS: dict[type, str] = {
    sqlite_client.SqliteClient: (
        "_in_transaction acquire_connection close create_connection db_create db_delete execute_insert execute_many"
        " execute_query execute_query_dict execute_script"
    ),
    sqlite_client.SqliteTransactionWrapper: (
        "_in_transaction begin commit execute_many release_savepoint rollback savepoint savepoint_rollback"
    ),
    asyncpg_client.AsyncpgDBClient: (
        "_close _expire_connections _in_transaction _translate_exceptions create_connection create_pool db_delete"
        " execute_insert execute_many execute_query execute_query_dict"
    ),
    asyncpg_client.TransactionWrapper: (
        "_in_transaction acquire_connection begin commit execute_many release_savepoint rollback savepoint"
        " savepoint_rollback"
    ),
    base.BaseDBAsyncClient: (
        "_check_loop _in_transaction _post_connect acquire_connection close create_connection db_create db_delete"
        " execute_insert execute_many execute_query execute_query_dict execute_query_dict_with_affected execute_script"
    ),
    base.TransactionalDBClient: "begin commit release_savepoint rollback savepoint savepoint_rollback",
}


@pytest.mark.parametrize("method", SIGNATURES, ids=lambda method: method.__qualname__)
def test_what_we_replace_still_has_its_signature(method: Callable[..., Any]) -> None:
    assert str(inspect.signature(inspect.unwrap(method))) == SIGNATURES[method]


@pytest.mark.parametrize("upstream", METHODS, ids=lambda upstream: upstream.__name__)
def test_no_method_was_added_that_we_do_not_know(upstream: type) -> None:
    own = {name for name, value in vars(upstream).items() if inspect.isfunction(value) and name != "__init__"}
    assert own == set(METHODS[upstream].split())


@pytest.mark.parametrize(
    ("ours", "upstream"),
    [
        (sqlite.SqliteTransactionWrapper, sqlite_client.SqliteTransactionWrapper),
        (asyncpg.TransactionWrapper, asyncpg_client.TransactionWrapper),
    ],
)
def test_our_transactions_have_all_that_the_original_ones_set(ours: Any, upstream: Any) -> None:
    """Also the attributes: a wrapper is made without calling the constructors above it."""

    def attributes(kind: Any) -> set[str]:
        source = inspect.getsource(kind.__init__)
        return {line.split("self.")[1].split(" ")[0].rstrip(":") for line in source.splitlines() if "    self." in line}

    known_elsewhere = {"_finalized", "_savepoint", "transaction"}  # class attributes of ours, or not needed
    assert attributes(upstream) - attributes(ours) - known_elsewhere == set()


def test_the_thread_of_aiosqlite_is_fed_as_we_feed_it() -> None:
    source = inspect.getsource(aiosqlite.Connection._execute)
    assert "if not self._running or not self._connection:" in source
    assert "self._tx.put_nowait((future, function))" in source


def test_migrations_recognise_our_engines_by_their_module() -> None:
    source = inspect.getsource(MigrationExecutor._schema_editor)
    assert 'if "sqlite" in module' in source
    assert 'if "asyncpg" in module' in source
    assert "sqlite" in sqlite.SqliteTransactionWrapper.__module__
    assert "asyncpg" in asyncpg.TransactionWrapper.__module__
