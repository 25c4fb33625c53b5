"""Where the contents of files are: a folder on this machine, or one that several machines share."""

import asyncio
import errno
import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Protocol

from core.clock import now
from core.errors import NotFound, Unavailable

CHUNK_BYTES = 256 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Storage(Protocol):
    """What the desk asks of a place for contents. Keys are made by us: lower-case letters, digits, `_` and `.`."""

    def room(self) -> "Room":
        """A place for files that are still being examined."""

    async def keep(self, path: Path, key: str) -> None:
        """Take the file at `path` for good; when this returns, it survives a power cut. Raises Unavailable."""

    async def open(self, key: str) -> IO[bytes]:
        """The content, for reading. Raises NotFound."""

    async def remove(self, keys: Sequence[str]) -> None:
        """Forget contents; those that are not there (any more) are no error."""

    async def keys_before(self, moment: datetime) -> list[str]:
        """What was kept before `moment` (UTC), and whatever upload was left behind by then is swept away."""


class Room:
    """A few temporary files with one random name; they go when the block ends, whatever has happened."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._name = folder, secrets.token_hex(16)

    def path(self, part: str) -> Path:
        """The file for `part` of the work."""
        return self._folder / f"{self._name}.{part}"

    async def __aenter__(self) -> "Room":
        await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        for path in self._folder.glob(f"{self._name}.*"):
            path.unlink(missing_ok=True)


class FolderStorage:
    """Contents in `folder`, two levels deep by their key's last characters, which are random."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def room(self) -> Room:
        """On the same file system, so that keeping is a rename."""
        return Room(self.folder / "incoming")

    async def keep(self, path: Path, key: str) -> None:
        """Flush, rename, flush the folder: a crash leaves the whole file or none."""
        with clear_words_when_full():
            await asyncio.to_thread(self._keep, path, self._place(key))

    async def open(self, key: str) -> IO[bytes]:
        try:
            return await asyncio.to_thread(self._place(key).open, "rb")
        except FileNotFoundError:
            raise NotFound("no such content") from None

    async def remove(self, keys: Sequence[str]) -> None:
        await asyncio.to_thread(self._remove, keys)

    async def keys_before(self, moment: datetime) -> list[str]:
        return await asyncio.to_thread(self._keys_before, moment)

    def _place(self, key: str) -> Path:
        stem = key.partition(".")[0]
        return self.folder / stem[-2:] / stem[-4:-2] / key

    def _keep(self, path: Path, place: Path) -> None:
        with path.open("rb") as file:
            os.fsync(file.fileno())
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.replace(place)
        for folder in (place.parent, place.parent.parent, self.folder):  # new folders are entries, too
            _flush_folder(folder)

    def _remove(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._place(key).unlink(missing_ok=True)

    def _keys_before(self, moment: datetime) -> list[str]:
        if not self.folder.is_dir():
            return []
        for path in (self.folder / "incoming").glob("*"):
            if _older(path, min(moment, now() - timedelta(hours=1))):
                path.unlink(missing_ok=True)
        kept = self.folder.glob("??/??/*")
        return [path.name for path in kept if _older(path, moment)]


@asynccontextmanager
async def writing(path: Path) -> AsyncIterator["Writer"]:
    """A new file that is written in a thread, in large pieces. Raises Unavailable when the disk is full."""
    with clear_words_when_full():
        file = await asyncio.to_thread(path.open, "xb")
        try:
            writer = Writer(file)
            yield writer
            await writer.flush()
        finally:
            await asyncio.to_thread(file.close)


class Writer:
    """Gathers small pieces, so that not each of them needs a thread."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._waiting = file, bytearray()
        self.size = 0  # bytes

    async def write(self, piece: bytes) -> None:
        self._waiting += piece
        self.size += len(piece)
        if len(self._waiting) >= CHUNK_BYTES:
            await self.flush()

    async def flush(self) -> None:
        piece, self._waiting = bytes(self._waiting), bytearray()
        await asyncio.to_thread(self._file.write, piece)


class clear_words_when_full:  # noqa: N801  # used like a function
    """Turns a full disk into Unavailable (storage_full), which people understand."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and error.errno in _FULL:
            raise Unavailable("no room for files", code="storage_full") from error


def _older(path: Path, moment: datetime) -> bool:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime < moment.timestamp()
    return False


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
