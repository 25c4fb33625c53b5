"""Which database a URL means, what is said when it cannot be opened, and how requests get theirs."""

import asyncio
import contextvars
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send
from tortoise.context import TortoiseContext, get_current_context

from app.database import (
    BadDatabaseUrl,
    DatabaseMiddleware,
    DatabaseUnavailable,
    WrongLocale,
    open_database,
    sqlite_path,
    sqlite_url,
    tortoise_config,
)
from core.numbering import Sequence
from tests.servers import PostgresServer, free_port


def credentials(url: str) -> dict[str, Any]:
    (connection,) = tortoise_config(url)["connections"].values()
    return dict(connection["credentials"])


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///var/lib/wismo.db", "/var/lib/wismo.db"),
        ("sqlite:////var/lib/wismo.db", "/var/lib/wismo.db"),
        ("sqlite://data/wismo.db", "data/wismo.db"),
        ("sqlite:///tmp/with%20space.db", "/tmp/with space.db"),
        ("postgresql://localhost/wismo", None),
    ],
)
def test_sqlite_urls_name_files(url: str, path: str | None) -> None:
    assert sqlite_path(url) == (Path(path) if path else None)


def test_any_file_has_a_url(tmp_path: Path) -> None:
    path = tmp_path / "odd #? 100% 名.db"
    assert sqlite_path(sqlite_url(path)) == path


def test_postgresql_urls_carry_everything() -> None:
    found = credentials(
        "postgresql://wismo:p%40ss%2Fword@db.example:6432/desk?maxsize=30&ssl=require&statement_cache_size=0"
    )
    assert (found["host"], found["port"], found["database"]) == ("db.example", 6432, "desk")
    assert (found["user"], found["password"]) == ("wismo", "p@ss/word")
    assert (found["maxsize"], found["ssl"], found["statement_cache_size"]) == (30, "require", 0)
    assert credentials("postgres:///desk?host=/run/postgresql")["host"] == "/run/postgresql"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://root@localhost/wismo",
        "wismo.db",
        "sqlite://",
        "sqlite:///data/",
        "sqlite://:memory:",
        "postgresql://user:secret@localhost",
        "postgresql://user:secret@localhost:port/wismo",
        "postgresql://user:secret@localhost/wismo?surprise=1",
        "postgresql://user:secret@localhost/wismo?maxsize=many",
    ],
)
def test_other_urls_are_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(BadDatabaseUrl) as refused:
        tortoise_config(url)
    assert "secret" not in str(refused.value)


def test_the_two_kinds_have_connections_of_different_names() -> None:
    """Tortoise keeps SQL by the name of the connection: PostgreSQL would get SQLite's placeholders."""
    assert list(tortoise_config("sqlite://a.db")["connections"]) == ["sqlite"]
    assert list(tortoise_config("postgresql://localhost/a")["connections"]) == ["pg"]


async def test_a_missing_folder_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"nowhere/wismo\.db: unable to open"):
        await open_database(sqlite_url(tmp_path / "nowhere" / "wismo.db")).__aenter__()
    assert get_current_context() is None


async def test_a_missing_server_is_told_at_once() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"cannot connect to database wismo at 127\.0\.0\.1"):
        await open_database(f"postgresql://me:secret@127.0.0.1:{free_port()}/wismo").__aenter__()


@pytest.mark.pg
async def test_a_missing_database_is_told_at_once(postgres: PostgresServer) -> None:
    with pytest.raises(DatabaseUnavailable, match="nowhere"):
        await open_database(postgres.url("nowhere")).__aenter__()


@pytest.mark.pg
async def test_a_database_of_another_encoding_is_refused(postgres: PostgresServer) -> None:
    postgres.run("CREATE DATABASE latin LOCALE 'C' ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(WrongLocale, match="encoding LATIN1"):
        await open_database(postgres.url("latin")).__aenter__()


async def test_the_context_ends_with_the_block(database_url: str) -> None:
    assert get_current_context() is None
    async with open_database(database_url) as context:
        assert get_current_context() is context
    assert get_current_context() is None


class Desk:
    """An app whose handler waits for the others, then says how many sequences it sees."""

    def __init__(self, context: TortoiseContext, together: asyncio.Barrier) -> None:
        self.together = together
        self.seen: list[int] = []
        self.app = Starlette()
        self.app.state.database = context
        self.handle = DatabaseMiddleware(self._handler)

    async def _handler(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.together.wait()
        self.seen.append(await Sequence.all().count())

    async def request(self, kind: str) -> None:
        async def receive() -> Message:
            raise AssertionError("nothing is received here")

        async def send(message: Message) -> None:
            raise AssertionError(message)

        await self.handle({"type": kind, "app": self.app}, receive, send)


async def test_each_request_sees_the_database_of_its_app(sqlite_template: Path, tmp_path: Path) -> None:
    """Two apps in one process, requests at the same time, and none of them in a task that opened a database."""
    urls = [sqlite_url(tmp_path / f"{name}.db") for name in ("one", "two")]
    for url in urls:
        path = sqlite_path(url)
        assert path is not None
        path.write_bytes(sqlite_template.read_bytes())
    together = asyncio.Barrier(4)
    async with open_database(urls[0]) as first:
        await Sequence.create(name="a")
        async with open_database(urls[1]) as second:
            await Sequence.create(name="a")
            await Sequence.create(name="b")
            desks = [Desk(first, together), Desk(second, together)]
            tasks = [
                asyncio.get_running_loop().create_task(desk.request(kind), context=contextvars.Context())
                for desk in desks
                for kind in ("http", "websocket")
            ]
            await asyncio.gather(*tasks)
            assert [desk.seen for desk in desks] == [[1, 1], [2, 2]]
            assert get_current_context() is second
