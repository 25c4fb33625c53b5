"""No mail is lost or doubled, whatever breaks: real processes, a real mailbox, bad lines."""

from pathlib import Path
from typing import Any

import pytest

from tests.faults.mail_run import LETTER, USER, mail_desk
from tests.mail.sink import Sink

pytestmark = [pytest.mark.faults, pytest.mark.anyio, pytest.mark.slow, pytest.mark.sqlite]


class Forgetful(Sink):
    """A planted bug: every third mail is taken and dropped."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        if len(self.mails) % 3 == 2:
            self.mails.pop()
        return answer


async def test_the_run_finds_planted_bugs(tmp_path: Path) -> None:
    async with mail_desk(tmp_path, seed=8, sink=Forgetful()) as (run, agent):
        again = LETTER.format(n=2, seed="another").encode()  # the same words under another name
        run.post_box.deliver(USER, again)
        seen = await run.go(6, agent, pause=60)
    assert seen.doubled == [2], seen
    assert seen.never_left, seen


async def test_mails_come_and_leave_once_over_kills_and_bad_lines(tmp_path: Path) -> None:
    async with mail_desk(tmp_path, seed=7) as (run, agent):
        seen = await run.go(80, agent, pause=1.2)
    assert seen.clean, seen
    assert seen.kills, seen
    assert seen.both_ways, seen
    assert seen.left >= 80, seen
