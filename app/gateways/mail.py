"""Outgoing mail: one interface, and its twins for demos and tests. The SMTP client is in `smtp`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.errors import Unavailable, WismoError


class MailRefused(WismoError):
    """The server said no for good (5xx) to this mail; trying again cannot help."""

    code = "mail_refused"


class MailDeferred(Unavailable):
    """The mail could not be handed over now (4xx, no connection, a wrong password); it can be tried again."""

    code = "mail_deferred"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the server said against one recipient; `final` when it will say so again."""

    words: str
    final: bool


class Mailer(Protocol):
    """Hands mails to the world."""

    async def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> Mapping[str, Refusal]:
        """Hand one mail over. Returns who of the recipients was refused: all others have it.

        Raises MailRefused when the mail itself never will be taken, MailDeferred when nothing goes now.
        """

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class SentMail:
    """What a recording mailer was asked to send to one recipient."""

    envelope_from: str
    recipient: str
    content: bytes


class DemoMailbox:
    """Sends nothing: the demo's mailbox page shows the outbox itself."""

    async def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> Mapping[str, Refusal]:
        return {}

    async def close(self) -> None:
        return


class RecordingMailer:
    """Keeps what it was asked to send; `refuse` and `defer` hold recipients to whom it says no."""

    def __init__(self) -> None:
        self.sent: list[SentMail] = []
        self.refuse: set[str] = set()
        self.defer: set[str] = set()

    async def send(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> Mapping[str, Refusal]:
        refused = {name: Refusal("550 5.1.1 no such address", True) for name in recipients if name in self.refuse}
        refused |= {name: Refusal("451 4.3.0 try again later", False) for name in recipients if name in self.defer}
        self.sent += [SentMail(envelope_from, name, content) for name in recipients if name not in refused]
        return refused

    async def close(self) -> None:
        return
