"""Bounces, automatic replies and lists are told from people, as mail systems of the world word them."""

import json
import time
from email.header import Header
from pathlib import Path
from typing import Any

import pytest

from app.mail.reading.parsing import ParsedMail, parse

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data" / "mail" / "machine.jsonl").read_text("utf-8").splitlines()
]
RETURNED = "Message-ID: <sent.1@lumen.example>\nFrom: Lumen <help@lumen.example>\nSubject: Re: Where is my lamp?\n"


def written(case: dict[str, Any]) -> bytes:
    """The mail of a case: plain text, or a delivery report (RFC 3464) with the returned mail."""
    head: str = (
        f"From: {case['from']}\nTo: help+b01@lumen.example\nSubject: {Header(case['subject'], 'utf-8').encode()}\n"
    )
    head += f"Message-ID: <{case['id']}@relay.example>\n{case['headers']}MIME-Version: 1.0\n"
    text = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + str(case["text"])
    report: dict[str, str] | None = case.get("report")
    if report is None:
        return (head + text).encode()
    fields = (
        f"Reporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; {report['to']}\nAction: {report['action']}\n"
    )
    fields += f"Status: {report['status']}\n"
    fields += f"Diagnostic-Code: {report['diagnostic']}\n" if report["diagnostic"] else ""
    parts = [
        text,
        f"Content-Type: message/delivery-status\n\n{fields}",
        f"Content-Type: {report['returned']}\n\n{RETURNED}",
    ]
    body = "".join(f"--=_b\n{part}\n" for part in parts)
    return (
        head + f'Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"\n\n{body}--=_b--\n'
    ).encode()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_kind(case: dict[str, Any]) -> None:
    mail = parse(written(case))
    assert (mail.machine, mail.bounce is not None) == (case["kind"] != "person", case["kind"] == "bounce")
    assert mail.auto_reply == (case["kind"] == "auto")
    if mail.bounce is not None:
        assert mail.bounce.hard == case["hard"]
        assert mail.bounce.delayed is ("delay" in case["id"] or "warn" in case["id"])


def report(
    recipients: str, *, root: str = "multipart/report; report-type=delivery-status", head: str = ""
) -> ParsedMail:
    """A delivery report about several recipients."""
    parts = f"--b\nContent-Type: text/plain\n\nSee below.\n--b\nContent-Type: message/delivery-status\n\n{recipients}\n"
    parts += f"--b\nContent-Type: message/rfc822\n\n{RETURNED}\nHello\n--b--\n"
    head = head or "From: MAILER-DAEMON@relay.example\nSubject: Undelivered Mail\n"
    return parse(f"{head}To: help@lumen.example\nContent-Type: {root}; boundary=b\n\n{parts}".encode())


def told(recipient: str, action: str, status: str) -> str:
    return f"\nFinal-Recipient: rfc822; <{recipient}>\nAction: {action}\nStatus: {status} (why)\n"


def test_a_report_is_read_recipient_by_recipient() -> None:
    gone, full = told("Gone@Shop.example", "failed", "5.1.1"), told("full@shop.example", "failed", "5.2.2")
    here, late = told("here@shop.example", "delivered", "2.0.0"), told("late@shop.example", "delayed", "4.4.1")
    bounce = report(here + full + gone + late).bounce
    assert bounce is not None
    assert (bounce.hard, bounce.delayed, bounce.recipient) == (True, False, "gone@shop.example")
    assert bounce.recipients == ("full@shop.example", "gone@shop.example")
    assert bounce.hard_recipients == ("gone@shop.example",)
    assert (bounce.subject, bounce.message_ids) == ("Re: Where is my lamp?", ("sent.1@lumen.example",))
    waiting = report(here + late).bounce
    assert waiting is not None
    assert (waiting.delayed, waiting.hard, waiting.recipients) == (True, False, ("late@shop.example",))
    good = report(here)
    assert (good.bounce, good.automatic, good.auto_reply) == (None, "report", True)


def test_a_report_that_a_person_sends_on_is_a_persons_mail() -> None:
    person = "From: Anna <anna@shop.example>\nSubject: Fwd: Undelivered Mail\n"
    sent_on = report(told("help@lumen.example", "failed", "5.1.1"), root="multipart/mixed", head=person)
    assert not sent_on.machine
    gateway = "From: MAILER-DAEMON@relay.example\nSubject: Fwd: Undelivered Mail\n"
    passed_on = report(told("anna@shop.example", "failed", "5.1.1"), root="multipart/mixed", head=gateway)
    assert passed_on.bounce is not None


def test_a_bounce_inside_the_mail_of_a_gateway_is_found_and_inside_a_persons_is_not() -> None:
    inner = "Content-Type: multipart/report; boundary=i\n\n--i\nContent-Type: message/delivery-status\n"
    inner += f"{told('anna@shop.example', 'failed', '5.1.1')}\n--i--\n"
    body = (
        f"--b\nContent-Type: text/plain\n\nSee the attached mail.\n--b\nContent-Type: message/rfc822\n\n{inner}--b--\n"
    )
    head = "To: help@lumen.example\nSubject: Forwarded\nContent-Type: multipart/mixed; boundary=b\n"
    gateway = parse(f"Return-Path: <>\nFrom: gate@relay.example\n{head}\n{body}".encode())
    assert gateway.bounce is not None
    assert (gateway.bounce.hard, gateway.bounce.recipient) == (True, "anna@shop.example")
    assert not parse(f"From: anna@shop.example\n{head}\n{body}".encode()).machine


def test_receipts_and_complaints_are_reports() -> None:
    for kind in ("disposition-notification", "feedback-report"):
        head = f"From: a@shop.example\nContent-Type: multipart/report; report-type={kind}; boundary=b\n"
        fields = f"Content-Type: message/{kind}\n\nOriginal-Recipient: rfc822;a@shop.example\n"
        mail = parse(f"{head}\n--b\n\nYour mail was seen.\n--b\n{fields}--b--\n".encode())
        assert (mail.automatic, mail.bounce, mail.auto_reply) == ("report", None, True)


@pytest.mark.parametrize("charset", ["utf-8", "gbk"])
def test_the_address_is_found_in_running_chinese(charset: str) -> None:
    words = "您的邮件无法投递到anna@shop.example，收件人不存在。"
    head = "From: postmaster@163.example\nSubject: 系统退信\n\n"
    bounce = parse((head + words).encode(charset)).bounce  # no label anywhere
    assert bounce is not None
    assert (bounce.hard, bounce.recipients) == (True, ("anna@shop.example",))


def test_a_field_may_name_several_addresses() -> None:
    mail = parse(b"From: x@y.example\nX-Failed-Recipients: a@b.example, c@d.example\nSubject: Failed\n\nuser unknown")
    assert mail.bounce is not None
    assert (mail.bounce.recipients, mail.bounce.hard_recipients) == (("a@b.example", "c@d.example"), ())


HOSTILE = [
    "user ",
    "a@",
    "550 5.1.1 ",
    "host ",
    "sender address ",
    "Final-Recipient: rfc822; a@b.c\n",
    "自动",
    "x",
    "<",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_take_linear_time(words: str) -> None:
    head = "From: MAILER-DAEMON@relay.example\nSubject: out of office undeliverable\n"
    head += "Content-Type: text/plain; charset=utf-8\n\n"
    started = time.perf_counter()
    parse((head + words * (300_000 // len(words))).encode())
    assert time.perf_counter() - started < 2
