"""Taking files: pictures lose all but their pixels, bombs cost little, and a crash leaves a whole file or none."""

import asyncio
import errno
import hashlib
import os
import struct
import time
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.files import intake, pictures, storage
from app.files.intake import Intake, contents_of, thumbnail_of
from app.files.storage import FolderStorage
from app.jobs.housekeeping import sweep_files
from conversations.attachments import register
from conversations.models import Attachment
from core.clock import FrozenClock
from core.errors import Invalid, Malformed, TooLarge, Unavailable
from core.people import Actor
from tests.people import make_world

pytestmark = pytest.mark.anyio

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 100


async def pieces(content: bytes, size: int = 4_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def photograph(size: tuple[int, int] = (640, 480), *, orientation: int = 1, form: str = "JPEG") -> bytes:
    """A photograph as a telephone takes it: with its place and time in it."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Telephone"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    box = BytesIO()
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    picture.save(box, form, exif=exif, comment=b"<script>alert(1)</script>")
    return box.getvalue() + b"<script>alert(1)</script>"


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress(bytes(1_000_000), 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def taking(folder: Path) -> Intake:
    return Intake(FolderStorage(folder), limit=1_000_000)


def found(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def content_of(taking: Intake, key: str) -> bytes:
    with await taking.storage.open(key) as file:
        return file.read()


async def test_a_photograph_keeps_its_pixels_and_nothing_else(taking: Intake, folder: Path) -> None:
    file = await taking.take(pieces(photograph(orientation=6)), "IMG_2041.HEIC.jpeg")
    assert (file.media_type, file.name) == ("image/jpeg", "IMG_2041.HEIC.jpeg")
    assert (file.width, file.height) == (480, 640), "upright, as it was held"
    kept = await content_of(taking, file.public_id)
    assert (file.size, file.sha256) == (len(kept), hashlib.sha256(kept).hexdigest())
    for trace in (b"Telephone", b"Exif", b"script"):
        assert trace not in kept
    small = Image.open(BytesIO(await content_of(taking, thumbnail_of(file.public_id))))
    assert max(small.size) == 480
    assert found(folder) == sorted(contents_of(file.public_id)), "nothing else is left"


@pytest.mark.parametrize(
    ("form", "media_type", "name"),
    [("PNG", "image/png", "a.png"), ("WEBP", "image/webp", "a.webp"), ("GIF", "image/png", "a.png")],
)
async def test_pictures_of_every_kind(taking: Intake, form: str, media_type: str, name: str) -> None:
    box = BytesIO()
    Image.new("RGBA", (30, 20), (200, 0, 0, 90)).save(box, form)
    file = await taking.take(pieces(box.getvalue()), f"a.{form.lower()}")
    assert (file.media_type, file.name, file.width, file.height) == (media_type, name, 30, 20)


async def test_bombs_cost_no_memory_and_little_time(taking: Intake, folder: Path) -> None:
    began = time.monotonic()
    with pytest.raises(Invalid) as refused:
        await taking.take(pieces(png_header(60_000, 60_000)), "bomb.png")
    assert refused.value.code == "picture_too_large"
    assert time.monotonic() - began < 10
    assert found(folder) == []


async def test_a_drawing_that_takes_too_long_is_ended(
    taking: Intake, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 0.01)
    with pytest.raises(Invalid, match="too large"):
        await taking.take(pieces(photograph()), "slow.jpg")
    assert found(folder) == []


@pytest.mark.parametrize("content", [photograph()[:300], b"\x89PNG\r\n\x1a\n" + bytes(500), b"GIF89a"])
async def test_a_broken_picture_is_no_picture(taking: Intake, folder: Path, content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        await taking.take(pieces(content), "a.jpg")
    assert refused.value.code == "picture_broken"
    assert found(folder) == []


async def test_other_files_stay_as_they_are(taking: Intake, folder: Path) -> None:
    file = await taking.take(pieces(PDF), "Rechnung.pdf")
    assert (file.media_type, file.size, file.width) == ("application/pdf", len(PDF), None)
    assert await content_of(taking, file.public_id) == PDF
    assert found(folder) == [file.public_id]


async def test_the_limit_cuts_what_never_ends(taking: Intake, folder: Path) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 50_000
            yield b"%PDF-" + bytes(49_995)

    with pytest.raises(TooLarge) as refused:
        await taking.take(endless(), "a.pdf")
    assert refused.value.data == {"limit": 1_000_000}
    assert taken <= 1_050_000
    assert found(folder) == []


async def test_who_sends_nothing_any_more_is_cut_off(
    taking: Intake, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "STALLED_SECONDS", 0.05)

    async def stalled() -> AsyncIterator[bytes]:
        yield PDF
        await asyncio.sleep(60)

    with pytest.raises(Malformed) as refused:
        await taking.take(stalled(), "a.pdf")
    assert refused.value.code == "upload_cut"
    assert found(folder) == []


async def test_a_full_disk_says_so_and_leaves_nothing(
    taking: Intake, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Any, path: Path, place: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FolderStorage, "_keep", full)
    with pytest.raises(Unavailable) as refused:
        await taking.take(pieces(PDF), "a.pdf")
    assert refused.value.code == "storage_full"
    assert found(folder) == []


async def test_a_disk_that_fills_while_writing(taking: Intake, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(self: storage.Writer) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage.Writer, "flush", full)
    with pytest.raises(Unavailable):
        await taking.take(pieces(PDF), "a.pdf")
    assert found(folder) == []


async def test_housekeeping_sweeps_what_a_crash_left_behind(
    database: object, taking: Intake, folder: Path, clock: FrozenClock
) -> None:
    """A file without a row, an upload that was cut by a power cut, a file that nobody posted; not what is in use."""
    world = await make_world()
    ines = Actor.of(world.ines)
    orphan = await taking.take(pieces(PDF), "orphan.pdf")
    used, unposted = [await taking.take(pieces(PDF), f"{n}.pdf") for n in range(2)]
    for file in (used, unposted):
        await register(world.lumen.id, ines, file)
    (folder / "incoming" / "cut.received").write_bytes(b"half")
    long_ago = (clock.now() - timedelta(days=2)).timestamp()
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (long_ago, long_ago))
    fresh = await taking.take(pieces(PDF), "fresh.pdf")
    for path in folder.rglob(fresh.public_id):
        os.utime(path, (clock.now().timestamp(),) * 2)

    await sweep_files(taking.storage)
    assert found(folder) == sorted([used.public_id, unposted.public_id, fresh.public_id])
    clock.advance(timedelta(hours=25))
    await Attachment.filter(public_id=used.public_id).update(created_at=clock.now())
    await sweep_files(taking.storage)
    assert found(folder) == [used.public_id]
    assert orphan.public_id not in found(folder)
