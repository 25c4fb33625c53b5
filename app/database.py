"""Opening the database: one configuration for both kinds, one context per app, and the middleware that hands it on."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import asyncpg
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send
from tortoise.context import TortoiseContext, _current_context
from tortoise.exceptions import BaseORMException, DBConnectionError, OperationalError

from core.engines.transactions import NotBegun, uninterrupted
from core.errors import Invalid, Unavailable

log = structlog.get_logger(__name__)

APP_LABEL = "wismo"
MIGRATIONS = "app.migrations"
MODEL_MODULES = [
    "core.audit",
    "core.jobs",
    "core.numbering",
    "core.people",
    "core.promises",
    "core.shops",
    "core.teams",
    "core.rulebooks",
    "core.shop_answers",
    "orders.models",
    "orders.refunds.models",
    "orders.refunds.statement_models",
    "orders.stock.models",
    "orders.policies.versions",
    "orders.claims.models",
    "conversations.models",
    "conversations.composing_models",
    "tickets.models",
    "tickets.work_models",
    "tickets.aftersales.models",
    "tickets.complaints.models",
    "tickets.macros.models",
    "tickets.rules.models",
    "tickets.withdrawal_models",
    "app.auth.models",
    "app.mail.forward_models",
    "app.mail.hook_models",
    "app.mail.identity_models",
    "app.mail.mailbox_models",
    "app.mail.models",
    "app.mail.picture_models",
]

CONNECT_SECONDS = 10
STATEMENT_SECONDS = 60
BUSY_SECONDS = 3  # when to ask again
# Primary result codes: BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL
_SQLITE_BUSY = frozenset({5, 6, 7, 8, 9, 10, 13, 14, 15})
# Classes of SQLSTATE: connection, rolled back, out of resources, object in use, operator intervention, system error
_POSTGRES_BUSY = ("08", "40", "53", "55", "57", "58")
POOL_OPTIONS = {"minsize": int, "maxsize": int, "ssl": str, "statement_cache_size": int}


class BadDatabaseUrl(Invalid):
    """The database URL is not one of ours. The message never contains the password."""

    code = "bad_database_url"


class DatabaseUnavailable(Unavailable):
    """The database cannot be opened: no such server, directory, account or database."""

    code = "database_unavailable"


class DatabaseBusy(Unavailable):
    """The database was locked, full, restarting or gone when it was asked. The same request may pass in a moment."""

    code = "database_busy"


class WrongLocale(Unavailable):
    """The PostgreSQL database was created with a locale that breaks search and sorting in most languages."""

    code = "wrong_locale"


def tortoise_config(url: str) -> dict[str, Any]:
    """The configuration for `sqlite:///absolute/file.db`, `sqlite://relative/file.db` or `postgresql://…`.

    PostgreSQL URLs may carry `minsize`, `maxsize` (connections of this process), `ssl` (a libpq sslmode),
    `statement_cache_size` (0 behind PgBouncer) and `host` (the directory of a Unix socket). Raises BadDatabaseUrl.
    """
    name, connection = _connection(url)
    return {
        # The name is part of the key of Tortoise's cache of SQL, so the two kinds must differ in it.
        "connections": {name: connection},
        "apps": {APP_LABEL: {"models": list(MODEL_MODULES), "default_connection": name, "migrations": MIGRATIONS}},
        "use_tz": True,
        "timezone": "UTC",
    }


def sqlite_path(url: str) -> Path | None:
    """The file behind a SQLite URL; None for PostgreSQL. Raises BadDatabaseUrl."""
    scheme, separator, rest = url.partition("://")
    if scheme != "sqlite" or not separator:
        return None
    path = unquote(rest.partition("?")[0])
    if not path or path.endswith("/") or ":memory:" in path:
        raise BadDatabaseUrl("a SQLite URL names a file: sqlite:///absolute/file.db or sqlite://relative/file.db")
    return Path("/" + path.lstrip("/") if path.startswith("/") else path)  # four slashes are common, too


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file, with special characters quoted."""
    return f"sqlite://{quote(str(path.absolute()))}"


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[TortoiseContext]:
    """Open the database for the length of the block and make it current in this task.

    Raises BadDatabaseUrl, DatabaseUnavailable or WrongLocale. Whether migrations are pending is another question:
    `app.migrating.require_migrated`.
    """
    async with open_configured(tortoise_config(url)) as context:
        yield context


