"""Mails of real programs are read as their authors meant them; broken ones are read as far as it goes."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.mail.reading.charsets import decode
from app.mail.reading.guessing import guess
from app.mail.reading.headers import Address, addresses
from app.mail.reading.html import reply_of_html, text_of_html
from app.mail.reading.mime import MAX_DEPTH, MAX_PARTS, walk
from app.mail.reading.parameters import parameters
from app.mail.reading.parsing import ParsedMail, parse
from app.mail.reading.words import decode_words

SAMPLES = Path(__file__).parents[2] / "data" / "mail"
CASES = [json.loads(line) for line in (SAMPLES / "cases.jsonl").read_text("utf-8").splitlines()]


def squeezed(text: str) -> str:
    return " ".join(text.split())


READ: dict[str, Callable[[ParsedMail], Any]] = {
    "from_email": lambda mail: mail.from_address,
    "to": lambda mail: [address.email for address in mail.to],
    "attachments": lambda mail: [{"name": file.name, "type": file.type} for file in mail.attachments],
    "attachment_count": lambda mail: len(mail.attachments),
    "bounce": lambda mail: mail.bounce is not None,
    "bounce_hard": lambda mail: mail.bounce is not None and mail.bounce.hard,
    "body": lambda mail: squeezed(mail.text),
    "reply": lambda mail: squeezed(mail.reply_text),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_sample(case: dict[str, Any]) -> None:
    mail = parse((SAMPLES / case["file"]).read_bytes())
    assert mail.problem == ""
    expected = dict(case["expect"])
    without_spaces = expected.pop("nospace", False)
    for part in expected.pop("reply_has", []):
        assert squeezed(part) in squeezed(mail.reply_text)
    if choices := expected.pop("reply_any", []):
        reply = squeezed(mail.reply_text)
        assert reply.replace(" ", "") in [squeezed(choice).replace(" ", "") for choice in choices]
        assert without_spaces or reply in map(squeezed, choices)
    for file in expected.get("attachments", []):
        file.pop("size", None)
    for field, value in expected.items():
        wanted = squeezed(value) if field in ("body", "reply") else value
        read = READ.get(field, attrgetter(field))
        assert read(mail) == (wanted.lower() if field == "from_email" else wanted), field


@given(st.binary(max_size=3000))
@settings(max_examples=200, deadline=None)
def test_random_bytes_are_read_somehow(content: bytes) -> None:
    assert isinstance(parse(content), ParsedMail)


HEADS = st.sampled_from(
    [
        b"From: a@b.example\r\n",
        b"Subject: =?gb2312?B?",
        b"Subject: =?utf-8?q?=",
        b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: message/rfc822\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Type: text/html; charset=idna\r\n",
        b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA-",
        b"Reply-To: <\r\n",
        b"\r\n--b\r\n",
        b"\r\n--b--\r\n",
        b"\r\n\r\n",
        b"<blockquote type=cite>",
        b"On 1/2/2026 a@b.example wrote:\n> ",
        b"Date: Thu, 32 Foo 99999999 10:00\r\n",
        b"References: <a@b> <",
        b"From: \xff\xfe \xe4\xb8 <\r\n",
    ]
)


@given(st.lists(st.one_of(HEADS, st.binary(max_size=40)), max_size=60).map(b"".join))
@settings(max_examples=300, deadline=None)
def test_broken_mails_are_read_without_a_fault_of_ours(content: bytes) -> None:
    mail = parse(content)
    assert mail.problem in ("", "no header fields", "nested too deeply", "too many parts")
    assert b"\x00" not in (mail.text + mail.subject + mail.from_name).encode()
    assert "\n" not in mail.subject + mail.from_address + mail.from_name


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("gb2312", "gb18030", "请问我的订单1001到哪了？㙍喆"),
        ("gbk", "gb18030", "镕堃喆"),
        ("x-unknown", "gb18030", "我的快递还没有收到，请尽快处理"),
        ("", "utf-8", "包裹 – déjà reçu"),
        ("us-ascii", "utf-8", "包裹到了"),
        ("iso-8859-1", "utf-8", "déjà reçu — 包裹"),
        ("iso-8859-1", "cp1252", "it’s “late” — 5 €"),
        ("", "cp1252", "Où est ma commande déjà payée"),
        ("big5", "big5hkscs", "請問我的訂單在哪裡"),
        ("shift_jis", "cp932", "①注文はどこですか"),
        ("iso-2022-jp", "iso-2022-jp", "注文はどこですか"),
        ("ks_c_5601-1987", "cp949", "주문은 어디에 있습니까"),
        ("koi8-r", "koi8-r", "Где мой заказ"),
        ("idna", "utf-8", "a" * 100),
        ("utf-7", "utf-7", "包裹到了"),
        ("rot13", "utf-8", "plain"),
    ],
)
def test_text_survives_its_label(label: str, codec: str, text: str) -> None:
    assert decode(text.encode(codec), label) == text


def test_halves_of_characters_are_replaced() -> None:
    assert decode(b"a+2AA-b", "utf-7") == "a\ufffdb"


def test_bytes_that_fit_nothing_lose_only_themselves() -> None:
    assert "order 1001" in decode(b"order 1001 \xff\xfe\x81\x00", "utf-8")


def test_encoded_words_cut_in_the_middle_of_a_character_are_joined() -> None:
    whole = "订单查询".encode()
    words = [f"=?utf-8?B?{piece}?=" for piece in ("6K6i5Y2V", "5p+l6K+i")]
    assert decode_words(" ".join(words)) == "订单查询"
    halves = (
        f"=?utf-8?Q?{''.join(f'={b:02X}' for b in whole[:4])}?=\n =?utf-8?Q?{''.join(f'={b:02X}' for b in whole[4:])}?="
    )
    assert decode_words(halves.replace("\n", "")) == "订单查询"


def test_an_encoded_line_break_cannot_begin_a_header() -> None:
    name, subject = b"=?utf-8?Q?Ines=0D=0ABcc=3A_all=40b.example?=", b"=?utf-8?B?YQ0KQmNjOiB4?="
    mail = parse(b"From: " + name + b" <ines@example.com>\nSubject: " + subject + b"\n\nhi")
    assert mail.subject == "a Bcc: x"
    assert mail.from_name == "Ines Bcc: all@b.example"
    assert mail.from_address == "ines@example.com"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b'"Lin, Tea" <LIN@Example.com>', [Address("Lin, Tea", "lin@example.com")]),
        (b"lin@example.com (Lin)", [Address("Lin", "lin@example.com")]),
        (
            b"a@b.example, C <c@d.example>;e@f.example",
            [Address("", "a@b.example"), Address("C", "c@d.example"), Address("", "e@f.example")],
        ),
        (b"<>", []),
        (b'"unclosed <a@b.example>, c@d.example', [Address("unclosed", "a@b.example"), Address("", "c@d.example")]),
        ("林 <lin@例子.example>".encode(), [Address("林", "lin@例子.example")]),
        (b"undisclosed-recipients:;", []),
    ],
)
def test_addresses(written: bytes, read: list[Address]) -> None:
    assert list(addresses(written)) == read


def test_file_names_in_all_ways_of_writing_them() -> None:
    for value in (
        b'attachment; filename="=?gb2312?B?' + b"1tC5+rLo" + b'.=?="',
        b"attachment; filename*=utf-8''%E4%B8%AD%E5%9B%BD%E8%8C%B6.pdf",
        b"attachment; filename*0*=utf-8''%E4%B8%AD%E5%9B; filename*1*=%BD%E8%8C%B6.pdf",
        "attachment; filename=中国茶.pdf".encode(),
    ):
        kind, found = parameters(value)
        assert kind == "attachment"
        assert found["filename"].startswith(("中国茶", "=?gb2312"))


def test_html_becomes_text_a_reader_would_see() -> None:
    html = (
        "<html><head><title>x</title><style>p{}</style></head><body><script>alert(1)</script><p>Hello&nbsp;desk,</p>"
        "<ul><li>one</li><li>two</li></ul><a href='https://lumen.example/o'>my order</a><br>line"
        "<blockquote type=cite><p>old</p></blockquote></body></html>"
    )
    assert text_of_html(html) == "Hello desk,\n\n- one\n- two\n\nmy order <https://lumen.example/o>\nline\n\n> old"
    assert reply_of_html(html) == "Hello desk,\n\n- one\n- two\n\nmy order <https://lumen.example/o>\nline"


@pytest.mark.parametrize(
    "bomb",
    [
        b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(2000)),
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 100_000,
        b"Content-Type: text/html\n\n" + b"<!--" * 200_000,
        b"Content-Type: text/html\n\n" + b"<div>" * 100_000,
        b"Content-Type: text/html\n\n" + b"<a " * 200_000 + b">",
        b"Content-Type: text/html\n\n" + b'<a "' * 150_000 + b">",
        b"Content-Type: text/html\n\n" + b"<a '\"" * 150_000 + b">",
        b"Content-Type: text/html\n\n<a " + b"class=x " * 250_000 + b">",
        b"Content-Type: text/html\n\n" + b"<script>" * 250_000,
        b"Content-Type: text/html\n\n" + b"<blockquote type=cite>" * 50_000,
        b"Subject: " + b"=?utf-8?B?YQ==?= " * 20_000 + b"\n\nhi",
        b"To: " + b"a@b.example, " * 100_000 + b"\n\nhi",
        b"To: " + b"(" * 300_000 + b"\n\nhi",
        b"X: y\n" + b" \n" * 300_000 + b"\nhi",
        b"Subject: x\n\n" + b"On " * 300_000,
        b"Subject: x\n\n" + b"On 1/2/2026 a@b.example wrote:\n> q\n" * 20_000,
        b"Subject: x\n\n" + b" " * 300_000,
        b"Subject: x\n\n" + b"\n" * 2_000_000,
        b"Subject: x\n\n" + b">" * 1_000_000,
        b"Subject: x\n\n" + b"From: a\nTo: b\nSubject: c\n" * 20_000,
    ],
    ids=lambda bomb: bomb[:40].decode(),
)
def test_bombs_take_no_time(bomb: bytes) -> None:
    started = time.process_time()
    parse(b"From: a@b.example\n" + bomb)
    assert time.process_time() - started < 3


def test_limits_of_the_walk() -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(200))
    assert walk(deep).cut == "nested too deeply"
    assert max(part.depth for part in walk(deep).parts) == MAX_DEPTH
    wide = walk(b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 5000)
    assert wide.cut == "too many parts"
    assert len(wide.parts) == MAX_PARTS


def test_dates_are_utc() -> None:
    assert parse(b"Date: Tue, 24 Nov 2026 10:42:00 +0800\n\n").date == datetime(2026, 11, 24, 2, 42, tzinfo=UTC)
    assert parse(b"Date: yesterday\n\n").date is None


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Größe und Straße, wo ist meine Bestellung", "cp1252"),
        ("Größe", "cp1252"),
        ("请问订单1001到哪里了", "gb18030"),
        ("我的T恤呢", "gb18030"),
        ("订", "gb18030"),
    ],
)
def test_bytes_without_a_label_are_read_as_what_they_likelier_are(text: str, codec: str) -> None:
    assert guess(text.encode(codec)) == text


def test_halves_of_characters_from_utf_7_do_not_survive() -> None:
    mail = parse(b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA-\x8d")
    assert mail.text.encode("utf-8")
