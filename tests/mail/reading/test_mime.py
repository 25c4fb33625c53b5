"""Whole mails, whole and broken, are taken apart as their senders meant them."""

import re
from base64 import b64encode
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.mail.reading.parsing import ParsedMail, parse
from tests.mail.reading.test_parsing import CASES, SAMPLES

HEAD = "From: Lin <lin@example.com>\nSubject: x\nMIME-Version: 1.0\n"


def text_of(*lines: str) -> str:
    return parse(("\n".join([HEAD.rstrip(), *lines])).encode()).text.strip()


def files_of(*lines: str) -> list[tuple[str, str, bytes]]:
    mail = parse(("\n".join([HEAD.rstrip(), *lines])).encode())
    return [(file.name, file.type, file.content) for file in mail.attachments]


MIXED = ("Content-Type: multipart/mixed; boundary=b", "")
PLAIN = ("--b", "Content-Type: text/plain", "", "hello", "")
HTML = ("--b", "Content-Type: text/html", "", "<p>hello</p>", "")
PDF = ("--b", "Content-Type: application/pdf; name=a.pdf", "Content-Transfer-Encoding: base64", "", "JVBERg==", "")
OTHER = ("--b", "Content-Type: text/html", "", "<ul><li>hello</li></ul>", "")
NESTED = ("Content-Type: multipart/mixed; boundary=n", "", "--n", "", "one", "--n", "", "two", "--n--")
ENCODINGS = ("8bit", "base64", "quoted-printable")
NAMED = ("--b", "Content-Type: a/b; name=c")
UUENCODED = ("begin 644 a.txt", "#86)C", "`", "end")
FILE, TEXT = [("a.pdf", "application/pdf", b"%PDF")], [("a.txt", "text/plain", b"raw")]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["", "hello"], "hello"),
        (["hello"], "hello"),  # the blank line is missing
        (["X-Long: a", "not folded", "To: a@b.example", "", "hello"], "hello"),
        (["Content-Type: text", "", "hello"], "hello"),
        (["Content-Type: text/html", "", "<b>hello</b>"], "hello"),
        (["Content-Type: html", "", "<b>hello</b>"], "hello"),
        (["Content-Type: text/html", "", "hello<!"], "hello"),
        (["Content-Type: text/html", "", "hello<? a"], "hello a"),
        (["", "<!DOCTYPE html><html><body>hello</body></html>"], "hello"),
        (["Content-Type: text/plain; name=a.txt", "", "hello"], "hello"),
        (["Content-Type: text/enriched", "", "<bold>hello</bold>"], "hello"),
        (["Content-Transfer-Encoding: base64", "", "aGVsbG8="], "hello"),
        (["Content-Transfer-Encoding: BASE64;", "", "aGVsbG8"], "hello"),
        (["Content-Transfer-Encoding: base64", "", "aGVs*bG8=\n"], "hello"),
        (["Content-Transfer-Encoding: base64", "", "aGVs", "", "bG8=", ""], "hello"),
        (["Content-Transfer-Encoding: base64", "", "aGU=", "bGxv"], "hello"),
        (["Content-Transfer-Encoding: base64", "", "Hi, was it? No: never!"], "Hi, was it? No: never!"),
        (["Content-Transfer-Encoding: quoted-printable", "", "h=65llo"], "hello"),
        (["Content-Transfer-Encoding: quoted-printable", "", "hel=", "lo"], "hello"),
        (["Content-Transfer-Encoding: quoted-printable", "", "hel= ", "lo"], "hello"),
        (["Content-Transfer-Encoding: quoted-printable", "", "100 =% =zz"], "100 =% =zz"),
        (["Content-Transfer-Encoding: x-gone", "", "hello"], "hello"),
        (["Content-Type: text/plain; format=flowed", "", "hel ", "lo"], "hel lo"),
        (["Content-Type: text/plain; format=flowed; delsp=yes", "", "hel ", "lo"], "hello"),
        ([*MIXED, *PLAIN, "--b--"], "hello"),
        ([*MIXED, *PLAIN], "hello"),  # never closed
        ([*MIXED, "preamble", *PLAIN, "--b--", "epilogue"], "hello"),
        ([*MIXED, *PLAIN, "--b--", "--b", "", "again"], "hello"),
        ([*MIXED, *PLAIN, *HTML, "--b--"], "hello"),  # said twice
        ([*MIXED, *PLAIN, *PDF, "--b", "", "there", "--b--"], "hello\nthere"),
        ([*MIXED, "--b", "", "hello", "--b--"], "hello"),
        ([*MIXED, "--b", "hello", "--b--"], "hello"),
        ([*MIXED, "--b  ", "", "hello", "--b-- "], "hello"),
        (["Content-Type: multipart/mixed", "", *PLAIN, "--b--"], "hello"),  # no boundary is named
        (["Content-Type: multipart/mixed; boundary=other", "", *PLAIN, "--b--"], "hello"),  # a wrong one is
        ([*PLAIN, "--b--"], "hello"),  # the header has lost its Content-Type, and the blank line
        (["", *PLAIN, "--b--"], "hello"),
        (['Content-Type: multipart/mixed; boundary="b"; charset=x', "", *PLAIN, "--b--"], "hello"),
        (["Content-Type: multipart/mixed;boundary=b;", "", *PLAIN, "--b--"], "hello"),
        (["Content-Type: multipart/mixed;\n boundary=b", "", *PLAIN, "--b--"], "hello"),
        (["Content-Type: multipart/mixed; BOUNDARY=b", "", *PLAIN, "--b--"], "hello"),
        (["Content-Type: multipart/alternative; boundary=b", "", *PLAIN, *HTML, "--b--"], "hello"),
        (["Content-Type: multipart/alternative; boundary=b", "", *HTML, *PLAIN, "--b--"], "hello"),
        (["Content-Type: multipart/alternative; boundary=b", "", "--b", "", "", *HTML, "--b--"], "hello"),
        (["Content-Type: multipart/alternative; boundary=b", "", *OTHER, *PLAIN, "--b--"], "hello"),
        (["Content-Type: multipart/alternative; boundary=b", "", *PLAIN, *OTHER, "--b--"], "hello"),
        (["Content-Type: multipart/alternative; boundary=b", "", *PLAIN, "--b", *NESTED, "--b--"], "hello"),
        (["Content-Type: multipart/alternative; boundary=b", "", "--b", *NESTED, *OTHER, "--b--"], "one two"),
        (["Content-Type: multipart/related; boundary=b", "", *HTML, *PDF, "--b--"], "hello"),
        (["Content-Type: multipart/what; boundary=b", "", *PLAIN, "--b--"], "hello"),
        (["Content-Type: multipart/mixed; boundary=b", "", "hello"], "hello"),  # none of its parts came
        (
            [*MIXED, "--b", "Content-Type: multipart/mixed; boundary=bb", "", "--bb", "", "hello", "--bb--", "--b--"],
            "hello",
        ),
        (
            [
                *('Content-Type: multipart/mixed; boundary="a--"', "", "--a--"),
                *('Content-Type: multipart/mixed; boundary="a----"', "", "--a----"),
                *("", "hello", "--a------", "--a----"),
            ],
            "hello",
        ),
        (
            [*MIXED, "--b", "Content-Type: multipart/x; boundary=c", "", "--c", "", "one", *PLAIN, "--c", "", "two"],
            "one hello two",
        ),
        ([*MIXED, "--b", "Content-Type: message/rfc822", "", "Subject: y", "", "inner", *PLAIN, "--b--"], "hello"),
        (["", "", ""], ""),
        ([], ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "\r\r\n"])