@asynccontextmanager
async def open_configured(config: dict[str, Any]) -> AsyncIterator[TortoiseContext]:
    """Open what `config` describes, as `open_database` does."""
    context = TortoiseContext()
    with context:
        try:
            await context.init(config=config)
            await _check(context)
            yield context
        finally:
            # An open SQLite connection is a thread that would keep the process from ending.
            await uninterrupted(context.close_connections())


def database_busy(error: BaseException) -> DatabaseBusy | None:
    """What to tell whoever asked while the database could not serve; None when `error` is something else.

    A statement that is wrong is a fault of ours and stays one, although Tortoise calls it OperationalError, too.
    """
    if isinstance(error, DBConnectionError | NotBegun) or (type(error) is OperationalError and _passes(error)):
        return DatabaseBusy("the database does not answer now", retry_after=BUSY_SECONDS)
    return None


def make_current(database: TortoiseContext) -> None:
    """Make an open database that of the running task, to its end."""
    _current_context.set(database)


class DatabaseMiddleware:
    """Makes `app.state.database` (a TortoiseContext) current for each request and socket.

    There is no global context, because two apps in one process would fight over it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        # Not `with context`: that keeps its token on the shared context, and requests overlap.
        token = _current_context.set(scope["app"].state.database)
        try:
            await self.app(scope, receive, send)
        finally:
            _current_context.reset(token)


def _connection(url: str) -> tuple[str, dict[str, Any]]:
    path = sqlite_path(url)
    if path is not None:
        # FULL: what was acknowledged survives a power cut. WAL with NORMAL may lose the last commits.
        pragmas = {"busy_timeout": 5000, "synchronous": "FULL"}
        return "sqlite", {"engine": "core.engines.sqlite", "credentials": {"file_path": str(path), **pragmas}}
    if url.partition("://")[0] in ("postgresql", "postgres"):
        return "pg", {"engine": "core.engines.asyncpg", "credentials": _credentials(url)}
    raise BadDatabaseUrl("a database URL begins with sqlite:// or postgresql://")


def _credentials(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError as error:
        raise BadDatabaseUrl("the PostgreSQL URL cannot be read: quote special characters in it") from error
    database = unquote(parts.path.removeprefix("/"))
    if not database:
        raise BadDatabaseUrl("the PostgreSQL URL names no database: postgresql://user:password@host:5432/database")
    options = dict(parse_qsl(parts.query))
    credentials: dict[str, Any] = {
        "host": options.pop("host", None) or parts.hostname or "localhost",
        "port": port,
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "database": database,
        "minsize": 1,
        "maxsize": 10,
        "application_name": "wismo",
        "timeout": CONNECT_SECONDS,
        "command_timeout": STATEMENT_SECONDS,
    }
    for name, value in options.items():
        if name not in POOL_OPTIONS:
            raise BadDatabaseUrl(f"unknown option {name} in the PostgreSQL URL; known: host, {', '.join(POOL_OPTIONS)}")
        try:
            credentials[name] = POOL_OPTIONS[name](value)
        except ValueError as error:
            raise BadDatabaseUrl(f"option {name} of the PostgreSQL URL is a number") from error
    return credentials


def _passes(error: OperationalError) -> bool:
    cause = error.args[0] if error.args else None
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_BUSY
    if isinstance(cause, asyncpg.PostgresError):
        return str(cause.sqlstate).startswith(_POSTGRES_BUSY)
    return True  # a time-out, a lost connection or a closed pool


async def _check(context: TortoiseContext) -> None:
    """Ask something, because Tortoise connects at the first question only, and then far from here."""
    connection = context.db()
    try:
        await connection.execute_query("SELECT 1")
        if connection.capabilities.dialect == "postgres":
            await _check_locale(context)
    except (BaseORMException, OSError) as error:
        raise DatabaseUnavailable(f"the database cannot be opened: {error}") from error


async def _check_locale(context: TortoiseContext) -> None:
    rows = await context.db().execute_query_dict(
        "SELECT datctype AS ctype, pg_encoding_to_char(encoding) AS encoding FROM pg_database"
        " WHERE datname = current_database()"
    )
    ctype, encoding = rows[0]["ctype"], rows[0]["encoding"]
    if encoding != "UTF8" or ctype in ("C", "POSIX"):
        raise WrongLocale(
            f"the database has encoding {encoding} and locale {ctype}, in which lower() and search fail beyond ASCII:"
            " create it with ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0"
        )
