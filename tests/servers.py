"""Private PostgreSQL and Redis servers for the tests: own folder, free port, loopback only, gone at the end."""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

START_SECONDS = 30.0
STOP_SECONDS = 10.0
MEMORY_BYTES = 2 * 1024**3


class ServerMissing(Exception):
    """The program is not installed; the message says what to install."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server whose only account, `postgres`, needs no password."""

    host: str
    port: int
    folder: Path
    program_folder: Path

    def url(self, database: str) -> str:
        return f"postgresql://postgres@{self.host}:{self.port}/{database}"

    def run(self, *statements: str) -> None:
        """Run statements, each by itself, in the maintenance database."""
        for statement in statements:
            self.ask(statement)

    def ask(self, statements: str, database: str = "postgres") -> str:
        """Run statements at once in a database. Returns what they print."""
        account = ["-h", self.host, "-p", str(self.port), "-U", "postgres", "-d", database]
        answer = subprocess.run(
            [str(self.program_folder / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", *account],
            input=statements,
            capture_output=True,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )
        if answer.returncode:
            raise RuntimeError(f"{statements}: {answer.stderr.strip()}")
        return answer.stdout.strip()


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run PostgreSQL for the length of the block. Raises ServerMissing."""
    programs = postgres_programs()
    account = server_account()
    with own_folder("wismo-pg-", account) as folder:
        data = folder / "data"
        make_cluster(account, programs, data)
        command = partial(postgres_command, programs, folder)
        with on_a_free_port(command, folder / "server.log", account, end=signal.SIGQUIT) as port:
            wait_until_ready(programs, port)
            yield PostgresServer("127.0.0.1", port, folder, programs)


@contextmanager
def redis_server() -> Iterator[str]:
    """Run Redis for the length of the block and yield its URL. Raises ServerMissing."""
    program = shutil.which("redis-server")
    if program is None:
        raise ServerMissing("redis-server is not installed (Debian package redis-server)")
    with own_folder("wismo-redis-", None) as folder:

        def command(port: int) -> list[str]:
            only_here = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
            return [program, *only_here, "--save", "", "--appendonly", "no"]

        with on_a_free_port(command, folder / "server.log", None, end=signal.SIGTERM) as port:
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def on_a_free_port(
    command: Callable[[int], Sequence[str]], log: Path, account: pwd.struct_passwd | None, *, end: signal.Signals
) -> Iterator[int]:
    """Start, on another port if somebody took the first one meanwhile, and stop by the signal `end`."""
    for _ in range(5):
        port = free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                command(port),
                stdout=output,
                stderr=output,
                preexec_fn=partial(_end_with_parent, end),  # noqa: PLW1509  # one system call, no lock
                **identity(account),
            )
        try:
            if wait_for_port(port, process):
                yield port
                return
        finally:
            stop(process, by=end)
    raise RuntimeError(f"the server does not start: {log.read_text(errors='replace')[-2000:]}")


def stop(process: subprocess.Popen[bytes], *, by: signal.Signals = signal.SIGTERM) -> None:
    """End a process that we started: politely, then for certain."""
    if process.poll() is None:
        process.send_signal(by)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


def free_port() -> int:
    """A TCP port of the loopback address that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes], *, seconds: float = START_SECONDS) -> bool:
    """Wait until `process` answers on `port`. False when it ended instead; raises TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.02)
    raise TimeoutError(f"nothing answers on port {port}")


def make_cluster(account: pwd.struct_passwd | None, programs: Path, data: Path) -> None:
    """The files of a new PostgreSQL."""
    options = ["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    run_as(account, [programs / "initdb", "-D", data, *options])


def postgres_programs() -> Path:
    """The folder of the newest PostgreSQL; Debian keeps its programs out of the search path."""
    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if folders:
        return max(folders, key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0)
    found = shutil.which("postgres")
    if found is None or shutil.which("initdb") is None:
        raise ServerMissing("PostgreSQL is not installed (Debian package postgresql)")
    return Path(found).resolve().parent


def postgres_command(programs: Path, folder: Path, port: int) -> list[str]:
    fast = {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(folder),
        "max_connections": "60",
        "shared_buffers": "32MB",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "autovacuum": "off",
        "timezone": "UTC",
    }
    settings = [word for name, value in fast.items() for word in ("-c", f"{name}={value}")]
    return [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port), *settings]


def _end_with_parent(end: signal.Signals) -> None:
    """Have Linux send us `end` when the test run is killed: nobody would be left to stop the server."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, end)


def server_account() -> pwd.struct_passwd | None:
    """Who runs PostgreSQL: it refuses root, so root hands over to the package's account."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        raise ServerMissing("PostgreSQL refuses to run as root and there is no account postgres") from None


def wait_until_ready(programs: Path, port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """PostgreSQL opens its port before it lets anybody in. Raises TimeoutError, at once when `process` has ended."""
    deadline = time.monotonic() + START_SECONDS
    question = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(question, check=False).returncode:
        if time.monotonic() > deadline or (process is not None and process.poll() is not None):
            raise TimeoutError("PostgreSQL does not become ready")
        time.sleep(0.02)


def identity(account: pwd.struct_passwd | None) -> dict[str, Any]:
    if account is None:
        return {"cwd": "/"}
    return {"cwd": "/", "user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def run_as(account: pwd.struct_passwd | None, command: Sequence[object]) -> None:
    answer = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, **identity(account)
    )
    if answer.returncode:
        raise RuntimeError(f"{command[0]}: {answer.stderr.strip()}")


def fast_folder() -> Path:
    """Where temporary files go: in memory if there is room. A new database costs 40 ms there and 250 ms on a disk."""
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MEMORY_BYTES
    return memory if roomy else Path(tempfile.gettempdir())


@contextmanager
def own_folder(prefix: str, owner: pwd.struct_passwd | None) -> Iterator[Path]:
    """A folder of our own. Not below pytest's tmp_path, which other accounts may not enter."""
    parent = fast_folder()
    _sweep(parent, prefix)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    (folder / "run.pid").write_text(str(os.getpid()))
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path, prefix: str) -> None:
    """Remove what runs that were killed have left behind."""
    for folder in parent.glob(f"{prefix}*"):
        try:
            os.kill(int((folder / "run.pid").read_text()), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (OSError, ValueError):
            continue  # somebody else's, or just being made
