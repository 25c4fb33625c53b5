"""A desk of several processes on PostgreSQL and Redis, as an operator starts them, and people at their sockets."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx2
from websockets.asyncio.client import connect

from app.gateways.simulators.wire import Wire
from tests.realtime.clients import Client
from tests.servers import free_port, stop, wait_for_port

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "wismo-demo"
PATIENCE = 30.0  # seconds on a busy machine
SERVE = ("serve", "--no-work", "--no-intake")


class Door(Protocol):
    """A web process, or what stands in front of several."""

    @property
    def address(self) -> str:
        """http://host:port"""
        ...


class Redis:
    """A Redis that keeps its port when it is killed and started again; it forgets everything meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program is not None
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder), "--save", ""]
        self.process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        assert wait_for_port(self.port, self.process)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process is not None:
            stop(self.process)


class Process:
    """`wismo serve` or `wismo work`; `within`: a command that ends by running it."""

    def __init__(self, environment: dict[str, str], *command: str, within: Sequence[str] = ()) -> None:
        self.command, self.environment = command, environment
        self.log = Path(environment["WISMO_DATA_DIR"]) / f"{'-'.join(command)}-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            line = [*within, sys.executable, "-m", "app.cli", *command]
            self.process = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=log, stderr=log)
        self.address = ""

    def wait_until_open(self) -> None:
        """Wait until it says where it is."""
        found = self._wait_for(r"Console +(http://127\.0\.0\.1:\d+)/")
        self.address = found[1]

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait. Returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(by)
        return self.process.wait(PATIENCE)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def _wait_for(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + 90  # a busy machine takes its time to import
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.said()):
                return found
            assert self.process.poll() is None, self.said()
            time.sleep(0.02)
        raise AssertionError(self.said())


class Cluster:
    """The processes of one desk: one database, one Redis, one data folder."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.redis = Redis(folder)
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "WISMO_DATA_DIR": str(folder),
            "WISMO_DATABASE_URL": database_url,
            "WISMO_REDIS_URL": self.redis.url,
            "WISMO_PORT": "0",
            "WISMO_RATE_SCALE": "20",
            "WISMO_LOG_LEVEL": "warning",
        }
        self.processes: list[Process] = []

    def open(self, webs: int = 2) -> list[Process]:
        """Start Redis, the webs and one worker, on a database that holds the demo shops."""
        self.redis.start()
        started = [self.start(*SERVE, port=free_port()) for _ in range(webs)]
        self.start("work")
        for web in started:
            web.wait_until_open()
        return started

    def start(self, *command: str, port: int = 0) -> Process:
        process = Process(self.environment | {"WISMO_PORT": str(port)}, *command)
        self.processes.append(process)
        return process

    def restart(self, process: Process, by: signal.Signals = signal.SIGTERM) -> Process:
        """End a process and start another one in its place, as systemd does. Returns it as soon as it is there."""
        status = process.end(by)
        assert by == signal.SIGKILL or status == 0, process.said()
        return self.again(process)

    def again(self, process: Process) -> Process:
        """A new process in the place of one that has ended."""
        self.processes.remove(process)
        successor = self.start(*process.command, port=int(process.environment["WISMO_PORT"]))
        if "serve" in process.command:
            successor.wait_until_open()
        return successor

    def close(self) -> None:
        for process in self.processes:
            if process.process.poll() is None:
                process.process.kill()
                process.process.wait(10)
        self.redis.close()


@asynccontextmanager
async def customer(web: Door, *, token: str = "", last: int = 0, site: str = "lumen") -> AsyncIterator[Client]:
    """A customer whose widget is connected to this process."""
    async with _socket(web, "/chat/ws") as client:
        await client.hello(site=site, token=token, last=last)
        yield client


@asynccontextmanager
async def agent(web: Door, email: str = "maya@wismo.example") -> AsyncIterator[Client]:
    """An agent who has logged in at this process and opened the console there."""
    async with httpx2.AsyncClient(
        base_url=web.address, headers={"Sec-Fetch-Site": "same-origin"}, timeout=PATIENCE
    ) as browser:
        answer = await browser.post("/console/login", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        cookie = f"wismo_session={browser.cookies['wismo_session']}"
    async with _socket(web, "/console/ws", cookie) as client:
        await client.hello()
        yield client


async def send(web: Door, wire: Wire) -> None:
    """The shop's platform tells this process something."""
    async with httpx2.AsyncClient(base_url=web.address, timeout=PATIENCE) as platform:
        answer = await platform.post(wire.path, headers=wire.headers, content=wire.body)
    assert answer.status_code == 200, answer.text


async def code_for(web: Door, address: str) -> str:
    """The newest one-time code in the demo mailbox."""
    deadline = time.monotonic() + PATIENCE
    async with httpx2.AsyncClient(base_url=web.address, timeout=PATIENCE) as browser:
        while time.monotonic() < deadline:
            page = (await browser.get("/demo/mailbox", params={"to": address})).text
            if letter := re.search(r"/demo/mailbox/mlo_\w+", page):
                text = re.sub(r"<[^>]+>", " ", (await browser.get(letter[0])).text)
                if found := re.search(r"(?<![\d#])\d{6}(?!\d)", text):
                    return found[0]
    raise AssertionError(f"no code for {address}")


@asynccontextmanager
async def _socket(web: Door, path: str, cookie: str = "") -> AsyncIterator[Client]:
    headers: Any = {"Cookie": cookie} if cookie else {}
    options: Any = {"origin": web.address, "additional_headers": headers, "max_queue": None, "open_timeout": PATIENCE}
    async with connect(web.address.replace("http", "ws") + path, **options) as socket:
        yield Client(socket)
