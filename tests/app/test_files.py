"""The doors of files over real HTTP: who may send and read, how much, and what every answer carries."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from PIL import Image
from tortoise.context import TortoiseContext

from app.auth.sessions import start_session
from app.files.intake import contents_of
from app.limits import RATES
from conversations.models import Attachment, Conversation
from core.people import Agent, Customer
from tests.app.desks import open_desk
from tests.people import World, make_world
from tests.realtime.clients import console, visitor
from tests.realtime.serving import Desk

LIMIT = 300_000
PDF = b"%PDF-1.7\n" + bytes(5_000)
NOTHING_SPECIAL = {"refusal": None, "inline": False}  # what frames say of a file that is kept, beside words
OWN = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}


def photograph() -> bytes:
    box = BytesIO()
    Image.new("RGB", (600, 300), (200, 120, 20)).save(box, "JPEG")
    return box.getvalue() + b"<script>alert(1)</script>"


@pytest.fixture
async def world(database: TortoiseContext) -> World:
    return await make_world()


@pytest.fixture
async def desk(world: World, database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(database_url, tmp_path, file_bytes=LIMIT) as desk:
        yield desk


@pytest.fixture
async def web(desk: Desk) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=desk.address, headers=OWN) as client:
        yield client


async def send(
    web: httpx2.AsyncClient, token: str, content: Any, name: str = "lamp.jpg", *, site: str = "lumen"
) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}", "X-File-Name": quote(name)}
    return await web.post(f"/chat/files?site={site}", content=content, headers=headers)


async def read(web: httpx2.AsyncClient, file: dict[str, Any], token: str = "", **headers: str) -> httpx2.Response:
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return await web.get(f"/files/{file['id']}/{quote(file['name'])}", headers=bearer | headers)


async def cookie_of(agent: Agent) -> dict[str, str]:
    return {"Cookie": f"wismo_session={await start_session(agent)}"}


def found(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").rglob("*") if path.is_file()]


async def test_a_customer_sends_a_photograph_and_everybody_concerned_reads_it(
    desk: Desk, web: httpx2.AsyncClient, world: World, tmp_path: Path
) -> None:
    async with visitor(desk) as ines, visitor(desk) as stranger:
        token = ines.welcome["visitor_token"]
        answer = await send(web, token, photograph(), "kaputt\u202egpj.jpg")
        assert answer.status_code == 201
        file = answer.json()
        assert file["name"] == "kaputtgpj.jpg"
        assert (file["media_type"], file["width"], file["height"]) == ("image/jpeg", 600, 300)
        await ines.post("", attachments=[file["id"]])
        message = await ines.wait("message", number=1)
        assert (message["text"], message["attachments"]) == ("", [file | NOTHING_SPECIAL])

        shown = await read(web, file, token)
        assert shown.status_code == 200
        assert Image.open(BytesIO(shown.content)).size == (600, 300)
        assert b"script" not in shown.content
        assert len(shown.content) == int(shown.headers["content-length"]) == file["size"]
        for name, value in {
            "content-type": "image/jpeg",
            "x-content-type-options": "nosniff",
            "content-security-policy": "sandbox; default-src 'none'",
            "cross-origin-resource-policy": "same-origin",
            "cache-control": "private, no-store",
            "referrer-policy": "no-referrer",
        }.items():
            assert shown.headers[name] == value
        assert shown.headers["content-disposition"].startswith("inline;")
        small = await web.get(f"/files/{file['id']}/x?small", headers={"Authorization": f"Bearer {token}"})
        assert Image.open(BytesIO(small.content)).size == (480, 240)

        other = stranger.welcome["visitor_token"]
        refusals = [
            await read(web, file),
            await read(web, file, other),
            await read(web, file, token + "x"),
            await read(web, file | {"id": "att_" + "0" * 26}, token),
            await read(web, file | {"id": "att_%00"}, token),
            await read(web, file, **await cookie_of(world.wei)),
        ]
        assert [answer.status_code for answer in refusals] == [404] * 6
        assert len({(answer.json()["code"], answer.json()["detail"]) for answer in refusals}) == 1, "all alike"
        for agent in (world.omar, world.sue, world.ada):
            assert (await read(web, file, **await cookie_of(agent))).content == shown.content

        await ines.send("leave")
        await ines.wait("bye")
        assert (await read(web, file, token)).status_code == 404, "the token is worth nothing any more"


async def test_an_agent_sends_a_document(desk: Desk, web: httpx2.AsyncClient, world: World) -> None:
    async with visitor(desk) as ines:
        await ines.post("My label, please")
        talk = await Conversation.get()
        session = await start_session(world.omar)
        cookie = {"Cookie": f"wismo_session={session}"}
        address = f"/console/conversations/{talk.public_id}/files"
        async with console(desk, session) as omar:
            page = (await web.get("/console", headers=cookie | {"Accept": "text/html"})).text
            token = {"X-Form-Token": page.partition('name="form_token" value="')[2].partition('"')[0]}
            name = {"X-File-Name": quote("退货标签.pdf")}
            assert (await web.post(address, content=PDF, headers=cookie | name)).status_code == 403, "no form token"
            assert (await web.post(address, content=PDF, headers=name)).status_code == 401
            wei = await cookie_of(world.wei)
            assert (await web.post(address, content=PDF, headers=wei | name)).status_code in (403, 404)
            file = (await web.post(address, content=PDF, headers=cookie | token | name)).json()
            assert (await read(web, file, ines.welcome["visitor_token"])).status_code == 404, "not posted yet"
            await omar.send("watch", conversation=talk.public_id)
            posted = {"conversation": talk.public_id, "attachments": [file["id"]], "seen": 9}
            await omar.post("Here it is", **posted)
        assert (await ines.wait("message", text="Here it is"))["attachments"] == [file | NOTHING_SPECIAL]
        answer = await read(web, file, ines.welcome["visitor_token"])
        assert answer.content == PDF
        assert answer.headers["content-disposition"] == (
            "attachment; filename=\"____.pdf\"; filename*=utf-8''%E9%80%80%E8%B4%A7%E6%A0%87%E7%AD%BE.pdf"
        )


async def test_who_is_nobody_sends_nothing(desk: Desk, web: httpx2.AsyncClient, tmp_path: Path) -> None:
    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        for bad in ("0", "wv1.x.y", token + "0"):
            assert (await send(web, bad, PDF)).status_code == 401
        assert (await send(web, token, PDF, site="chaye")).status_code == 401, "a token is for one shop"
        foreign = {"Authorization": f"Bearer {token}", "Sec-Fetch-Site": "cross-site"}
        assert (await web.post("/chat/files?site=lumen", content=PDF, headers=foreign)).status_code == 403
        assert await Customer.all().count() == 2, "nobody was admitted"
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [(b"MZ\x90\0", "photo.jpg", "file_executable"), (b"", "a.txt", "file_empty"), (bytes(99), "a", "file_unknown")],
)
async def test_what_is_refused_leaves_nothing(
    desk: Desk, web: httpx2.AsyncClient, tmp_path: Path, content: bytes, name: str, code: str
) -> None:
    async with visitor(desk) as ines:
        answer = await send(web, ines.welcome["visitor_token"], content, name)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert found(tmp_path) == []
    assert not await Attachment.exists()


async def test_too_much_is_cut_however_it_comes(desk: Desk, web: httpx2.AsyncClient, tmp_path: Path) -> None:
    """Announced, in chunks without an end, and more than a form of the console may have."""
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        yield PDF
        while sent < 50_000_000:
            sent += 50_000
            yield bytes(50_000)

    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        answer = await send(web, token, b"%PDF-" + bytes(LIMIT))
        assert (answer.status_code, answer.headers["connection"]) == (413, "close")
        with contextlib.suppress(httpx2.TransportError):  # the desk has hung up while we were still talking
            assert (await send(web, token, chunks())).status_code == 413
        assert sent < 20_000_000
        most = b"%PDF-" + bytes(LIMIT - 5)
        assert (await send(web, token, most)).status_code == 201
    assert len(found(tmp_path)) == 1


async def test_an_upload_that_breaks_off_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        _, writer = await asyncio.open_connection("127.0.0.1", desk.port)
        who = f"Host: x\r\nSec-Fetch-Site: same-origin\r\nAuthorization: Bearer {token}\r\n"
        head = f"POST /chat/files?site=lumen HTTP/1.1\r\n{who}Content-Length: 200000\r\n\r\n"
        writer.write(head.encode() + PDF)
        await writer.drain()
        async with asyncio.timeout(5):
            while not (tmp_path / "files" / "incoming").is_dir() or not found(tmp_path):
                await asyncio.sleep(0.01)
            writer.close()
            while found(tmp_path):
                await asyncio.sleep(0.01)
        await writer.wait_closed()
    assert not await Attachment.exists()


async def test_who_sends_and_never_posts_is_slowed_down(desk: Desk, web: httpx2.AsyncClient, tmp_path: Path) -> None:
    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        codes = [(await send(web, token, PDF, f"{n}.pdf")).json().get("code") for n in range(22)]
    assert codes == [None] * 20 + ["too_many_files"] * 2
    assert len(found(tmp_path)) == 20, "what got no row was removed at once"


async def test_nobody_sends_without_pause(
    desk: Desk, web: httpx2.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RATES, "chat.file.person", "2/day")
    async with visitor(desk) as ines:
        answers = [await send(web, ines.welcome["visitor_token"], PDF) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[2].headers["retry-after"]) > 0


async def test_a_crash_between_the_file_and_its_row_loses_nothing_that_was_answered(
    desk: Desk, web: httpx2.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends after the file is kept and before the row is: nobody heard of the file, so nobody misses it."""

    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        monkeypatch.setattr("app.web.files.register", _dies)
        assert (await send(web, token, PDF)).status_code == 500
        assert len(found(tmp_path)) == 1, "an orphan, which housekeeping finds"
        monkeypatch.undo()
        file = (await send(web, token, PDF)).json()
        assert {path.name for path in found(tmp_path)} >= {contents_of(file["id"])[0]}


async def _dies(*args: Any, **more: Any) -> None:
    raise RuntimeError("the power is gone")


async def test_ranges_are_not_served(desk: Desk, web: httpx2.AsyncClient) -> None:
    async with visitor(desk) as ines:
        token = ines.welcome["visitor_token"]
        file = (await send(web, token, PDF, "a.pdf")).json()
        many = "bytes=" + ",".join(f"{n}-{n + 1}" for n in range(0, 5_000, 2))
        answer = await read(web, file, token, Range=many)
    assert (answer.status_code, answer.headers["accept-ranges"], len(answer.content)) == (200, "none", len(PDF))
