"""The harness finds what it is there to find, and nothing where nothing is."""

import random

import pytest

from tests.faults import load as loads
from tests.faults.history import History
from tests.faults.load import under_load
from tests.faults.toy import toy_desk

# Which count gives each planted bug away.
TELLTALES = {
    "": "",
    "loses": "lost",
    "doubles": "doubled",
    "moves": "moved",
    "reorders": "reordered",
    "skips": "gaps",
    "forgets to tell": "gaps",
}


@pytest.mark.anyio
@pytest.mark.parametrize("bug", TELLTALES)
async def test_planted_bugs_are_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loads, "REST_SECONDS", 4.0)
    chance = random.Random(20261123)
    async with (
        toy_desk(chance, bug) as (toy, address),
        under_load(lambda: address, chance, writers=4, pause=0) as load,
    ):
        await load.more(80)
        toy.resting = True
    assert load.verdict.clean == (not bug), load.verdict
    assert not bug or getattr(load.verdict, TELLTALES[bug]), load.verdict
    assert load.verdict.acked >= 80


def test_a_desk_that_keeps_its_word_is_judged_clean() -> None:
    history = History()
    for number in (1, 2, 3):
        history.sent("a", f"fault-a-{number}")
        history.acked(f"fault-a-{number}", number)
        history.saw("a", "reader", number, f"fault-a-{number}")
    history.sent("a", "fault-a-4")
    stored = [(number, f"fault-a-{number}") for number in (1, 2, 3)]
    verdict = history.judge({"a": stored})
    assert verdict.clean
    assert (verdict.sent, verdict.acked, verdict.unsure) == (4, 3, 1)


def test_what_nobody_sent_is_strange() -> None:
    verdict = History().judge({"a": [(1, "fault-a-000009")]})
    assert verdict.strange == 1
    assert not verdict.clean
