"""The program as an operator calls it: commands that end in this process, what goes on in one of its own."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import main

ROOT = Path(__file__).resolve().parents[2]
LOGGING = [
    module for name, module in sys.modules.items() if name.startswith("app.cli") and "configure_logs" in vars(module)
]


class Desk:
    """One installation: a data folder and its settings."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("WISMO_")}
        self.environment |= {"WISMO_DATA_DIR": str(folder), "WISMO_PORT": "0", "WISMO_LOG_LEVEL": "warning"}
        self.environment |= {f"WISMO_{name}": value for name, value in settings.items()}

    def call(self, *arguments: str, status: int = 0, typed: str = "") -> str:
        """Run one command to its end. Returns what it said; `status` is the one it must end with."""
        outside: dict[str, str | None] = {name: None for name in os.environ if name.startswith("WISMO_")}
        inside = {name: value for name, value in self.environment.items() if name.startswith("WISMO_")}
        with pytest.MonkeyPatch.context() as patch:
            for module in LOGGING:
                patch.setattr(module, "configure_logs", lambda *_: None)  # it is for the whole process
            answer = CliRunner().invoke(main, arguments, input=typed, env={**outside, **inside}, prog_name="wismo")
        if answer.exception is not None and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        assert answer.exit_code == status, answer.output
        return answer.output

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command that goes on, with pipes."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )


class Served:
    """A desk that serves; `address` is where."""

    def __init__(self, desk: Desk, *command: str) -> None:
        self.process = desk.start(*command)
        assert self.process.stdout is not None
        self.said = ""
        self.address = ""
        for line in self.process.stdout:
            self.said += line
            if found := re.search(r"Console +(http://\S+)/console", line):
                self.address = found[1]
            if "Ctrl-C" in line:
                return
        raise AssertionError(self.said)

    def end(self, by: signal.Signals) -> int:
        """Send a signal and wait. Returns the exit status; `said` is complete then."""
        assert self.process.stdout is not None
        self.process.send_signal(by)
        self.said += self.process.stdout.read()
        return self.process.wait(20)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
