"""An IMAP server that does what the test says: just enough of RFC 3501, and every answer can be replaced."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[[str, str], bytes]  # of a command's tag and arguments
CAPABILITIES = "IMAP4rev1 ID IDLE AUTH=PLAIN"


@dataclass
class ScriptedImap:
    """`mails` by number; `answers` by command (FETCH, not UID FETCH) replace what it would say."""

    mails: dict[int, bytes] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    greeting: bytes = b"* OK ready\r\n"
    capabilities: str = CAPABILITIES
    uidvalidity: int = 7
    port: int = 0
    heard: list[str] = field(default_factory=list)
    calls: asyncio.Event = field(default_factory=asyncio.Event)  # set: whoever idles hears of a mail

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        writer.write(self.greeting)
        with suppress(OSError, asyncio.IncompleteReadError):
            while line := (await reader.readline()).decode():
                tag, _space, rest = line.strip().partition(" ")
                words = rest.removeprefix("UID ") or tag  # what answers a challenge has no tag
                self.heard.append(words)
                command, _space, arguments = words.partition(" ")
                answer = self.answers.get(command.upper())
                if answer is not None:
                    writer.write(answer(tag, arguments))
                elif command == "IDLE":
                    await self._idle(tag, reader, writer)
                else:
                    writer.write(self._answer(tag, command.upper(), arguments))
                await writer.drain()
        writer.close()

    async def _idle(self, tag: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* 1 RECENT\r\n+ idling\r\n")  # some have something to say before they begin
        done = asyncio.ensure_future(reader.readline())
        call = asyncio.ensure_future(self.calls.wait())
        await asyncio.wait([done, call], return_when=asyncio.FIRST_COMPLETED)
        call.cancel()
        if not done.done():
            self.calls.clear()
            writer.write(b"* 9 EXISTS\r\n")
        await done
        writer.write(f"{tag} OK done\r\n".encode())

    def _answer(self, tag: str, command: str, arguments: str) -> bytes:
        if command == "CAPABILITY":
            said = f"* CAPABILITY {self.capabilities}\r\n".encode()
        elif command in ("SELECT", "EXAMINE"):
            said = f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.uidvalidity}] ok\r\n".encode()
            said += f"* OK [UIDNEXT {max(self.mails, default=0) + 1}] ok\r\n".encode()
        elif command == "SEARCH":
            first, last = map(int, re.findall(r"(\d+):(\d+)", arguments)[0])
            said = f"* SEARCH {' '.join(str(uid) for uid in self.mails if first <= uid <= last)}\r\n".encode()
        elif command == "FETCH":
            said = self._fetch(arguments)
        elif command == "LIST":
            said = b'* LIST () "/" INBOX\r\n* LIST (\\Noselect) "/" All\r\n* LIST () "/" "Shop &U,BTFw-"\r\n'
        else:
            said = b"* BYE\r\n" if command == "LOGOUT" else b""
        return said + f"{tag} OK done\r\n".encode()

    def _fetch(self, arguments: str) -> bytes:
        said, (numbers, _space, what) = b"", arguments.partition(" ")
        wanted = {int(number) for number in re.findall(r"\d+", numbers)}
        for order, (uid, mail) in enumerate(self.mails.items(), 1):
            if uid not in wanted:
                continue
            if "RFC822.SIZE" in what:
                values = f'RFC822.SIZE {len(mail)} INTERNALDATE "02-Mar-2026 09:00:00 +0000"'.encode()
            elif piece := re.search(r"<(\d+)\.(\d+)>", what):
                start, length = map(int, piece.groups())
                part = mail[start : start + length]
                values = f"BODY[]<{start}> {{{len(part)}}}\r\n".encode() + part
            else:
                values = f"BODY[] {{{len(mail)}}}\r\n".encode() + mail
            said += f"* {order} FETCH (UID {uid} ".encode() + values + b")\r\n"
        return said


@asynccontextmanager
async def scripted(**script: object) -> AsyncIterator[ScriptedImap]:
    """Such a server for the length of the block, on a free port of the loopback address."""
    imap = ScriptedImap(**script)  # type: ignore[arg-type]
    server = await asyncio.start_server(imap.serve, "127.0.0.1", 0)
    imap.port = server.sockets[0].getsockname()[1]
    try:
        yield imap
    finally:
        server.close()
