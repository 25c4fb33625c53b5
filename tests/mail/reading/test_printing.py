"""`wismo mail parse`: one mail as JSON, and many in one process."""

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli_mail import mail
from app.mail.reading.parsing import parse
from app.mail.reading.printing import answers, printed

MAIL = (
    "From: Lin <Lin@Example.com>\nTo: help@shop.example, Two <b@shop.example>\nSubject: 订单\n"
    "Message-ID: <a.1@example.com>\nIn-Reply-To: <r.1@shop.example>\n"
    "References: <q.1@shop.example> <r.1@shop.example>\n\n"
    "Where is it?\n\n> old\n"
).encode()


def read(framed: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answers(io.BytesIO(framed))]


def test_the_fields() -> None:
    assert printed(parse(MAIL)) == {
        "from": "Lin@Example.com",
        "from_name": "Lin",
        "to": ["help@shop.example", "b@shop.example"],
        "subject": "订单",
        "message_id": "a.1@example.com",
        "in_reply_to": "r.1@shop.example",
        "references": ["q.1@shop.example", "r.1@shop.example"],
        "text": "Where is it?\n\n> old\n",
        "html": "",
        "reply_text": "Where is it?",
        "attachments": [],
        "auto_reply": False,
        "bounce": False,
        "bounce_hard": False,
    }


def test_a_mail_on_standard_input() -> None:
    result = CliRunner().invoke(mail, ["parse"], input=MAIL)
    assert result.exit_code == 0
    assert json.loads(result.output)["subject"] == "订单"


def test_many_mails_however_they_are_framed(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(MAIL)
    raw = base64.b64encode(MAIL).decode()
    lines = (
        json.dumps({"id": 7, "raw": raw}),
        json.dumps({"id": "f", "path": str(file)}),
        "",
        str(file),
        f"{len(MAIL)}\n{MAIL.decode()}" + json.dumps({"raw": raw}),
    )
    framed = "\n".join(lines).encode()
    found = read(framed)
    assert [one["subject"] for one in found] == ["订单"] * 5
    assert [one.get("id") for one in found] == [7, "f", None, None, None]


def test_a_mailbox() -> None:
    box = b"From a@b.example Mon Nov 23 10:00:00 2026\n" + MAIL
    assert [one["subject"] for one in read(box * 3)] == ["订单"] * 3
    assert [one["subject"] for one in read(MAIL)] == ["订单"]


@pytest.mark.parametrize(
    "line", [b"{", b'{"id": 1}', b'{"id": 1, "raw": "*"}', b'{"id": 1, "path": "/no/such"}', b"no"]
)
def test_a_line_that_is_no_mail_spoils_only_itself(line: bytes) -> None:
    first, second = read(line + b"\n" + json.dumps({"raw": base64.b64encode(MAIL).decode()}).encode() + b"\n")
    assert "error" in first
    assert second["subject"] == "订单"


def test_each_mail_is_answered_before_the_next_is_read() -> None:
    class Source(io.BytesIO):
        asked = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.asked += 1
            return super().readline(size)

    source = Source(str(len(MAIL)).encode() + b"\n" + MAIL + b"3\nabc")
    lines = answers(source)
    assert json.loads(next(lines))["subject"] == "订单"
    assert source.asked == 1
