"""Pictures are drawn anew in a child process: what was hidden in the file, and where it was taken, does not survive."""

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import structlog

from app.files import redrawing
from core.errors import Invalid, Unavailable

log = structlog.get_logger(__name__)

PIXELS = 50_000_000
SECONDS = 30.0
AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as it is kept, and how large it is."""

    media_type: str
    width: int  # pixels
    height: int


class Studio:
    """Draws pictures anew, two at a time."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)

    async def redraw(self, source: Path, target: Path, thumbnail: Path, decoders: tuple[str, ...]) -> Drawn:
        """Write `source` anew to `target`, without metadata, and a small one of 480 pixels to `thumbnail`.

        Raises Invalid: picture_too_large (above 50 million pixels, or more work than it may be), picture_broken.
        Raises Unavailable when the drawing process cannot be started.
        """
        arguments = [str(path) for path in (source, target, thumbnail)]
        program = (sys.executable, "-I", redrawing.__file__, *arguments, str(PIXELS), *decoders)
        async with self._places:
            code, answer = await _run(program)
        if code == redrawing.BROKEN:
            raise Invalid("the picture cannot be read", code="picture_broken")
        if code != 0:  # too large, or ended by one of its limits
            log.info("picture_refused", exit=code)
            raise Invalid("the picture is too large to be shown", code="picture_too_large")
        facts = json.loads(answer)
        return Drawn(facts["type"], facts["width"], facts["height"])


async def _run(program: tuple[str, ...]) -> tuple[int, bytes]:
    """Its exit code and what it printed; whoever waits no longer ends it. Nothing of our environment goes with it."""
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        child = await asyncio.create_subprocess_exec(*program, stdin=nothing, stdout=pipe, stderr=nothing, env={})
    except OSError as error:
        raise Unavailable(f"the drawing process: {error.strerror}", code="drawing_unavailable") from None
    try:
        async with asyncio.timeout(SECONDS):
            answer, _ = await child.communicate()
    except TimeoutError:
        answer = b""
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return child.returncode or 0, answer
