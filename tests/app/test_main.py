"""The whole desk over HTTP: what machines ask of it, what every answer carries, how it says no."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from tortoise.context import TortoiseContext
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from app.health import program_version
from app.main import create_app
from app.migrating import PendingMigrations
from app.settings import Settings
from core.jobs import DEAD, Job, enqueue
from core.shops import Shop
from tests.app.desks import open_desk
from tests.people import World, make_world
from tests.realtime.clients import visitor
from tests.realtime.serving import Desk

PAGE, DATA = {"Accept": "text/html"}, {"Accept": "application/json"}


@pytest.fixture
async def world(database: TortoiseContext) -> World:
    return await make_world()


@pytest.fixture
async def desk(world: World, database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(database_url, tmp_path) as desk:
        yield desk


@pytest.fixture
async def web(desk: Desk) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=desk.address, headers={"Sec-Fetch-Site": "same-origin"}) as client:
        yield client


async def test_machines_learn_how_it_is(desk: Desk, web: httpx2.AsyncClient) -> None:
    assert (await web.get("/livez")).json() == {"status": "alive"}
    assert (await web.get("/readyz")).json() == {"status": "ready"}
    assert (await web.get("/version")).json() == {"name": "wismo", "version": program_version()}
    desk.app.state.ready = False  # as while it starts and stops
    stopping = await web.get("/readyz")
    assert (stopping.status_code, stopping.json()["status"]) == (503, "not ready")
    assert (await web.get("/livez")).status_code == 200


async def test_figures_follow_what_happens(desk: Desk, web: httpx2.AsyncClient) -> None:
    await enqueue("demo.tick")
    await enqueue("given.up")
    await Job.filter(kind="given.up").update(state=DEAD)
    await web.get("/livez")
    async with visitor(desk):
        text = (await web.get("/metrics")).text
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    names = ("wismo_jobs_waiting", "wismo_jobs_dead", "wismo_sockets_open")
    assert [float(figures[name]) for name in names] == [1, 1, 1]
    assert float(figures['wismo_http_requests_total{method="GET",status="2xx"}']) >= 1


@pytest.mark.parametrize("path", ["/console/login", "/nothing/here", "/livez", "/widget?site=lumen"])
async def test_every_answer_protects_the_browser(web: httpx2.AsyncClient, path: str) -> None:
    headers = (await web.get(path, headers=PAGE)).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    own = "'self'"
    assert [policy[name] for name in ("default-src", "script-src", "style-src", "connect-src")] == [own] * 4
    assert policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"]
    assert headers["X-Request-Id"].startswith("req_")
    assert "Strict-Transport-Security" not in headers, "this desk is reached without TLS"
    assert "Server" not in headers


async def test_only_the_shops_own_pages_may_frame_the_widget(web: httpx2.AsyncClient, world: World) -> None:
    await Shop.filter(id=world.lumen.id).update(origins=["https://lumen.example", "https://www.lumen.example"])
    page = await web.get("/widget?site=lumen")
    ancestors = re.search(r"frame-ancestors ([^;]*)", page.headers["Content-Security-Policy"])
    assert ancestors is not None
    assert {"https://lumen.example", "https://www.lumen.example"} <= set(ancestors[1].split())
    assert "*" not in ancestors[1]
    login = await web.get("/console/login")
    assert "frame-ancestors 'none'" in login.headers["Content-Security-Policy"]


async def test_behind_tls_browsers_are_told_to_stay_there(database_url: str, tmp_path: Path) -> None:
    async with (
        open_desk(database_url, tmp_path, base_url="https://help.lumen.example") as desk,
        httpx2.AsyncClient(base_url=desk.address) as web,
    ):
        answer = await web.get("/livez")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_people_get_a_page_and_programs_a_problem(web: httpx2.AsyncClient) -> None:
    page = await web.get("/nothing/here", headers=PAGE | {"Accept-Language": "zh-CN"})
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert '<html lang="zh-Hans"' in page.text
    problem = await web.get("/nothing/here", headers=DATA)
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.json() == {
        "type": "about:blank",
        "title": "Nothing here",
        "status": 404,
        "code": "not_found",
        "detail": "",
        "instance": "/nothing/here",
    }
    for path in ("/api/nothing", "/webhooks/shopify"):
        answer = await web.get(path, headers=PAGE)
        assert answer.headers["Content-Type"] == "application/problem+json", "no page for a program's door"


async def test_a_wrong_method_is_told_the_right_ones(web: httpx2.AsyncClient) -> None:
    answer = await web.get("/webhooks/shopify/lumen", headers=DATA)
    assert (answer.status_code, answer.json()["code"]) == (405, "http_405")
    assert answer.headers["Allow"] == "POST"
    page = await web.post("/livez", headers=PAGE)
    assert (page.status_code, page.headers["Content-Type"]) == (405, "text/html; charset=utf-8")


async def test_files_with_a_digest_are_kept_for_ever_and_pages_never(web: httpx2.AsyncClient) -> None:
    page = await web.get("/console/login", headers=PAGE)
    style = re.search(r'href="(/static/[^"]+\?v=[0-9a-f]+)"', page.text)
    assert style is not None
    assert "immutable" in (await web.get(style[1])).headers["Cache-Control"]
    for other in (style[1].partition("?")[0], style[1][:-1] + "~", style[1].replace("/static/", "/static/%2e/")):
        assert (await web.get(other)).headers["Cache-Control"] == "no-cache", other
    assert page.headers["Cache-Control"] == "no-store"
    for path in ("/static/../app/main.py", "/static/%2e%2e/app/main.py", "/static//etc/passwd"):
        assert (await web.get(path)).status_code == 404


async def test_the_bare_address_leads_to_work_or_to_the_demo(
    web: httpx2.AsyncClient, database_url: str, tmp_path: Path
) -> None:
    assert (await web.get("/")).headers["Location"] == "/console"
    assert (await web.get("/demo/mailbox")).status_code == 404, "no mailbox of strangers on a real desk"
    async with (
        open_desk(database_url, tmp_path, demo=True) as demo,
        httpx2.AsyncClient(base_url=demo.address) as browser,
    ):
        assert (await browser.get("/")).headers["Location"] == "/demo"


async def test_an_old_database_is_not_served(empty_database_url: str, tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, database_url=empty_database_url), work=False, intake=False)
    with pytest.raises(PendingMigrations, match="migrate"):
        async with app.router.lifespan_context(app):
            pass


async def test_sockets_have_two_doors_and_pages_of_our_own_only(desk: Desk) -> None:
    address = desk.address.replace("http", "ws")
    with pytest.raises(InvalidStatus, match="403"):
        await connect(f"{address}/nothing/here")
    for door in ("/chat/ws", "/console/ws"):
        async with connect(f"{address}{door}", origin=Origin("https://elsewhere.example")) as socket:
            assert "foreign_origin" in str(await socket.recv())
            await socket.wait_closed()
            assert socket.close_code == 4403
