"""One connection to a mailbox, for the event loop: the blocking library runs in a thread of its own, every command has
a deadline, and whoever is cancelled leaves neither a thread nor a socket behind.
"""

import asyncio
import contextlib
import imaplib
import logging
import re
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from imapclient import SEEN
from imapclient.datetime_util import format_criteria_date
from imapclient.exceptions import CapabilityError

from app.gateways.imap_account import Account, Attributes, Folder, sign_in
from app.gateways.imap_troubles import (
    FOLDER_MISSING,
    LOGIN_REFUSED,
    NO_STARTTLS,
    NOT_SECURE,
    PORT_REFUSED,
    ImapTrouble,
    folder_trouble,
    trouble,
)
from app.gateways.imap_wire import ROOM, Client, Line
from app.gateways.outside import HostRefused, HostUnknown, endpoints

T = TypeVar("T")

SECONDS = 120.0  # for one command, or one piece of a mail
POLL_SECONDS = 60.0  # between two looks where the server cannot call us
PIECE = 512 * 1024  # bytes of a mail that are asked for at once
PORTS = frozenset({143, 993})  # elsewhere other things than mail listen
_MOST_FOLDERS = 500
_WINDOW, _LARGEST_WINDOW, _FEW = 20_000, 1 << 30, 2_000  # numbers that one search looks at
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")  # a line break would begin another command
_UNSELECTABLE = frozenset({b"\\noselect", b"\\nonexistent"})

logging.getLogger("imapclient").setLevel(logging.WARNING)  # it logs user names, and at debug every line


