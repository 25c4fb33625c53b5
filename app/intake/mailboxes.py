"""The mail that we fetch: one task for each mailbox that is ours to read, over however many processes there are."""

import asyncio
import secrets

import structlog
from prometheus_client import Counter

from app.gateways.imap_troubles import ImapTrouble
from app.mail.fetching.following import follow
from app.mail.fetching.taking import TurnLost
from app.mail.fetching.turns import due, end_turn, hold_turn, note_failure, take_turn
from app.mail.mailbox_models import Mailbox
from app.settings import Settings
from core.tasks import end, spawn

log = structlog.get_logger(__name__)

LOOK_SECONDS = 3.0  # until a mailbox that was added, or that another process has left, is read
MOST = 200  # mailboxes of one process, each with a thread and a socket
OUR_FAULT = "our_fault"

troubles = Counter("wismo_mailbox_troubles_total", "Times that a mailbox could not be read, by reason", ["reason"])


class MailboxReader:
    """Reads mailboxes until it is closed."""

    def __init__(self, settings: Settings) -> None:
        self._secret, self._private = settings.secret, settings.private_hosts
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for mailboxes."""
        self._looking = spawn(self._look(), name="mailboxes")

    async def close(self) -> None:
        """Hang up everywhere. What is being committed is committed; others may read at once."""
        if self._looking is not None:
            await end([self._looking])
        await end(self._tasks.values())

    async def _look(self) -> None:
        while True:
            try:
                for mailbox in await due():
                    self._tasks = {key: task for key, task in self._tasks.items() if not task.done()}
                    if mailbox.id not in self._tasks and len(self._tasks) < MOST:
                        task = spawn(self._read(mailbox.id), name=f"mailbox {mailbox.public_id}")
                        self._tasks[mailbox.id] = task
            except Exception:
                log.exception("mailboxes_not_seen")
            await asyncio.sleep(LOOK_SECONDS * (0.75 + secrets.randbelow(128) / 256))

    async def _read(self, mailbox_id: int) -> None:
        """Read one mailbox while it is ours, and note why that ended."""
        try:
            mailbox = await take_turn(mailbox_id)
        except Exception:
            log.exception("mailbox_not_taken")
            return
        if mailbox is None:
            return
        try:
            await self._follow(mailbox)
        finally:
            await asyncio.shield(spawn(_let_go(mailbox), name=f"let go {mailbox.public_id}"))

    async def _follow(self, mailbox: Mailbox) -> None:
        reading = spawn(follow(mailbox, self._secret, private=self._private), name=f"follow {mailbox.public_id}")
        holding = spawn(hold_turn(mailbox), name=f"hold {mailbox.public_id}")
        try:
            await asyncio.wait([reading, holding], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end([reading, holding])
        if not reading.cancelled() and (error := reading.exception()) is not None:
            await _note(mailbox, error)


async def _note(mailbox: Mailbox, error: BaseException) -> None:
    if isinstance(error, TurnLost):
        return
    reason = error.code if isinstance(error, ImapTrouble) else OUR_FAULT
    detail = error.detail if isinstance(error, ImapTrouble) else ""
    refused = isinstance(error, ImapTrouble) and error.refused
    troubles.labels(reason).inc()
    log.warning("mailbox_failed", mailbox=mailbox.public_id, reason=reason, exc_info=None if detail else error)
    try:
        fresh = await Mailbox.get_or_none(id=mailbox.id)
        if fresh is not None:
            await note_failure(fresh, reason, detail, refused=refused)
    except Exception:
        log.exception("mailbox_failure_not_noted", mailbox=mailbox.public_id)


async def _let_go(mailbox: Mailbox) -> None:
    try:
        await end_turn(mailbox)
    except Exception:
        log.exception("mailbox_not_let_go", mailbox=mailbox.public_id)  # the lease runs out by itself
