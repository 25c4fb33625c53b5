"""Two web processes and a worker behind the nginx of deploy/: one desk at one address, whatever part is exchanged."""

import asyncio
import random
import re
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.clock import now
from tests.faults.history import History
from tests.faults.people import Reader, Writer, stored
from tests.scale.nginx import DEPLOY, Nginx
from tests.scale.running import PASSWORD, PATIENCE, Cluster, agent, customer, send
from tests.scale.test_two_processes import ask_for_a_person, notice
from tests.scale.waiting import until
from tests.servers import free_port

MEBIBYTE = 1 << 20
DAY = timedelta(days=1)

pytestmark = [pytest.mark.pg, pytest.mark.redis, pytest.mark.slow, pytest.mark.anyio]


class House:
    """The processes, and nginx in front of them."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.webs = cluster.open()
        self.nginx = Nginx(folder / "nginx", [int(web.environment["WISMO_PORT"]) for web in self.webs])
        self.nginx.start()


@pytest.fixture(scope="module")
def house(demo_databases: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    cluster = Cluster(demo_databases(), folder)
    with ExitStack() as stack:
        stack.callback(cluster.close)
        house = House(cluster, folder)
        stack.callback(house.nginx.close)
        yield house


async def test_people_who_came_by_one_address_meet_over_two_processes(house: House) -> None:
    async with customer(house.nginx) as ines, agent(house.nginx) as maya:
        assert [await sockets_at(web.address) for web in house.webs] == [1, 1]
        talk = await ask_for_a_person(ines)
        await maya.send("watch", conversation=talk, last=0)
        await maya.wait("history", conversation=talk)
        await ines.post("Are you there?")
        await maya.wait("message", text="Are you there?")
        await maya.post("I am", conversation=talk)
        await ines.wait("message", text="I am")
        await send(house.nginx, notice("orders/create", "2026-11-20T10:00:00-05:00", "paid"))
        await maya.wait("inbox")


async def test_the_door_lets_in_what_fits_and_believes_nobody(house: House) -> None:
    own = {"Sec-Fetch-Site": "same-origin"}
    async with httpx2.AsyncClient(base_url=house.nginx.address, headers=own, timeout=PATIENCE) as browser:
        claims = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
        login = {"email": "maya@wismo.example", "password": PASSWORD}
        assert (await browser.post("/console/login", data=login, headers=claims)).status_code == 303
        account = (await browser.get("/console/account")).text
        assert "127.0.0.1" in account
        assert "203.0.113.9" not in account

        shop = "/webhooks/shopify/lumen"
        ours = await browser.post(shop, content=b" " * (MEBIBYTE + 1))
        assert (ours.status_code, ours.headers["content-type"]) == (413, "application/problem+json")
        assert (await browser.post(shop, content=b" " * (3 * MEBIBYTE))).status_code == 413
        assert (await browser.get("/metrics")).status_code == 404

        page = await browser.get("/console/login")
        assert page.headers["cache-control"] == "no-store"
        assert "content-encoding" not in page.headers
        style = re.search(r'/static/[^"]+\.css\?v=\w+', account)
        assert style is not None
        sheet = await browser.get(style[0])
        assert sheet.headers["content-encoding"] == "gzip"
        assert "immutable" in sheet.headers["cache-control"]
        assert any(path.is_file() for path in (house.nginx.folder / "static").rglob("*")), "nginx has not kept it"


@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Content-Length: 4\r\nContent-Length: 5",
        "Transfer-Encoding: chunked, identity",
        "Content-Length : 4",
    ],
)
async def test_requests_that_can_be_read_in_two_ways_are_refused(tmp_path: Path, head: str) -> None:
    reached = asyncio.Event()

    async def desk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        writer.close()

    server = await asyncio.start_server(desk, "127.0.0.1", 0)
    async with server, beside(tmp_path, server.sockets[0]) as nginx:
        reader, writer = await asyncio.open_connection("127.0.0.1", nginx.port)
        writer.write(f"POST /chat HTTP/1.1\r\nHost: desk\r\n{head}\r\n\r\n0\r\n\r\n".encode())
        status = int((await reader.readline()).split()[1])
        assert status in (400, 501)
        assert not reached.is_set()
        writer.close()


def test_the_files_as_they_are_shipped_please_nginx(tmp_path: Path) -> None:
    """With TLS, the other names and the cache; only paths and ports are those of this machine."""
    certificate(tmp_path)
    listen = here((DEPLOY / "nginx/wismo/listen.conf").read_text(), tmp_path)
    edge = here((DEPLOY / "nginx/wismo-edge.conf").read_text(), tmp_path)
    nginx = Nginx(tmp_path / "nginx", [8001, 8002], listen=listen, edge=edge)
    shutil.copy(DEPLOY / "nginx/wismo/upstream.conf", nginx.folder / "wismo")
    assert nginx.complaints() == ""


async def test_a_rolling_restart_under_load_loses_nothing(house: House) -> None:
    chance, history = random.Random(7), History()
    stop, end = asyncio.Event(), asyncio.Event()
    writers = [Writer(f"w{n}", lambda: house.nginx.address, history, chance, 0.05) for n in range(6)]
    readers = [Reader(writer, lambda: house.nginx.address, history, chance) for writer in writers]
    async with asyncio.TaskGroup() as group:
        writing = [group.create_task(writer.write(stop)) for writer in writers]
        for reader in readers:
            group.create_task(reader.read(end))
        await until(lambda: all(writer.talk for writer in writers))
        for place, web in enumerate(house.webs):
            house.webs[place] = await asyncio.to_thread(house.cluster.restart, web)
            enough = len(history.waits) + 30
            await until(partial(acknowledged, history, enough))
        worker = next(process for process in house.cluster.processes if "work" in process.command)
        await asyncio.to_thread(house.cluster.restart, worker)
        stop.set()
        await asyncio.gather(*writing)
        final = {writer.name: await stored(writer) for writer in writers}
        await until(lambda: all(reader.last == len(final[reader.writer.name]) for reader in readers))
        end.set()
    verdict = history.judge(final)
    assert verdict.clean, verdict
    assert verdict.unsure == 0
    assert verdict.acked > 100
    assert sum(writer.connections for writer in writers) > len(writers)
    assert max(history.waits) < PATIENCE


def here(text: str, folder: Path) -> str:
    """The certificate and free ports of this machine, which may have no IPv6."""
    text = re.sub(r"^\s*listen \[::\].*\n", "", text, flags=re.MULTILINE)
    for port in ("443", "80"):
        text = re.sub(rf"listen {port}\b", f"listen 127.0.0.1:{free_port()}", text)
    text = re.sub(r"/etc/letsencrypt/live/[\w.]+", str(folder), text)
    return text.replace("/var/cache/nginx/wismo", str(folder / "cache"))


def certificate(folder: Path) -> None:
    """One that we signed ourselves."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "help.shop.example")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now(), now() + DAY)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "fullchain.pem").write_bytes(pem)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "privkey.pem").write_bytes(secret)


def acknowledged(history: History, count: int) -> bool:
    return len(history.waits) >= count


async def sockets_at(address: str) -> int:
    async with httpx2.AsyncClient(base_url=address, timeout=PATIENCE) as monitoring:
        found = re.search(r"^wismo_sockets_open (\d+)", (await monitoring.get("/metrics")).text, re.MULTILINE)
    assert found is not None
    return int(found[1])


@asynccontextmanager
async def beside(folder: Path, listening: socket.socket) -> AsyncIterator[Nginx]:
    nginx = Nginx(folder / "nginx", [listening.getsockname()[1]])
    await asyncio.to_thread(nginx.start)
    try:
        yield nginx
    finally:
        await asyncio.to_thread(nginx.close)
