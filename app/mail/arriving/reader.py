"""Mails are read in a few child processes with little memory and time; what ends one of them does not end us."""

import asyncio
import contextlib
import sys
from dataclasses import replace
from pathlib import Path

import structlog
from pydantic import BaseModel, ValidationError

from app.mail.reading import child
from app.mail.reading.parsing import ParsedMail
from core.errors import Unavailable, WismoError

log = structlog.get_logger(__name__)

SECONDS = 15.0  # of the wall clock for a mail; of the processor it gets 5, and a busy machine is not its fault
START_SECONDS = 30.0  # until a new process reads
AT_ONCE = 2
MOST_ANSWERED = 256 * child.MEGA  # bytes
_ROOT = str(Path(child.__file__).resolve().parents[3])
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from app.mail.reading.child import main; main()"
HEADER_BYTES = 262_144


class NotRead(WismoError):
    """Reading this mail took too long, or has ended the process that did it."""

    code = "mail_not_read"


class Reader:
    """At most `AT_ONCE` child processes that read mails: started when there is work, kept warm, ended with us."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._places = asyncio.Semaphore(AT_ONCE)
        self._idle: list[_Child] = []

    async def read(self, mail: bytes) -> ParsedMail:
        """All that can be read of `mail`, with its HTML cleaned. Raises NotRead; Unavailable when no process starts."""
        return await self._ask(child.WHOLE, mail)

    async def read_headers(self, mail: bytes) -> ParsedMail:
        """Only who wrote and about what. Raises as `read` does."""
        return await self._ask(child.HEADERS, mail[:HEADER_BYTES])

    async def close(self) -> None:
        """End those that wait for work; those that read are ended by whoever waits for them."""
        while self._idle:
            await self._idle.pop().end()

    async def _ask(self, what: bytes, mail: bytes) -> ParsedMail:
        async with self._places:
            reading = self._idle.pop() if self._idle else await _start()
            try:
                async with asyncio.timeout(self.seconds):
                    read, last = await reading.ask(what, mail)
            except (TimeoutError, OSError, EOFError, ValueError, ValidationError) as error:
                await reading.end()
                log.warning("mail_not_read", why=type(error).__name__, exit=reading.exit_code, size=len(mail))
                raise NotRead(f"{type(error).__name__}, exit {reading.exit_code}") from None
            except BaseException:
                await reading.end()
                raise
            if last:
                await reading.end()
            else:
                self._idle.append(reading)
            return read


class _Answer(BaseModel):
    """What a child says before the files: nothing is believed but its form."""

    mail: ParsedMail
    sizes: list[int]


class _Child:
    """One process; it is asked one thing at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._to, self._from = process, process.stdin, process.stdout

    @property
    def exit_code(self) -> int | None:
        """How it ended: -9 for killed, -6 and -11 for its own faults; None while it lives."""
        return self._process.returncode

    async def ready(self) -> None:
        """Wait until it has loaded its program. Raises EOFError."""
        await self._from.readexactly(len(child.READY))

    async def ask(self, what: bytes, mail: bytes) -> tuple[ParsedMail, bool]:
        """What it has read, and whether it ends now. Raises EOFError, OSError, ValueError."""
        self._to.write(child.ASKED.pack(what, len(mail)))
        self._to.write(mail)
        await self._to.drain()
        size, of_files, last = child.ANSWERED.unpack(await self._from.readexactly(child.ANSWERED.size))
        if size + of_files > MOST_ANSWERED:
            raise ValueError("too long an answer")
        answer = _Answer.model_validate_json(await self._from.readexactly(size))
        contents = [await self._from.readexactly(size) for size in answer.sizes]
        files = (
            replace(file, content=content) for file, content in zip(answer.mail.attachments, contents, strict=True)
        )
        return replace(answer.mail, attachments=tuple(files)), last

    async def end(self) -> None:
        """Now, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


async def _start() -> _Child:
    """A new process: it has nothing of our environment and open files, and does not hear what a terminal says."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    program = (sys.executable, "-I", "-c", _PROGRAM, _ROOT)
    try:
        process = await asyncio.create_subprocess_exec(
            *program, stdin=pipe, stdout=pipe, stderr=nothing, env={}, start_new_session=True, limit=1 << 20
        )
    except OSError as error:
        raise Unavailable(f"a process to read mail: {error.strerror}", code="reader_unavailable") from None
    started = _Child(process)
    try:
        async with asyncio.timeout(START_SECONDS):
            await started.ready()
    except (TimeoutError, EOFError):
        await started.end()
        raise Unavailable("a process to read mail did not start", code="reader_unavailable") from None
    except BaseException:
        await started.end()
        raise
    return started