def test_texts(lines: list[str], text: str, ending: str) -> None:
    mail = parse(f"{HEAD}{chr(10).join(lines)}".replace("\n", ending).encode())
    assert mail.text.split() == text.split()
    assert (mail.from_address, mail.subject) == ("lin@example.com", "x")


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        ([*MIXED, *PLAIN, *PDF, "--b--"], FILE),
        ([*MIXED, *PLAIN, *PDF], FILE),
        ([*PDF[1:]], FILE),
        ([*MIXED, "--b", "Content-Type: a/b", "", "raw", "--b--"], [("", "a/b", b"raw")]),
        ([*MIXED, "--b", "Content-Disposition: attachment; filename=a.txt", "", "raw", "--b--"], TEXT),
        ([*MIXED, *PLAIN, "--b", "Content-Type: text/plain; name=a.txt", "", "raw", "--b--"], TEXT),
        ([*MIXED, *PLAIN, "--b", "Content-Disposition: inline; filename=a.txt", "", "raw", "--b--"], TEXT),
        ([*MIXED, *PLAIN, "--b", "Content-Type: text/csv", "", "a,b", "--b--"], [("", "text/csv", b"a,b")]),
        (["Content-Type: message/external-body; access-type=x", "", ""], []),
        (["", "before", *UUENCODED, "after"], [("a.txt", "text/plain", b"abc")]),
        (["", *UUENCODED], [("a.txt", "text/plain", b"abc")]),
        (["", "begin with 644 words", "end"], []),
        (["", "begin 644 words and no file"], []),
        ([*MIXED, *NAMED, "Content-Transfer-Encoding: x-uuencode", "", *UUENCODED, "--b--"], [("c", "a/b", b"abc")]),
        ([*MIXED, *NAMED, "Content-Transfer-Encoding: base64", "", "JVBE*Rg", "--b--"], [("c", "a/b", b"%PDF")]),
    ],
)  # fmt: skip
def test_files(lines: list[str], files: list[tuple[str, str, bytes]]) -> None:
    assert files_of(*lines) == files


def test_the_text_around_a_uuencoded_file_stays() -> None:
    assert text_of("", "before", "begin 644 a.txt", "#86)C", "`", "end", "after") == "before\nafter"