class Imap:
    """An account that is signed in. Every method may raise ImapTrouble, and the connection is over then, unless the
    code is `command_refused` or `folder_missing`."""

    def __init__(self, line: Line, account: Account) -> None:
        self._line, self._account = line, account
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="imap")
        self._opened: Client | None = None
        self._client: Client | None = None  # the same as long as it can be used
        self._idles = False

    @classmethod
    async def connect(cls, account: Account) -> "Imap":
        """Connect and sign in. Raises ImapTrouble."""
        if account.port not in PORTS and not account.private:
            raise ImapTrouble(code=PORT_REFUSED)
        if account.security == "plain" and not account.private:
            raise ImapTrouble(code=NOT_SECURE)
        if _CONTROL.search(account.user + account.password + account.token):
            raise ImapTrouble(code=LOGIN_REFUSED)
        try:
            found = await endpoints(account.host, account.port, private=account.private)
        except (HostRefused, HostUnknown) as error:
            raise trouble(error) from None
        imap = cls(Line(found), account)
        try:
            await imap._do(imap._open)
        except BaseException:
            await imap.close()
            raise
        return imap

    async def folders(self) -> list[str]:
        """The folders that can be opened, the inbox first."""
        return await self._do(self._folders)

    async def open(self, folder: str, *, writable: bool = False) -> Folder:
        """Open a folder; read-only unless `writable`. Raises ImapTrouble (folder_missing with the folders)."""
        if _CONTROL.search(folder):
            raise ImapTrouble(code=FOLDER_MISSING)
        return await self._do(self._select, folder, writable)

    async def uids(self, first: int, last: int, since: datetime | None = None) -> list[int]:
        """The numbers of the mails from `first` to `last` in order; with `since`, at least those that came since."""
        found, window = list[int](), _WINDOW
        while first <= last:
            end = min(first + window - 1, last)
            some = await self._do(self._search, first, end, since)
            found += [uid for uid in some if first <= uid <= end]
            window = min(window * 4, _LARGEST_WINDOW) if len(some) < _FEW else _WINDOW
            first = end + 1
        return sorted(found)

    async def attributes(self, uids: Sequence[int]) -> dict[int, Attributes]:
        """Sizes and times; a mail that is gone has none."""
        return await self._do(self._attributes, list(uids)) if uids else {}

    async def content(self, uid: int, announced: int, most: int) -> bytes:
        """The whole mail, which was announced with so many bytes, byte for byte; empty when it is gone.

        Large ones come in pieces. Some servers cut what they give in pieces short, and many announce a wrong size:
        what is shorter than announced is asked for once more as a whole. Raises ImapTrouble above `most` bytes.
        """
        if announced <= PIECE:
            return await self._do(self._body, uid, "BODY.PEEK[]", room=most)
        pieces, length = list[bytes](), 0
        while length <= most:
            piece = await self._do(self._body, uid, f"BODY.PEEK[]<{length}.{PIECE}>", room=PIECE)
            pieces.append(piece)
            length += len(piece)
            if len(piece) < PIECE:
                break
        if length < announced:
            whole = await self._do(self._body, uid, "BODY.PEEK[]", room=most)
            return max(b"".join(pieces), whole, key=len)
        return b"".join(pieces)

    async def head(self, uid: int, most: int) -> bytes:
        """The first `most` bytes of the header."""
        return await self._do(self._body, uid, f"BODY.PEEK[HEADER]<0.{most}>", room=most)

    async def mark_seen(self, uids: Sequence[int]) -> None:
        """Mark mails as read at the server."""
        await self._do(partial(self._require().add_flags, list(uids), [SEEN], silent=True))

    async def wait(self, seconds: float) -> None:
        """Wait until the server has something to say, at most `seconds`; without IDLE, until it is time to look."""
        if self._idles:
            self._idles = await self._do(self._require().wait_for_news, seconds, seconds=seconds + SECONDS)
        else:
            await asyncio.sleep(min(seconds, POLL_SECONDS))

    async def close(self) -> None:
        """Say goodbye if the other side listens, and hang up."""
        if self._client is not None:
            with contextlib.suppress(ImapTrouble):
                await self._do(self._client.logout, seconds=2.0)
        self._line.cut()
        if self._opened is not None:
            closing = asyncio.get_running_loop().run_in_executor(self._thread, self._opened.shutdown)
            await asyncio.wait([closing], timeout=1.0)
        self._thread.shutdown(wait=False)

    def _require(self) -> Client:
        if self._client is None:
            raise ImapTrouble(code="lost")
        return self._client

    async def _do(self, work: Callable[..., T], *args: Any, room: int = 0, seconds: float = SECONDS) -> T:
        """Run one command in the thread. The line is cut when it takes too long or nobody waits for it any more."""
        self._line.room = ROOM + room
        running = asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args))
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(running)
        except (asyncio.CancelledError, TimeoutError) as error:
            self._line.cut()
            self._client = None
            await asyncio.wait([running], timeout=1.0)
            if running.done() and not running.cancelled():
                running.exception()  # seen
            if isinstance(error, TimeoutError):
                raise trouble(error) from None
            raise
        except Exception as error:  # noqa: BLE001 - whatever a server makes the library stumble over
            failure = trouble(error, self._account.password, self._account.token)
            if failure.code not in ("command_refused", "folder_missing"):
                self._line.cut()
                self._client = None
            raise failure from None

    def _open(self) -> None:
        account, context = self._account, None
        if account.security != "plain":
            context = ssl.create_default_context()
        client = Client(self._line, account.host, context if account.security == "tls" else None)
        client.normalise_times, self._opened = False, client
        if account.security == "starttls":
            assert context is not None
            try:
                client.start_tls(context)
            except CapabilityError:
                raise ImapTrouble(code=NO_STARTTLS) from None
        sign_in(client, account)
        if client.has_capability("ID"):  # NetEase opens no folder for programs without a name
            with contextlib.suppress(imaplib.IMAP4.error, ValueError):
                client.id_({"name": "Wismo", "vendor": "Wismo", "version": "1"})
        self._client, self._idles = client, client.has_capability("IDLE")

    def _folders(self) -> list[str]:
        listed = self._require().list_folders()
        names = [str(name) for flags, _sign, name in listed if not _UNSELECTABLE & {flag.lower() for flag in flags}]
        return sorted(set(names), key=lambda name: (name.upper() != "INBOX", name))[:_MOST_FOLDERS]

    def _select(self, folder: str, writable: bool) -> Folder:
        client = self._require()
        try:
            told = client.select_folder(folder, readonly=not writable)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise folder_trouble(error, self._folders(), folder) from None
        uidnext, exists = told.get(b"UIDNEXT", 0), told.get(b"EXISTS", 0)
        if not uidnext:  # servers older than RFC 3501
            uidnext = max(client.search("UID *"), default=0) + 1 if exists else 1
        return Folder(told.get(b"UIDVALIDITY", 0), uidnext, exists)

    def _search(self, first: int, last: int, since: datetime | None) -> list[int]:
        words = f"UID {first}:{last}"
        if since is not None:  # by the server's calendar, whose day may be the one before ours
            words += f" SINCE {format_criteria_date(since - timedelta(days=1)).decode()}"
        return list(self._require().search(words))

    def _attributes(self, uids: list[int]) -> dict[int, Attributes]:
        told = self._require().fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        found = {}
        for uid, values in told.items():
            size, arrived = values.get(b"RFC822.SIZE"), values.get(b"INTERNALDATE")
            if isinstance(size, int):
                found[uid] = Attributes(size, arrived.astimezone(UTC) if isinstance(arrived, datetime) else None)
        return found

    def _body(self, uid: int, what: str) -> bytes:
        told = self._require().fetch([uid], [what]).get(uid, {})
        found = next((value for name, value in told.items() if bytes(name).startswith(b"BODY[")), None)
        return found if isinstance(found, bytes) else b""
