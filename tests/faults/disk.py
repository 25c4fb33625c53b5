"""A disk of the desk's own that can really be full: some megabytes of memory, mounted where only the desk sees them."""

import asyncio
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults.houses import OneProcess
from tests.faults.people import TRANSIENT
from tests.realtime.clients import Client
from tests.scale.running import customer

SIZE = "32m"
LONG = "where is my order? " * 400
MOST_POSTS = 500


def own_disk(folder: Path) -> list[str]:
    """Run a command with a small disk at `folder`, in a mount namespace that ends with it (see unshare(1))."""
    apart = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    return [*apart, "sh", "-ec", f'mount -t tmpfs -o size={SIZE} tmpfs "$0"; exec "$@"', str(folder)]


def can_have_one(folder: Path) -> bool:
    """Whether this machine lets us; containers often do not."""
    try:
        return not subprocess.run([*own_disk(folder), "true"], capture_output=True, check=False).returncode
    except FileNotFoundError:
        return False


async def full_volume(house: OneProcess, chance: random.Random) -> None:
    """Nothing fits on the disk any more. Posts are refused as something that may be tried again; reading goes on."""
    async with customer(house.process) as writer:
        ack = await writer.post("I want to talk to a person")
        with _filled(house):
            assert await _refused(writer, f"full-{chance.randrange(10**9)}") in TRANSIENT
            for _ in range(3):
                await asyncio.sleep(chance.uniform(0.1, 0.3))
                await writer.send("fetch", after=ack["number"] - 1)
                assert (await writer.wait("history"))["messages"], "nothing can be read while the disk is full"


async def _refused(writer: Client, name: str) -> str:
    """Post until there is no room (the journal has some left when the disk has none). Returns the code."""
    for number in range(MOST_POSTS):
        client_id = f"{name}-{number}"
        await writer.send("post", client_id=client_id, text=LONG)
        answer = await writer.wait_for(
            lambda frame, sent=client_id: frame["type"] in {"ack", "error"} and frame["client_id"] == sent  # type: ignore[misc]
        )
        if answer["type"] == "error":
            return str(answer["code"])
    return "never refused"


@contextmanager
def _filled(house: OneProcess) -> Iterator[None]:
    filler = Path(f"/proc/{house.process.process.pid}/root{house.folder}/filler")  # as the desk sees it
    try:
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 12))
        yield
    finally:
        filler.unlink()