def test_files_come_byte_by_byte() -> None:
    raw = bytes(range(1, 256)) + b"\r\n\r\n\n\r"
    mail = parse(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: a/b; name=c\r\n\r\n"
        + raw
        + b"\r\n--b--\r\n"
    )
    assert mail.attachments[0].content == raw


def test_a_mail_within_a_mail_is_a_file_with_a_name() -> None:
    mail = parse(b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: Where is it?\n\nhi\n--b--\n")
    [file] = mail.attachments
    assert (file.type, file.name, file.suggested_name) == ("message/rfc822", "Where is it?.eml", "Where is it?.eml")


@pytest.mark.parametrize(
    ("codec", "encoding", "text"),
    [
        *product(("gb18030", "utf-8"), ENCODINGS, ("您好，我的订单1001到哪了？", "退货地址")),
        *product(("big5", "utf-8"), ENCODINGS, ("您好，我的訂單1001到哪了？", "退貨地址")),
        *product(("cp1252", "utf-8"), ENCODINGS, ("Mein Päckchen? Grüße", "Où est-elle ?")),
        *product(("koi8-r", "utf-8"), ENCODINGS, ("Где мой заказ?", "Возврат")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("html", [True, False])
def test_letters_in_two_worlds(codec: str, encoding: str, text: str, labelled: bool, html: bool) -> None:
    body = (f"<html><body><p>{text}</p></body></html>" if html else text).encode(codec)
    if encoding == "base64":
        body = b64encode(body)
    elif encoding == "quoted-printable":
        body = b"".join(b"=%02X" % byte for byte in body)
    label = f"; charset={codec}" if labelled else ""
    head = f"Content-Type: text/{'html' if html else 'plain'}{label}\nContent-Transfer-Encoding: {encoding}\n"
    subject = text.encode(codec)
    mail = parse(
        HEAD.replace("Subject: x\n", "").encode() + b"Subject: " + subject + b"\n" + head.encode() + b"\n" + body
    )
    assert (mail.text.strip(), mail.subject) == (text, text)


@pytest.mark.parametrize(
    "meta", ['<meta charset="gbk">', '<meta http-equiv=Content-Type content="text/html; charset=gb2312">']
)
def test_html_knows_its_own_charset(meta: str) -> None:
    page = f"<html><head>{meta}</head><body>镕堃喆</body></html>".encode("gb18030")
    assert parse(b"Content-Type: text/html\n\n" + page).text == "镕堃喆"


@pytest.mark.parametrize(
    ("codec", "name"), [("big5", "佐藤"), ("gbk", "颉镕"), ("shift_jis", "佐藤"), ("koi8-r", "Ян")]
)
@pytest.mark.parametrize("multipart", [True, False])
def test_raw_headers_are_in_the_charset_of_the_text(codec: str, name: str, multipart: bool) -> None:
    part = f"Content-Type: text/plain; charset={codec}\n\nx\n"
    body = f"Content-Type: multipart/mixed; boundary=b\n\n--b\n{part}--b--\n" if multipart else part
    mail = parse(f"From: {name} <a@b.example>\nSubject: {name}\n{body}".encode(codec))
    assert (mail.from_name, mail.subject, mail.text.strip()) == (name, name, "x")


def test_headers_hold_no_line_breaks() -> None:
    evil = b"=?utf-8?Q?a=0D=0ABcc=3A_x=00=E2=80=A8y?="
    fields = (b"From", b"To", b"Subject", b"Reply-To", b"Cc", b"Message-ID", b"References")
    name = b'Content-Disposition: attachment; filename="' + evil + b'"\nContent-Type: a/b\x01; name="\x02"\n'
    mail = parse(b"".join(field + b": " + evil + b" <a\x00\x0b@b.example>\n" for field in fields) + name + b"\nx")
    values = [mail.from_name, mail.from_address, mail.subject, mail.message_id, *mail.references]
    values += [part for people in (mail.to, mail.cc, mail.reply_to) for one in people for part in (one.name, one.email)]
    values += [
        part for file in mail.attachments for part in (file.name, file.type, file.suggested_name, file.content_id)
    ]
    assert all(value.isprintable() for value in values), values


RAW = [(SAMPLES / case["file"]).read_bytes() for case in CASES]


@given(
    st.sampled_from(RAW),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 30), st.binary(max_size=20)), max_size=8),
)
@settings(max_examples=150, deadline=None)
def test_damaged_mails_are_read_somehow(raw: bytes, wounds: list[tuple[int, int, bytes]]) -> None:
    for at, size, instead in wounds:
        raw = raw[:at] + instead + raw[at + size :]
    mail = parse(raw)
    assert isinstance(mail, ParsedMail)
    assert "Error" not in mail.problem
    values = (mail.subject, mail.from_name, mail.from_address, mail.message_id)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", "".join(values))
