"""The end of a mail is found wherever the pieces are cut, and nothing but the end is one."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.intake.data import Endless, read_data


def nothing() -> None:
    """Nobody looks at the progress."""


async def read(content: bytes, *, limit: int = 1_000, piece: int = 64) -> tuple[bytes | None, bytes]:
    """What is read of `content`, and what is left for the next command."""
    reader = asyncio.StreamReader(limit=piece)
    reader.feed_data(content)
    reader.feed_eof()
    data = await read_data(reader, limit, nothing)
    return data, await reader.read()


def stuffed(mail: bytes) -> bytes:
    """As a client sends it (RFC 5321 section 4.5.2)."""
    lines = mail.split(b"\r\n")[:-1]
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines) + b".\r\n"


PIECES = st.sampled_from(
    [b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"..", b"a", b"x" * 70, b"\n.\n", b"\r.\r", b"\n.\r\n"]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=30).map(lambda pieces: b"".join(pieces) + b"\r\n"), st.sampled_from([8, 64, 4_096]))
def test_every_mail_comes_through_as_it_was(mail: bytes, piece: int) -> None:
    assert asyncio.run(read(stuffed(mail) + b"QUIT\r\n", limit=10_000, piece=piece)) == (mail, b"QUIT\r\n")


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r\n\x00.\r\n", b"\n\n.\r\n"]
)
async def test_only_one_thing_is_an_end(end: bytes) -> None:
    smuggled = b"first" + end + b"MAIL FROM:<ceo@shop.example>\r\nDATA\r\nsecond\r\n"
    data, left = await read(smuggled + b".\r\nQUIT\r\n")
    assert data is not None
    assert data.startswith(b"first")
    assert data.endswith(b"second\r\n")
    assert left == b"QUIT\r\n"


async def test_nothing_at_all_is_a_mail() -> None:
    assert await read(b".\r\nQUIT\r\n") == (b"", b"QUIT\r\n")
    assert await read(b"\r\n.\r\n") == (b"\r\n", b"")


async def test_too_much_passes_by_up_to_a_point() -> None:
    assert await read(b"x" * 2_000 + b"\r\n.\r\nQUIT\r\n") == (None, b"QUIT\r\n")
    assert (await read(b"x" * 998 + b"\r\n.\r\n"))[0] == b"x" * 998 + b"\r\n"
    with pytest.raises(Endless):
        await read(b"x" * 5_000)
    with pytest.raises(asyncio.IncompleteReadError):
        await read(b"cut")
