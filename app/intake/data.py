"""What follows DATA, up to the line with nothing but a dot, in memory of a known size.

The library keeps an object for each line and reads a line without end for ever: a mail of empty lines takes a gigabyte.
Only CR LF . CR LF ends a mail (RFC 5321 section 4.1.1.4). Whoever takes a bare LF for a line's end reads a second mail
in the first one (SMTP smuggling, CVE-2023-51764).
"""

import asyncio
from collections.abc import Callable

END = b"\r\n.\r\n"
DRAINED = 4  # times the limit: so much of what is too much passes by, to hear our answer; then we hang up


class Endless(Exception):
    """There is no end of it."""


async def read_data(reader: asyncio.StreamReader, limit: int, progress: Callable[[], None]) -> bytes | None:
    """The mail without the dots of transparency; None when it has more than `limit` bytes.

    `progress` is called for each piece that came. Raises Endless, and IncompleteReadError when the sender is gone.
    """
    data = bytearray(await reader.readexactly(3))
    if data == b".\r\n":
        return b""
    while (begun := _begun(data)) and not data.endswith(END):  # an end of which we already have the beginning
        data += await reader.readexactly(len(END) - begun)
    passed = len(data)
    ended = data.endswith(END)
    while not ended:
        piece, ended = await _piece(reader)
        passed += len(piece)
        progress()
        if passed > DRAINED * limit:
            raise Endless
        if passed > limit + len(END):
            data.clear()
        else:
            data += piece
    if passed > limit + len(END):
        return None
    del data[-len(END) + 2 :]
    if data.startswith(b"."):
        del data[0]
    return bytes(data.replace(b"\r\n.", b"\r\n"))


async def _piece(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """What came, as much as the reader's limit, and whether it is the last."""
    try:
        return await reader.readuntil(END), True
    except asyncio.LimitOverrunError as error:
        return await reader.readexactly(error.consumed), False


def _begun(data: bytearray) -> int:
    """How many bytes at the end may be the beginning of the end."""
    return next((size for size in range(len(END), 0, -1) if data.endswith(END[:size])), 0)
