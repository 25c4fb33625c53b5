"""Pictures of mails are fetched from the outside alone, within limits, and say nothing about who looks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from app.gateways import remote_pictures
from app.gateways.remote_pictures import RemotePictures
from core.errors import Forbidden, NotFound, TooLarge, Unavailable

pytestmark = pytest.mark.anyio
Answer = Callable[[str], bytes]


@asynccontextmanager
async def site(answer: Answer) -> AsyncIterator[tuple[str, list[str]]]:
    """A web server that says what `answer` makes of the request's path, and the requests it got."""
    heard: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            heard.append(head)
            if said := answer(head.split(" ", 2)[1]):
                writer.write(said)
            else:  # nothing, until the other side gives up
                await reader.read()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            left.set()

    left = asyncio.Event()
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
    if heard:
        await left.wait()
    server.close()


def ok(content: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nset-cookie: who=you\r\n\r\n" % len(content) + content


def moved(where: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nlocation: {where}\r\ncontent-length: 0\r\n\r\n".encode()


async def test_a_picture_is_fetched_and_nothing_told() -> None:
    async with site(lambda path: ok(b"picture") if path == "/b" else moved("/b")) as (address, heard):
        pictures = RemotePictures(private=True)
        assert await pictures.fetch(f"{address}/a?x=1") == b"picture"
        assert await pictures.fetch(f"{address}/b") == b"picture"
    assert len(heard) == 3
    for head in heard:
        assert f"host: {address.removeprefix('http://')}\r\n" in head.lower()
        assert not any(word in head.lower() for word in ("cookie", "referer", "authorization", "wismo"))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/x",
        "http://localhost/x",
        "http://0x7f000001/x",
        "http://2130706433/x",
        "http://0177.0.0.1/x",
        "http://[::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://[64:ff9b::7f00:1]/x",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/x",
        "https://93.184.216.34:22/x",
        "http://user:pass@93.184.216.34/x",
        "file:///etc/passwd",
        "gopher://93.184.216.34/x",
        "ftp://93.184.216.34/x",
        "//93.184.216.34/x",
        "http:///x",
        "http://[",
    ],
)
async def test_our_own_network_is_out_of_reach(address: str) -> None:
    with pytest.raises((Forbidden, Unavailable)) as refused:
        await RemotePictures().fetch(address)
    assert refused.value.code in ("host_refused", "bad_address", "host_unknown")


async def test_a_host_of_which_one_address_is_out_of_reach() -> None:
    async with site(lambda _path: ok(b"picture")) as (address, _heard):  # `localhost` is ::1, too, where nobody listens
        assert await RemotePictures(private=True).fetch(address.replace("127.0.0.1", "localhost")) == b"picture"


async def test_redirects_are_judged_and_end() -> None:
    async with site(lambda _path: moved("file:///etc/passwd")) as (address, _heard):
        with pytest.raises(Forbidden):
            await RemotePictures(private=True).fetch(address)
    async with site(lambda path: moved(path + "x")) as (address, heard):
        with pytest.raises(NotFound):
            await RemotePictures(private=True).fetch(f"{address}/")
        assert len(heard) == remote_pictures.REDIRECTS + 1


async def test_what_is_too_large_slow_or_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_pictures, "LARGEST", 1_000)
    monkeypatch.setattr(remote_pictures, "LONGEST", 0.3)
    cases: list[tuple[bytes, type[Exception]]] = [
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5_000, TooLarge),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", NotFound),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx", Unavailable),
        (b"nonsense\r\n\r\n", Unavailable),
        (b"", Unavailable),
    ]
    for answer, expected in cases:
        async with site(lambda _path, said=answer: said) as (address, _heard):  # type: ignore[misc]
            with pytest.raises(expected):
                await RemotePictures(private=True).fetch(address)
