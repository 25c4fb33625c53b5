"""The two settings in which faults happen: one process on SQLite, and several behind nginx on PostgreSQL and Redis."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from tests.faults.postgres import Postgres, restartable_postgres
from tests.faults.proxy import FaultProxy, proxy_to
from tests.scale.nginx import Nginx
from tests.scale.running import ROOT, Cluster, Process
from tests.servers import free_port


class OneProcess:
    """`wismo run` with SQLite, and a bad line in front of it."""

    name = "one process, SQLite"

    def __init__(self, folder: Path, front: FaultProxy, within: Sequence[str] = ()) -> None:
        self.front = front
        self.folder = folder
        self.within = within
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "WISMO_DATA_DIR": str(folder),
            "WISMO_PORT": str(front.target),
            "WISMO_MAIL_PORT": "-1",
            "WISMO_RATE_SCALE": "1000",
            "WISMO_LOG_LEVEL": "error",
        }
        self.process = Process(self.environment, "run", within=self.within)
        self.statuses: list[int] = []

    def address(self) -> str:
        return f"http://127.0.0.1:{self.front.port}"

    def end(self, by: signal.Signals) -> None:
        """End the process by a signal and start the next one."""
        status = self.process.end(by)
        self.statuses += [status] if by != signal.SIGKILL else []
        self.start()

    def start(self) -> None:
        self.process = Process(self.environment, "run", within=self.within)
        self.process.wait_until_open()

    def close(self) -> None:
        if self.process.process.poll() is None:
            self.process.process.kill()
            self.process.process.wait(10)


class Several:
    """Two web processes, a worker, nginx, and a bad line on every hop."""

    name = "two web processes, PostgreSQL, Redis"

    def __init__(self, cluster: Cluster, postgres: Postgres, hops: dict[str, FaultProxy]) -> None:
        self.cluster, self.postgres, self.hops = cluster, postgres, hops
        self.front, self.database, self.redis = hops["front"], hops["database"], hops["redis"]
        self.statuses: list[int] = []

    def address(self) -> str:
        return f"http://127.0.0.1:{self.front.port}"

    def any_of(self, command: str) -> list[Process]:
        """The processes that were started by this command: serve or work."""
        return [process for process in self.cluster.processes if command in process.command]

    def end(self, process: Process, by: signal.Signals) -> None:
        """End a process by a signal and start another one in its place."""
        status = process.end(by)
        self.statuses += [status] if by != signal.SIGKILL else []
        self.cluster.again(process)


House = OneProcess | Several


@asynccontextmanager
async def one_process(folder: Path, within: Sequence[str] = ()) -> AsyncIterator[OneProcess]:
    """A desk with the demo shops on SQLite."""
    async with proxy_to(free_port()) as front:
        house = OneProcess(folder, front, within)
        try:
            await asyncio.to_thread(house.process.wait_until_open)
            yield house
        finally:
            await asyncio.to_thread(house.close)


@asynccontextmanager
async def several(folder: Path) -> AsyncIterator[Several]:
    """A desk with the demo shops on a PostgreSQL of its own."""
    with ExitStack() as stack:
        postgres = await asyncio.to_thread(stack.enter_context, restartable_postgres())
        address = f"postgresql://postgres@127.0.0.1:{postgres.port}/wismo"
        cluster = Cluster(address, folder)
        stack.callback(cluster.close)
        cluster.environment["WISMO_RATE_SCALE"] = "1000"
        await asyncio.to_thread(_fill, postgres, cluster)
        async with (
            proxy_to(free_port()) as front,
            proxy_to(postgres.port) as database,
            proxy_to(cluster.redis.port) as redis,
        ):
            cluster.environment["WISMO_DATABASE_URL"] = address.replace(str(postgres.port), str(database.port))
            cluster.environment["WISMO_REDIS_URL"] = f"redis://127.0.0.1:{redis.port}/0"
            webs = await asyncio.to_thread(cluster.open)
            nginx = Nginx(folder / "nginx", [int(web.environment["WISMO_PORT"]) for web in webs], port=front.target)
            await asyncio.to_thread(nginx.start)
            stack.callback(nginx.close)
            try:
                yield Several(cluster, postgres, {"front": front, "database": database, "redis": redis})
            finally:
                await asyncio.to_thread(stack.close)


def _fill(postgres: Postgres, cluster: Cluster) -> None:
    server = ["-h", "127.0.0.1", "-p", str(postgres.port), "-U", "postgres"]
    subprocess.run([str(postgres.programs / "createdb"), *server, "wismo"], check=True)
    command = [sys.executable, "-m", "app.cli", "demo"]
    subprocess.run(command, cwd=ROOT, env=cluster.environment, check=True, capture_output=True)
