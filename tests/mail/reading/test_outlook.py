"""The containers of Outlook and Exchange in all their forms: their files and their words come out."""

from binascii import b2a_uu

import pytest

from app.mail.reading.parsing import parse
from app.mail.reading.rtf import read_rtf, unpack
from tests.mail.reading import outlook
from tests.mail.reading.outlook import (
    BINARY,
    BODY,
    LONG,
    MESSAGE,
    OBJECT,
    STRING,
    TIME,
    WIDE,
    attribute,
    compressed,
    container,
    file,
    plain,
    properties,
    property_,
    rich,
)

PDF = b"%PDF-1.4 bill"
CHINESE = "您好，我三月二号下的订单到现在还没有发货，请问什么时候可以发出？"
TWO = file("a.pdf", PDF, name="Rechnung für März.pdf") + file("b.txt", b"words", name="notes.txt")
NAMES = ["Rechnung für März.pdf", "notes.txt"]


def names(mail: bytes) -> list[str]:
    return [found.name for found in parse(mail).attachments]


def message(*written: bytes) -> bytes:
    return attribute(MESSAGE, properties(*written))


def in_rtf(packed: bytes) -> bytes:
    return message(property_(0x1009, BINARY, packed))


@pytest.mark.parametrize("kind", ["application/ms-tnef", "APPLICATION/VND.MS-TNEF", "application/octet-stream"])
@pytest.mark.parametrize("name", ["winmail.dat", "WINMAIL.DAT", "win.dat", "ATT00001.bin", "noname", ""])
def test_a_container_is_known_under_any_name(kind: str, name: str) -> None:
    assert names(outlook.mail(container(TWO), kind=kind, name=name)) == NAMES
    assert names(outlook.mail(container(TWO), kind=kind, name=name, text=None)) == NAMES


def test_a_file_of_that_name_that_is_no_container_stays() -> None:
    assert names(outlook.mail(PDF, kind="application/octet-stream")) == ["winmail.dat"]


@pytest.mark.parametrize(
    "order",
    [
        "announced title data more",
        "announced more title data",
        "announced title more data",
        "announced data title",
        "data title more",
        "title data",
        "announced transport data",
    ],
)
def test_files_are_read_in_any_order(order: str) -> None:
    two = file("one.txt", b"1", order=order) + file("two.pdf", PDF, order=order)
    found = parse(outlook.mail(container(two))).attachments
    assert [(one.name, one.type, one.content) for one in found] == [
        ("one.txt", "text/plain", b"1"),
        ("two.pdf", "application/pdf", PDF),
    ]


@pytest.mark.parametrize(
    ("page", "codec", "name"),
    [
        (936, "gbk", "三月发票.pdf"),
        (932, "cp932", "三月請求書.pdf"),
        (1251, "cp1251", "Счёт на оплату.pdf"),
        (949, "cp949", "견적서.pdf"),
    ],
)
def test_names_are_in_the_codepage_of_the_container(page: int, codec: str, name: str) -> None:
    assert names(outlook.mail(container(file("x.pdf", PDF, name=name, codec=codec), page=page))) == [name]
    assert names(outlook.mail(container(file(name, PDF, codec=codec, order="announced data title"), page=page))) == [
        name
    ]


def test_what_surrounds_a_name_is_passed_over() -> None:
    other = [
        property_(0x8001, WIDE, "x", called="AttachmentMacInfo"),
        property_(0x8002, WIDE, ["a", "bcd"], called=5, several=True),
        property_(0x8003, LONG, [1, 2, 3], called=6, several=True),
        property_(0x7FFE, outlook.BOOLEAN, 1),
        property_(0x3710, outlook.SHORT, 7),
    ]
    assert names(outlook.mail(container(file("x", PDF, name="très long.pdf", more=other)))) == ["très long.pdf"]
    schedule = [
        property_(0x8001, TIME, 133_000_000_000_000_000, called=0x820D),
        property_(0x8002, WIDE, "Köln", called="Where"),
    ]
    meeting = message(property_(0x0037, WIDE, "Talk"), *schedule)
    assert names(outlook.mail(container(meeting, TWO, kind="IPM.Microsoft Schedule.MtgReq"))) == NAMES


