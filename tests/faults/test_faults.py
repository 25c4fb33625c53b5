"""The short form of the fault suite, by fixed seeds. `./wismo test --faults` is the long one."""

from pathlib import Path

import pytest

from tests.faults.campaign import rehearse
from tests.faults.disk import can_have_one, full_volume, own_disk
from tests.faults.faults import ONE_PROCESS
from tests.faults.houses import one_process, several
from tests.faults.soak import soak
from tests.faults.stall import stall
from tests.faults.windows import WINDOWS

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.anyio]

MEBIBYTE = 1 << 20
# With fewer people than in the long form: each fault still meets words that are on their way.
FEW, PAUSE = 4, 0.1
SHORT_ONE = ("freeze", "disk full", "front: half-close", "front: cut answers", "kill -9", "SIGTERM", "front: reset")
SHORT_SEVERAL = (
    *("database: COMMIT unheard", "redis: FLUSHALL", "database: immediate stop", "redis: kill -9", "worker: kill -9"),
    *("web: kill -9", "front: half-close"),
)


async def test_one_process_on_sqlite_keeps_its_word(data_folder: Path) -> None:
    async with one_process(data_folder) as house:
        soaked = await soak(house, seconds=3.0, writers=FEW, pause=PAUSE)
        assert soaked.descriptors == 0, soaked
        assert soaked.memory < 16 * MEBIBYTE, soaked
        outcome = await rehearse(house, 1, SHORT_ONE, writers=FEW, pause=PAUSE)
        assert outcome.clean, outcome.table()
        assert outcome.down["disk full"] < 10
        assert "Traceback" not in house.process.said()


async def test_a_disk_without_room_refuses_and_takes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Really full, unlike "disk full" above, which only forbids files to grow; not every machine lets us mount one."""
    volume = tmp_path / "volume"
    volume.mkdir()
    if not can_have_one(volume):
        pytest.skip("this machine does not let us mount a disk of our own (unshare --mount)")
    monkeypatch.setitem(ONE_PROCESS, "volume full", full_volume)
    async with one_process(volume, own_disk(volume)) as house:
        outcome = await rehearse(house, 3, ["volume full"], writers=3, pause=PAUSE)
        assert outcome.clean, outcome.table()
        assert outcome.down["volume full"] < 10, outcome.table()


async def test_a_reader_who_stalls_costs_little_and_misses_nothing(data_folder: Path) -> None:
    """What the slowest of the others wait is held loosely here: the long form has enough of them to say."""
    async with one_process(data_folder) as house:
        for outcome in await stall(house, WINDOWS, seconds=0.5, rounds=1, readers=10):
            assert outcome.clean, outcome.table()
            assert outcome.ratio < 2 or max(outcome.stalls) < 1, outcome.table()


@pytest.mark.pg
@pytest.mark.redis
async def test_several_processes_on_postgresql_and_redis_keep_theirs(tmp_path: Path) -> None:
    async with several(tmp_path) as house:
        outcome = await rehearse(house, 2, SHORT_SEVERAL, writers=FEW, pause=PAUSE)
        assert outcome.clean, outcome.table()
