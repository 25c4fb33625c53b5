"""All files of one mail in one download."""

import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import PurePath
from typing import IO

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.files.intake import Intake
from app.files.storage import CHUNK_BYTES
from app.mail.access import mail_for
from app.web.desk import signed_in
from app.web.files import HEADERS, pieces
from conversations.models import Attachment
from core.errors import NotFound
from core.people import Agent

MOST_FILES = 100
IN_MEMORY = 4 << 20  # bytes of an archive; what is longer lies on the disk while it is sent


@signed_in
async def all_files(request: Request, agent: Agent) -> Response:
    """GET: a ZIP with the files of a mail as we keep them, without those that were refused. 404 if there are none."""
    mail = await mail_for(agent, request.path_params["public_id"])
    kept = Attachment.filter(message_id=mail.message_id, state="ready").order_by("id").limit(MOST_FILES)
    rows = await kept if mail.message_id is not None else []
    if not rows:
        raise NotFound("no files")
    intake: Intake = request.app.state.files
    contents: list[IO[bytes]] = []
    try:
        for row in rows:
            contents.append(await intake.storage.open(row.public_id))  # noqa: PERF401 (those that are open are closed)
        packed = await run_in_threadpool(_pack, _names([row.name for row in rows]), contents)
    finally:
        for content in contents:
            content.close()
    length = packed.seek(0, os.SEEK_END)
    packed.seek(0)
    headers = HEADERS | {
        "Content-Length": str(length),
        "Content-Disposition": f'attachment; filename="{mail.public_id}.zip"',
    }
    return StreamingResponse(pieces(packed), media_type="application/zip", headers=headers)


def _pack(names: Sequence[str], contents: Sequence[IO[bytes]]) -> IO[bytes]:
    """Not packed any closer: photographs and documents are already."""
    target = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (closed when it was sent)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in zip(names, contents, strict=True):
            with archive.open(zipfile.ZipInfo(name), "w") as place:
                while piece := content.read(CHUNK_BYTES):
                    place.write(piece)
    return target


def _names(names: Sequence[str]) -> list[str]:
    """Each name once: `photo.jpg`, `photo (2).jpg`."""
    taken: set[str] = set()
    found: list[str] = []
    for name in names:
        stem, suffix, number, free = PurePath(name).stem, PurePath(name).suffix, 2, name
        while free.casefold() in taken:
            free, number = f"{stem} ({number}){suffix}", number + 1
        taken.add(free.casefold())
        found.append(free)
    return found


routes = [Route("/console/mails/{public_id}/files.zip", all_files, methods=["GET"])]
