"""No mail is lost or doubled, whatever breaks: real processes, a real mailbox, a real mail server, bad lines.

With `pg`, because that part fetches and insists on real servers. `./wismo test --faults --mails 2000` is the long form.
"""

import shutil
from pathlib import Path

import pytest

from app.mail.models import OutgoingMail
from conversations.models import Attachment, Message
from tests.faults.mail_audit import Carried, answer_to
from tests.faults.mail_desks import one_desk
from tests.faults.mail_letters import number_in
from tests.faults.mail_run import MailRun
from tests.faults.mail_ways import HAND_OVER
from tests.mail.smtp_sink import Taken

pytestmark = [pytest.mark.faults, pytest.mark.anyio, pytest.mark.slow, pytest.mark.pg]
MAILS = 28


async def test_mails_come_and_leave_once_over_kills_and_bad_lines(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "wismo.db")
    async with one_desk(tmp_path) as desk:
        run = MailRun(desk, seed=7)
        seen = await run.go(MAILS, every=4)
        assert seen.clean, seen.table()
        assert seen.kills, seen.table()
        assert set(seen.sent.taken) == set(HAND_OVER)
        assert (seen.stored, seen.recognised, seen.answers) == (MAILS, MAILS / 7, MAILS)
        assert seen.left >= MAILS
        await _plant_bugs(run)
        found = await run.judge(Carried(MAILS, run.ways.sent))
    assert (found.lost, found.doubled) == ([3], [4])
    assert any(line.startswith("words of 5") for line in found.spoiled), found.table()
    assert any(line.startswith("files of") for line in found.spoiled), found.table()
    assert any(line.startswith("answer to 6,") for line in found.spoiled), found.table()
    assert found.left_too_often
    assert found.left_under_two_names == [7]
    assert {"answer to 8"} < set(found.never_left)
    assert any(line.endswith(": queued") for line in found.never_left), found.table()


async def _plant_bugs(run: MailRun) -> None:
    """What a desk could do wrong; each has to be found."""
    messages = {number_in(message.text): message for message in await Message.filter(author_kind="customer")}
    await _change(messages[3], messages[3].text.replace("number 3,", "number 4,"))
    await _change(messages[5], messages[5].text[:-8])
    kept = await Attachment.filter(size__gt=0).order_by("id").first()
    assert kept is not None
    path = next(Path(run.desk.environment["WISMO_DATA_DIR"], "files").rglob(kept.public_id))
    path.write_bytes(path.read_bytes()[:-1])
    automatic = await OutgoingMail.filter(kind="acknowledgement").order_by("id").first()
    assert automatic is not None
    await OutgoingMail.filter(id=automatic.id).update(state="queued")
    _plant_outside({answer_to(mail) or 0: mail for mail in run.desk.outside.sink.mails()})


def _plant_outside(answers: dict[int, Taken]) -> None:
    """What the world's server could have got: a mail once too often, none, another name, other words."""
    for number, name in ((4, "again"), (7, "other")):
        content = answers[number].content
        content = content if name == "again" else content.replace(b"\nMessage-ID: <", b"\nMessage-ID: <other", 1)
        answers[number].path.with_name(f"mail.{name}").write_bytes(content)
    answers[6].path.write_bytes(answers[6].content.replace(answers[6].recipient.encode(), b"else@d6.example", 1))
    answers[8].path.unlink()


async def _change(message: Message, text: str) -> None:
    await Message.filter(id=message.id).update(text=text)
