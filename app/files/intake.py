"""Taking a file: to the disk as it comes, then what it is, then drawn anew if it is a picture, then kept."""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path

from app.files.naming import clean_name
from app.files.pictures import Studio
from app.files.sniffing import GIF, HEAD_BYTES, JPEG, PNG, WEBP, Kind, sniff
from app.files.storage import CHUNK_BYTES, Room, Storage, writing
from conversations.attachments import KeptFile
from core.errors import Invalid, Malformed, TooLarge
from core.ids import new_unguessable_id

STALLED_SECONDS = 30.0  # without a byte
SLOWEST_SECONDS = 900.0  # for a whole upload
_DRAWN = {kind.media_type: kind for kind in (JPEG, PNG, WEBP, GIF)}


class Intake:
    """Takes files of at most `limit` bytes into `storage`."""

    def __init__(self, storage: Storage, limit: int) -> None:
        self.storage, self.limit = storage, limit
        self._studio = Studio()

    async def take(self, pieces: AsyncIterable[bytes], name: str) -> KeptFile:
        """Receive a file and keep it; when this returns it is durable, and only then may a row tell of it.

        Raises TooLarge, Malformed (upload_cut) when it stalls, Invalid (see `sniff` and `Studio.redraw`) and
        Unavailable (storage_full). Whatever is raised, nothing stays behind.
        """
        async with self.storage.room() as room:
            received = room.path("received")
            await self._receive(pieces, received)
            kind = sniff(await asyncio.to_thread(_head, received), name)
            if kind.decoders:
                return await self._keep_picture(room, received, kind, name)
            return await self._keep(room, received, kind, name)

    async def redrawn(self, content: bytes) -> tuple[str, bytes]:
        """A picture drawn anew, with its media type, and not kept. Raises Invalid and Unavailable, as `take` does."""
        async with self.storage.room() as room:
            await asyncio.to_thread(room.path("received").write_bytes, content)
            kind = sniff(content[:HEAD_BYTES], "picture")
            if not kind.decoders:
                raise Invalid("no picture", code="picture_broken")
            drawn = await self._studio.redraw(
                room.path("received"), room.path("drawn"), room.path("small"), kind.decoders
            )
            return drawn.media_type, await asyncio.to_thread(room.path("drawn").read_bytes)

    async def _receive(self, pieces: AsyncIterable[bytes], path: Path) -> None:
        try:
            async with asyncio.timeout(SLOWEST_SECONDS), writing(path) as file:
                async for piece in _without_stalling(pieces):
                    if file.size + len(piece) > self.limit:
                        raise TooLarge("the file is too large", code="file_too_large", limit=self.limit)
                    await file.write(piece)
        except TimeoutError:
            raise Malformed("the upload has stalled", code="upload_cut") from None

    async def _keep_picture(self, room: Room, received: Path, kind: Kind, name: str) -> KeptFile:
        drawn = await self._studio.redraw(received, room.path("drawn"), room.path("small"), kind.decoders)
        key = new_unguessable_id("att")
        await self.storage.keep(room.path("small"), thumbnail_of(key))
        size, digest = await asyncio.to_thread(_measure, room.path("drawn"))
        await self.storage.keep(room.path("drawn"), key)
        return KeptFile(
            public_id=key,
            name=clean_name(name, _DRAWN[drawn.media_type]),
            media_type=drawn.media_type,
            size=size,
            sha256=digest,
            width=drawn.width,
            height=drawn.height,
        )

    async def _keep(self, room: Room, received: Path, kind: Kind, name: str) -> KeptFile:
        key = new_unguessable_id("att")
        size, digest = await asyncio.to_thread(_measure, received)
        await self.storage.keep(received, key)
        return KeptFile(
            public_id=key, name=clean_name(name, kind), media_type=kind.media_type, size=size, sha256=digest
        )


def thumbnail_of(key: str) -> str:
    """The key of a picture's small version."""
    return f"{key}.small"


def contents_of(key: str) -> tuple[str, str]:
    """The keys of everything that is kept of one file."""
    return key, thumbnail_of(key)


async def _without_stalling(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    iterator = aiter(pieces)
    while True:
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                piece = await anext(iterator)
        except StopAsyncIteration:
            return
        yield piece


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _measure(path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()
