"""What few programs write: old kinds of text, labels of encodings, hidden lines, what was added on the way."""

import time

import pytest

from app.mail.reading.parsing import ParsedMail, parse
from app.mail.reading.transfer import undo


def letter(body: bytes, *fields: bytes) -> ParsedMail:
    return parse(b"\r\n".join([b"From: a@b.example", b"Subject: hi", *fields, b"", body]))


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        (
            "text/enriched",
            "<bold>See</bold> <<this\none\n\nfor <color><param>red</param>all</color>",
            "See <this one\nfor all",
        ),
        ("text/enriched", "<nofill>one\ntwo</nofill>\nthree", "one\ntwo three"),
        ("text/richtext", "<bold>See</bold><nl>the <lt>time<comment>not</comment>\nfor all", "See\nthe <time for all"),
        ("text/x-unknown", "plain", "plain"),
        ("mulitpart/mixed", "plain", "plain"),
    ],
)
def test_old_and_unknown_kinds_of_text(kind: str, body: str, text: str) -> None:
    assert letter(body.encode(), b"Content-Type: " + kind.encode()).text == text


@pytest.mark.parametrize("encoding", ["base-64", "x-base64", "b64", '"base64"', "BASE64;", "Base64 (encoded)"])
def test_base64_in_odd_spellings(encoding: str) -> None:
    assert undo(encoding.encode(), b"R3LDvMOfZQ==", is_text=True) == "Grüße".encode()


@pytest.mark.parametrize("encoding", ["quoted_printable", "x-quoted-printable", "Quoted-Printable;"])
def test_quoted_printable_in_odd_spellings(encoding: str) -> None:
    assert undo(encoding.encode(), b"=3Dsoft=  \t\r\nbreak") == b"=softbreak"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"V28gaXN0IHNpZT8=\r\n\r\n-- \r\nThe list: https://list.example", "Wo ist sie?\n\n-- \nThe list: https://list.example"),
        (b"This is no base64 at all, my friends", "This is no base64 at all, my friends"),
        (b"This was never encoded and ends so", "This was never encoded and ends so"),
        (b"6K6i5Y2VPz8-Pg==", "订单??>>"),
        (b"V28g aXN0 IHNp ZT8=", "Wo ist sie?"),
    ],
)  # fmt: skip
def test_text_in_base64_that_is_not_only_that(body: bytes, text: str) -> None:
    mail = letter(body, b"Content-Type: text/plain; charset=utf-8", b"Content-Transfer-Encoding: base64")
    assert mail.text.replace("\n\n\n", "\n\n").strip() == text


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "DISPLAY: NONE !important",
        "max-height:0;overflow:hidden",
        "opacity: 0; height:1px",
        "visibility:hidden",
    ],
)
def test_what_html_hides_is_not_read(style: str) -> None:
    html = f'<div style="{style}">Hidden <div>line</div></div><p>Shown</p>'
    assert letter(html.encode(), b"Content-Type: text/html").text == "Shown"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<td style="font-size:0"><p style="font-size:14px">Shown</p></td>', "Shown"),
        ('<p style="opacity:0.9;max-height:0.5em">Shown</p>', "Shown"),
        ('<div style="display:none">Never closed <p>Shown</p>', "Never closed\n\nShown"),
        ('<div style="display:none">All there is</div>', "All there is"),
    ],
)
def test_no_word_of_a_letter_is_taken_for_hidden(html: str, text: str) -> None:
    assert letter(html.encode(), b"Content-Type: text/html").text == text


def test_a_header_line_of_any_length_hides_no_other() -> None:
    mail = parse(b"From: a@b.example\r\nX-Long: " + b"x" * 300_000 + b"\r\nSubject: hi\r\n\r\ntext")
    assert (mail.subject, mail.text) == ("hi", "text")


def test_a_mail_that_an_editor_saved_as_unicode() -> None:
    mail = parse("From: a@b.example\r\nSubject: 订单\r\n\r\n在哪里".encode("utf-16"))
    assert (mail.subject, mail.text) == ("订单", "在哪里")


def test_a_disposition_without_a_kind_has_a_name() -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/pdf\r\n"
    mail = parse(head + b'Content-Disposition: filename="a.pdf"\r\n\r\n%PDF\r\n--b--\r\n')
    assert [file.name for file in mail.attachments] == ["a.pdf"]


@pytest.mark.parametrize(
    ("field", "name", "address"),
    [
        ("'Ann Lee' via Shop <ann@c.example>", "'Ann Lee' via Shop", "ann@c.example"),
        ("'Ann Lee' <ann@c.example>", "Ann Lee", "ann@c.example"),
        ("Ann Lee <<ann@c.example>>", "Ann Lee", "ann@c.example"),
        ("Ann [mailto:ann@c.example]", "Ann [mailto:]", "ann@c.example"),
    ],
)
def test_addresses_in_too_many_brackets(field: str, name: str, address: str) -> None:
    mail = parse(f"From: {field}\r\n\r\nhi".encode())
    assert (mail.from_address, mail.from_name) == (address, name)


def test_words_that_say_b_and_are_q() -> None:
    assert parse(b"Subject: =?utf-8?B?Gr=C3=BC=C3=9Fe?=\r\n\r\nhi").subject == "Grüße"
    assert parse(b"Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n\r\nhi").subject == "Grüße"


@pytest.mark.parametrize("body", [b"a \r\n" * 200_000, b"<" * 500_000], ids=["flowed", "brackets"])
@pytest.mark.parametrize("kind", [b"text/plain; format=flowed", b"text/html"])
def test_large_texts_take_no_time(body: bytes, kind: bytes) -> None:
    started = time.process_time()
    assert letter(body, b"Content-Type: " + kind).problem == ""
    assert time.process_time() - started < 3
