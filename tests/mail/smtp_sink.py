"""A mail server that is not ours: Postfix's own sink keeps each mail that it has replied with 250 in a file."""

import os
import pwd
import re
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from tests.servers import ServerMissing, on_a_free_port, own_folder

_READER = BytesParser(policy=policy.default)
_ENVELOPE = re.compile(rb"X-Mail-Args: <(.*?)>.*?X-Rcpt-Args: <(.*?)>", re.DOTALL)


@dataclass(frozen=True)
class Taken:
    """One mail that the world has: its envelope, and its content as it came over the line."""

    sender: str
    recipient: str
    content: bytes
    path: Path

    @property
    def message(self) -> EmailMessage:
        """Read with the standard library, so that nobody judges what they have written themselves."""
        found = _READER.parsebytes(self.content)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def header_id(self) -> str:
        return str(self.message["Message-ID"]).strip("<> ")


@dataclass(frozen=True)
class SmtpSink:
    """A running sink; each mail is a file in `folder`."""

    port: int
    folder: Path

    def mails(self) -> list[Taken]:
        """All that was taken. Half a mail is a file, too, until its line ends: ask when nobody is sending."""
        return [_read(path) for path in self.folder.glob("mail.*")]


@contextmanager
def smtp_sink(*options: str) -> Iterator[SmtpSink]:
    """Run Postfix's smtp-sink for the length of the block. Raises ServerMissing."""
    program = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
    if not Path(program).exists():
        raise ServerMissing("smtp-sink is not installed (Debian package postfix)")
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None  # it does not run as root
    with own_folder("wismo-sink-", account) as folder:

        def command(port: int) -> Sequence[str]:
            return [program, "-4", *options, "-d", f"{folder}/mail.", f"127.0.0.1:{port}", "100"]

        with on_a_free_port(command, folder / "server.log", account, end=signal.SIGTERM) as port:
            yield SmtpSink(port, folder)


def _read(path: Path) -> Taken:
    """Above the mail it notes the dialogue in fields of its own, and the lines end as on Unix."""
    dump = path.read_bytes()
    envelope = _ENVELOPE.search(dump)
    assert envelope is not None, dump[:500]
    return Taken(envelope[1].decode(), envelope[2].decode(), dump, path)
