"""Whatever fails, the answer says so in our terms, and whoever asked may try again without harm."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx2
import pytest
from starlette.routing import Route
from tortoise.context import TortoiseContext
from tortoise.exceptions import DBConnectionError, DoesNotExist, IntegrityError, OperationalError

from app.database import database_busy
from app.realtime.channel import Close
from conversations.models import Message
from core.people import Agent
from orders.models import SourceEvent
from tests.app.desks import open_desk
from tests.orders.deliveries import SHOPIFY_SECRET, webhook
from tests.people import make_world
from tests.realtime.clients import dialled, visitor
from tests.realtime.serving import Desk
from tests.servers import PostgresServer

JSON, HTML = {"Accept": "application/json"}, {"Accept": "text/html"}


@pytest.fixture
async def desk(database: TortoiseContext, database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    world = await make_world()
    world.lumen.secrets = {"shopify": [SHOPIFY_SECRET]}
    await world.lumen.save()
    async with open_desk(database_url, tmp_path) as desk:
        yield desk


@pytest.fixture
async def browser(desk: Desk) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with httpx2.AsyncClient(base_url=desk.address, headers=headers, timeout=20) as client:
        yield client


async def break_it(request: object) -> None:
    raise RuntimeError("a secret of ours")


async def test_a_sender_that_leaves_in_the_middle_is_no_crash(
    desk: Desk, browser: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Senders have time limits, and anybody can hang up: that must not look like a fault of ours."""

    async def refused() -> float:
        lines = (await browser.get("/metrics")).text.splitlines()
        counted = [line for line in lines if line.startswith('wismo_http_requests_total{method="POST",status="4xx"}')]
        return sum(float(line.rpartition(" ")[2]) for line in counted)

    before = await refused()
    head = b"POST /webhooks/shopify/lumen HTTP/1.1\r\nHost: desk\r\nContent-Length: 100\r\n\r\n"
    _, writer = await asyncio.open_connection("127.0.0.1", desk.port)
    writer.write(head + b'{"half')
    await writer.drain()
    writer.close()
    async with asyncio.timeout(10):
        while await refused() == before:
            await asyncio.sleep(0.01)
    assert "request_crashed" not in caplog.text
    assert await SourceEvent.all().count() == 0


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another program holds the SQLite file and does not let go."""
    with closing(sqlite3.connect(folder / "wismo.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


async def be_impatient(desk: Desk) -> None:
    """Wait for locks only as long as a test may take."""
    await desk.app.state.database.db().execute_query("PRAGMA busy_timeout=20")


def test_a_database_that_cannot_serve_now_is_told_from_a_wrong_statement() -> None:
    full, wrong = sqlite3.OperationalError("database or disk is full"), sqlite3.OperationalError("no such column: x")
    full.sqlite_errorcode, wrong.sqlite_errorcode = sqlite3.SQLITE_FULL, sqlite3.SQLITE_ERROR
    busy = [
        DBConnectionError("refused"),
        OperationalError("no connection of the pool became free in time"),
        OperationalError(full),
        OperationalError(asyncpg.DeadlockDetectedError("deadlock")),
        OperationalError(asyncpg.TooManyConnectionsError("too many")),
        OperationalError(TimeoutError()),
    ]
    ours = [
        OperationalError(wrong),
        OperationalError(asyncpg.UndefinedColumnError("no such column")),
        IntegrityError(sqlite3.IntegrityError("unique")),
        DoesNotExist(Agent),
        RuntimeError("other"),
    ]
    assert [database_busy(error) is not None for error in busy] == [True] * len(busy)
    assert [database_busy(error) is not None for error in ours] == [False] * len(ours)


async def test_a_crash_tells_nothing_and_keeps_the_headers(desk: Desk, browser: httpx2.AsyncClient) -> None:
    desk.app.router.routes.insert(0, Route("/broken", break_it))
    page, document = await browser.get("/broken", headers=HTML), await browser.get("/broken", headers=JSON)
    assert (page.status_code, document.status_code) == (500, 500)
    assert document.json()["code"] == "internal"
    assert "secret" not in page.text + document.text
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert document.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["X-Request-Id"].startswith("req_")


@pytest.mark.sqlite
async def test_while_the_database_is_locked_the_shop_is_asked_to_send_again(
    desk: Desk, browser: httpx2.AsyncClient, tmp_path: Path
) -> None:
    await be_impatient(desk)
    wire = webhook("orders/create", {"id": 1, "name": "#1001", "created_at": "2026-03-01T10:00:00Z"})
    wire = replace(wire, path="/webhooks/shopify/lumen")
    with locked(tmp_path):
        answer = await browser.post(wire.path, headers=wire.headers, content=wire.body)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
        assert (answer.json()["code"], answer.json()["detail"]) == ("database_busy", "")
        assert (await browser.get("/console/login", headers=HTML)).status_code == 200, "reading goes on"
    assert (await browser.post(wire.path, headers=wire.headers, content=wire.body)).status_code == 200
    assert await SourceEvent.all().count() == 1


@pytest.mark.sqlite
async def test_while_the_database_is_locked_a_socket_stays_open(desk: Desk, tmp_path: Path) -> None:
    await be_impatient(desk)
    async with visitor(desk) as client:
        with locked(tmp_path):
            await client.send("post", client_id="client-id-busy", text="Is anybody there?")
            error = await client.wait("error", client_id="client-id-busy")
            assert (error["code"], error["data"]) == ("database_busy", {"retry_after": 3})
        assert (await client.post("Is anybody there?", client_id="client-id-busy"))["number"] == 1
    assert await Message.all().count() == 1


@pytest.mark.pg
async def test_without_a_database_the_desk_waits_for_it(
    desk: Desk, browser: httpx2.AsyncClient, database_url: str, postgres: PostgresServer
) -> None:
    name = database_url.rpartition("/")[2]
    async with visitor(desk) as client:
        postgres.run(
            f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
        )
        ready, page = await browser.get("/readyz"), await browser.get("/widget?site=lumen", headers=HTML)
        assert (ready.status_code, page.status_code, page.headers["Retry-After"]) == (503, 503, "3")
        await client.send("post", client_id="client-id-gone", text="Is anybody there?")
        assert (await client.wait("error", client_id="client-id-gone"))["code"] == "database_busy"
        async with dialled(desk, "/chat/ws") as newcomer:
            await newcomer.send("hello", site="lumen")
            assert (await newcomer.wait("error"))["code"] == "database_busy"
            assert await newcomer.closed() == Close.RESTART
        postgres.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert (await client.post("Is anybody there?", client_id="client-id-gone"))["number"] == 1
        assert (await browser.get("/readyz")).status_code == 200
