"""Who a fetched mail is from and for: the fields that mail servers leave, and what strangers write into them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.fetching.envelopes import NOBODY, envelope_of, stand_in
from app.mail.reading.parsing import parse

OURS = frozenset({"help@lumen.example", "sales@lumen.example"})


@pytest.mark.parametrize(
    ("head", "sender", "recipient"),
    [
        ("Return-Path: <ines@example.com>\nTo: help@lumen.example", "ines@example.com", "help@lumen.example"),
        ("Return-Path: <>\nFrom: MAILER-DAEMON@x.example", "", "shop@gmail.example"),
        ("Return-Path:  <bounce+x=y@list.example>\nFrom: a@b.example", "bounce+x=y@list.example", "shop@gmail.example"),
        ("From: Ines <Ines@Example.com>\nTo: Help <HELP@lumen.example>", "ines@example.com", "help@lumen.example"),
        ("From: nobody\nSubject: hm", NOBODY, "shop@gmail.example"),
        ("Subject: hm", NOBODY, "shop@gmail.example"),
        ("From: a@b.example\nCc: x@y.example, sales@lumen.example", "a@b.example", "sales@lumen.example"),
        ("From: a@b.example\nDelivered-To: shop@gmail.example\nTo: help+r01k.x@lumen.example", "a@b.example",
         "help+r01k.x@lumen.example"),
        ("From: a@b.example\nTo: sales@lumen.example, help+r01k.x@lumen.example", "a@b.example",
         "help+r01k.x@lumen.example"),
        ("From: a@b.example\nX-Original-To: sales@lumen.example\nTo: help@lumen.example", "a@b.example",
         "sales@lumen.example"),
        ("From: a@b.example\nTo: help@lumen.example.evil.example", "a@b.example", "shop@gmail.example"),
        ("From: a@b.example\nTo: undisclosed-recipients:;", "a@b.example", "shop@gmail.example"),
    ],
)  # fmt: skip
def test_envelopes(head: str, sender: str, recipient: str) -> None:
    for newline in ("\n", "\r\n"):
        content = (head + "\n\nTo: help+body.x@lumen.example\n").replace("\n", newline).encode()
        assert envelope_of(content, OURS, "shop@gmail.example") == (sender, recipient)


@given(st.binary(max_size=400))
def test_any_bytes_have_an_envelope(content: bytes) -> None:
    sender, recipient = envelope_of(content, OURS, "shop@gmail.example")
    assert recipient == "shop@gmail.example" or recipient.endswith("@lumen.example")
    assert "\0" not in sender
    assert "\n" not in sender


@given(st.binary(max_size=400))
def test_a_stand_in_says_who_wrote_and_nothing_of_what(head: bytes) -> None:
    mail = stand_in(b"From: Ines <ines@example.com>\r\nSubject: =?utf-8?b?54Gv?=\r\n" + head, "Too large 太大了")
    assert parse(mail).text.strip() == "Too large 太大了"
    assert parse(mail).from_address == "ines@example.com"
    assert parse(mail).subject.startswith("灯")
