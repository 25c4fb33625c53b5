"""A PostgreSQL that may be stopped in any way and comes back on its port; what it has committed is there again."""

import contextlib
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import (
    START_SECONDS,
    free_port,
    identity,
    make_cluster,
    own_folder,
    postgres_command,
    postgres_programs,
    server_account,
    wait_until_ready,
)


class Postgres:
    """Acknowledges after writing, so that even kill -9 takes nothing away. (A power cut is not what is rehearsed.)"""

    def __init__(self, folder: Path, account: pwd.struct_passwd | None) -> None:
        self.folder, self.account = folder, account
        self.programs, self.port = postgres_programs(), free_port()
        self.process: subprocess.Popen[bytes] | None = None
        make_cluster(account, self.programs, folder / "data")

    def start(self) -> None:
        """Start, and wait until somebody is let in. What a killed server left behind may still hold the data."""
        command = [*postgres_command(self.programs, self.folder, self.port), "-c", "synchronous_commit=on"]
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with (self.folder / "server.log").open("ab") as log:
                self.process = subprocess.Popen(
                    command, stdout=log, stderr=log, start_new_session=True, **identity(self.account)
                )
            with contextlib.suppress(TimeoutError):
                wait_until_ready(self.programs, self.port, self.process)
                return
        raise TimeoutError((self.folder / "server.log").read_text(errors="replace")[-2000:])

    def stop(self, by: signal.Signals) -> None:
        """SIGINT: fast; SIGQUIT: immediate; SIGKILL: nobody cleans up."""
        assert self.process is not None
        self.process.send_signal(by)
        self.process.wait(START_SECONDS)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """None of its processes moves meanwhile. They keep their sockets, so nobody is told."""
        assert self.process is not None
        self._signal_all(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        assert self.process is not None
        server = self.process.pid
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        for pid in (server, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def restartable_postgres() -> Iterator[Postgres]:
    """Run one, in a folder of its own, for the length of the block."""
    account = server_account()
    with own_folder("wismo-pgf-", account) as folder:
        server = Postgres(folder, account)
        server.start()
        try:
            yield server
        finally:
            if server.process is not None and server.process.poll() is None:
                server.stop(signal.SIGQUIT)