def test_wrong_sums_and_what_follows_the_end_do_no_harm() -> None:
    assert names(outlook.mail(container(file("a.pdf", PDF, name="a.pdf", wrong_sum=1)) + b"\x00\x00rest")) == ["a.pdf"]


def test_a_container_that_breaks_off_gives_what_stood_before() -> None:
    whole = container(TWO, file("big.bin", bytes(5000)))
    for length in range(0, len(whole) - 5000, 7):
        assert parse(outlook.mail(whole[:length])).text.strip() == "See below."
    assert names(outlook.mail(whole[:-2000]))[:2] == NAMES


def test_a_message_and_an_object_within() -> None:
    inner = container(attribute(BODY, b"old words\x00"), file("deep.txt", b"deep"))
    mail = [property_(0x3001, WIDE, "Frühere Nachricht"), property_(0x3701, OBJECT, outlook.MESSAGE_INTERFACE + inner)]
    thing = [property_(0x3701, OBJECT, outlook.STORAGE_INTERFACE + b"\xd0\xcf\x11\xe0" + bytes(64))]
    both = file("mail", b"", order="announced more", more=mail) + file(
        "drawing", b"", order="announced title more", more=thing
    )
    found = parse(outlook.mail(container(both, TWO))).attachments
    assert [one.name for one in found] == ["Frühere Nachricht.eml", "drawing", *NAMES]
    assert parse(found[0].content).attachments[0].name == "deep.txt"


@pytest.mark.parametrize(
    ("page", "attributes", "text"),
    [
        (936, attribute(BODY, CHINESE.encode("gbk") + b"\x00"), CHINESE),
        (1252, message(property_(0x1000, WIDE, CHINESE)), CHINESE),
        (1251, message(property_(0x1000, STRING, "Где заказ?", codec="cp1251")), "Где заказ?"),
        (1252, message(property_(0x1013, BINARY, CHINESE.encode()), property_(0x3FDE, LONG, 65001)), CHINESE),
        (1252, in_rtf(compressed(rich("Größe {42}?"))), "Größe {42}?"),
        (1252, in_rtf(plain(rich(CHINESE, 936, "gbk"))), CHINESE),
        (1252, in_rtf(compressed(rich("订单 😀 ソフト表"))), "订单 😀 ソフト表"),
        (1252, in_rtf(compressed(rich("ソフト表", 932, "cp932"))), "ソフト表"),
    ],
)
def test_its_words_are_the_letter_when_there_is_no_other(page: int, attributes: bytes, text: str) -> None:
    container_ = container(attributes, file("a.pdf", PDF, name="a.pdf"), page=page)
    mail = parse(outlook.mail(container_, text=None))
    assert (mail.text.strip(), [one.name for one in mail.attachments]) == (text, ["a.pdf"])
    assert parse(outlook.mail(container_)).text.strip() == "See below."


def test_html_within_rich_text() -> None:
    rtf = (
        rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}\uc1\pard\plain\f0 {\*\htmltag64 <p>}"
        rb"\htmlrtf \par \htmlrtf0 Hello, Gr\'fc\'dfe\htmlrtf {\b \htmlrtf0 {\*\htmltag84 <b>} 1001{\*\htmltag92 </b>}"
        rb"\htmlrtf }\htmlrtf0 {\*\htmltag72 </p>}}"
    )
    mail = parse(outlook.mail(container(in_rtf(compressed(rtf))), text=None))
    assert (mail.text, mail.html) == ("Hello, Grüße 1001", "<p>Hello, Grüße<b> 1001</b></p>")


@pytest.mark.parametrize("text", ["", "x", "la" * 3000, "".join(map(chr, range(32, 127))) * 50, CHINESE * 40])
def test_what_was_compressed_comes_out_again(text: str) -> None:
    rtf = rich(text, 936, "gbk")
    assert unpack(compressed(rtf)) == rtf
    assert read_rtf(rtf)[0] == text


def test_a_container_in_uuencode_is_opened_too() -> None:
    from_text = b"Hello\n\nbegin 600 winmail.dat\n"
    content = container(TWO)
    lines = [content[at : at + 45] for at in range(0, len(content), 45)]
    mail = parse(b"From: a@b.example\n\n" + from_text + b"".join(map(b2a_uu, lines)) + b"`\nend\n")
    assert (mail.text.strip(), [one.name for one in mail.attachments]) == ("Hello", NAMES)
