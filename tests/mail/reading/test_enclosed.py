"""What other programs wrap: Outlook's containers and rich text, appointments, signed and encrypted mails."""

import struct
import time
from base64 import b64encode

import pytest

from app.mail.reading.parsing import parse
from app.mail.reading.rtf import read_rtf, unpack
from app.mail.reading.tnef import read_tnef


def attribute(level: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*found: tuple[int, int, bytes]) -> bytes:
    written = struct.pack("<I", len(found))
    for kind, name, value in found:
        written += struct.pack("<HH", kind, name)
        if kind in (0x0D, 0x1E, 0x1F, 0x102):
            written += struct.pack("<II", 1, len(value)) + value + b"\x00" * (-len(value) % 4)
        else:
            written += value
    return written


def wide(text: str) -> bytes:
    return (text + "\x00").encode("utf-16-le")


def container(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def mail_with(content: bytes, text: str = "") -> bytes:
    return (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n"
        + text.encode()
        + b"\n--b\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
        + b64encode(content)
        + b"\n--b--\n"
    )


FILE = attribute(2, 0x00069002, b"\x00" * 14)
DATA = attribute(2, 0x0006800F, b"%PDF")
HTML = (
    rb"{\rtf1\ansi\ansicpg936\fromhtml1 \deff0{\fonttbl{\f0\fcharset134 SimSun;}}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 "
)
HTML += rb"\f0 \'b6\'a9\'b5\'a5 \u26597 ? &amp; {\*\htmltag84 &nbsp;}\htmlrtf }\htmlrtf0 {\*\htmltag72 </p>}}"


def test_files_have_their_long_names_in_any_order() -> None:
    names = properties((0x1E, 0x3704, b"REPORT~1.PDF\x00"), (0x1F, 0x3707, wide("报价 2026.pdf")))
    told = attribute(2, 0x00069005, names)
    short = attribute(2, 0x00018010, b"REPORT~1.PDF\x00")
    for order in ((DATA, short, told), (told, short, DATA), (short, told, DATA)):
        mail = parse(mail_with(container(FILE, *order, FILE, DATA, attribute(2, 0x00018010, b"a.txt\x00")), "hi"))
        assert [(file.name, file.content) for file in mail.attachments] == [
            ("报价 2026.pdf", b"%PDF"),
            ("a.txt", b"%PDF"),
        ]
        assert mail.text.strip() == "hi"


def test_names_in_the_codepage_of_the_container() -> None:
    page = attribute(1, 0x00069007, struct.pack("<II", 936, 0))
    found = read_tnef(container(page, FILE, attribute(2, 0x00018010, "报价.pdf".encode("gbk") + b"\x00"), DATA))
    assert found is not None
    assert found.files[0].name == "报价.pdf"


def test_its_text_is_the_letter_when_there_is_no_other() -> None:
    body = attribute(1, 0x0002800C, b"Where is my order?\x00")
    assert parse(mail_with(container(body))).text == "Where is my order?"
    assert parse(mail_with(container(body), "words")).text.strip() == "words"
    packed = struct.pack("<IIII", len(HTML) + 12, len(HTML), 0x414C454D, 0) + HTML
    rich = attribute(1, 0x00069003, properties((0x102, 0x1009, packed)))
    assert parse(mail_with(container(rich))).text == "订单 查 &"
    html = attribute(
        1, 0x00069003, properties((0x102, 0x1013, "<p>订单</p>".encode()), (3, 0x3FDE, struct.pack("<I", 65001)))
    )
    assert parse(mail_with(container(html))).text == "订单"


def test_a_message_within_is_a_mail() -> None:
    inner = container(attribute(1, 0x00018004, b"Inner\x00"), attribute(1, 0x0002800C, b"words\x00"), FILE, DATA)
    told = properties((0x0D, 0x3701, b"\x00" * 16 + inner))
    [file] = parse(mail_with(container(FILE, attribute(2, 0x00069005, told)), "hi")).attachments
    assert (file.name, file.type) == ("Inner.eml", "message/rfc822")
    within = parse(file.content)
    assert (within.subject, within.text.strip(), within.attachments[0].content) == ("Inner", "words", b"%PDF")


def test_broken_containers_give_what_stood_before() -> None:
    whole = container(FILE, attribute(2, 0x00018010, b"a.txt\x00"), DATA, attribute(1, 0x00069003, b"\xff" * 40))
    for size in range(len(whole)):
        mail = parse(mail_with(whole[:size], "hi"))
        assert "Error" not in mail.problem
        assert mail.text.strip() == "hi"
    assert [file.name for file in parse(mail_with(whole, "hi")).attachments] == ["a.txt"]
    assert [file.name for file in parse(mail_with(b"no container", "hi")).attachments] == ["winmail.dat"]


def test_compressed_rich_text() -> None:
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpack(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert read_rtf(unpack(packed)) == ("hello world", "")
    assert unpack(b"\x00" * 20) == b""


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansi one\par two\tab three}", "one\ntwo\tthree"),
        (rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\colortbl;}{\*\generator x;}hi}", "hi"),
        (rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2}", "Привет"),
        (b"{\\rtf1\\ansi\\ansicpg936 \\'b6\r\n\\'a9}", "订"),
        (rb"{\rtf1\ansi\uc2\u35746 \'b6\'a9 x}", "订 x"),
        (rb"{\rtf1\ansi\uc1\u-28671?x \{\}\\}", "送x {}\\"),
        (rb"{\rtf1 {{{", ""),
        (rb"}}}", ""),
    ],
)
def test_rich_text(rtf: bytes, text: str) -> None:
    assert read_rtf(rtf)[0] == text


EVENT = """BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
SUMMARY:Return pick-up\\, box 2
 and 3
DTSTART;TZID="China Standard Time":20261124T100000
DTEND;TZID="China Standard Time":20261124T110000
LOCATION:人民路 1
ORGANIZER;CN="Lin, Tea":mailto:lin@example.com
ATTENDEE;CN=Desk:MAILTO:desk@shop.example
DESCRIPTION:Please\\nbe there
BEGIN:VALARM
DESCRIPTION:no
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def test_an_invitation_without_words_is_told_in_words() -> None:
    mail = parse(("Content-Type: text/calendar; method=REQUEST; charset=utf-8\n\n" + EVENT).encode())
    assert mail.text == (
        "Return pick-up, box 2and 3\n2026-11-24 10:00 – 2026-11-24 11:00 (China Standard Time)\n人民路 1\n"
        "Lin, Tea <lin@example.com>\nDesk <desk@shop.example>\n\nPlease\nbe there"
    )
    assert mail.invitation is not None
    assert (mail.invitation.method, mail.invitation.start) == ("request", "2026-11-24T10:00:00")
    assert mail.attachments[0].suggested_name == "invite.ics"


@pytest.mark.parametrize(
    ("times", "start", "end", "zone"),
    [
        ("DTSTART:20261124T020000Z\nDURATION:PT1H30M", "2026-11-24T02:00:00+00:00", "2026-11-24T03:30:00+00:00", "UTC"),
        ("DTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261125", "2026-11-24", "2026-11-24", ""),
        ("DTSTART:20261124T020000", "2026-11-24T02:00:00", "", ""),
        ("DTSTART:gone", "", "", ""),
    ],
)
def test_times_of_invitations(times: str, start: str, end: str, zone: str) -> None:
    mail = parse(f"Content-Type: text/calendar\n\nBEGIN:VEVENT\n{times}\nEND:VEVENT\n".encode())
    assert mail.invitation is not None
    assert (mail.invitation.start, mail.invitation.end, mail.invitation.zone) == (start, end, zone)


def tlv(tag: int, value: bytes) -> bytes:
    size = bytes([len(value)]) if len(value) < 128 else b"\x82" + len(value).to_bytes(2, "big")
    return bytes([tag]) + size + value


SIGNED_OID, DATA_OID = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
INNER = b"Content-Type: text/plain\r\n\r\nsigned words\r\n"
WHOLE = tlv(0x04, INNER)
PIECES = b"\x24\x80" + tlv(0x04, INNER[:9]) + tlv(0x04, INNER[9:]) + b"\x00\x00"


@pytest.mark.parametrize(
    "octets", [tlv(0xA0, WHOLE), b"\xa0\x80" + WHOLE + b"\x00\x00", b"\xa0\x80" + PIECES + b"\x00\x00"]
)
def test_the_words_in_an_opaque_signature_are_read(octets: bytes) -> None:
    signed = tlv(0x30, b"\x02\x01\x01" + tlv(0x31, b"") + tlv(0x30, DATA_OID + octets))
    content = tlv(0x30, SIGNED_OID + tlv(0xA0, signed))
    head = b"Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n"
    mail = parse(head + b64encode(content))
    assert (mail.text.strip(), mail.protection) == ("signed words", "signed")
    assert [file.name for file in mail.attachments] == ["smime.p7m"]


@pytest.mark.parametrize(
    ("head", "body", "protection", "text"),
    [
        ("multipart/signed; boundary=b", "--b\n\nhello\n--b\nContent-Type: x/sig\n\nx\n--b--", "signed", "hello"),
        ("multipart/encrypted; boundary=b", "--b\nContent-Type: x/pgp\n\nVersion: 1\n--b--", "encrypted", ""),
        ("application/pkcs7-mime; smime-type=enveloped-data", "x", "encrypted", ""),
        ("application/x-pkcs7-mime", "x", "encrypted", ""),
        ("text/plain", "-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----", "encrypted", None),
        (
            "text/plain",
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhello\n- -- x\n"
            "-----BEGIN PGP SIGNATURE-----\n\nab\n-----END PGP SIGNATURE-----\n",
            "signed",
            "hello\n-- x",
        ),
        ("text/plain", "hello", "", "hello"),
    ],
)  # fmt: skip
def test_what_protects_a_mail(head: str, body: str, protection: str, text: str | None) -> None:
    mail = parse(f"From: a@b.example\nContent-Type: {head}\n\n{body}".encode())
    assert mail.protection == protection
    assert text is None or mail.text.strip() == text


MANY = struct.pack("<I", 2**31) + struct.pack("<HHI", 0x101E, 1, 2**31) * 9999
LARGE = struct.pack("<IIII", 9, 2**31, 0x75465A4C, 0) + b"\xff\x00\x0f" * 99_999
CALENDAR = b"Content-Type: text/calendar\n\nBEGIN:VEVENT\n"
SIGNED = b"Content-Type: application/pkcs7-mime; smime-type=signed-data\n\n"


@pytest.mark.parametrize(
    "bomb",
    [
        mail_with(container(*[FILE + DATA] * 5000)),
        mail_with(container(attribute(1, 0x00069003, MANY))),
        mail_with(container(attribute(1, 0x00069003, properties((0x102, 0x1009, LARGE))))),
        CALENDAR + b"A;B=" * 60_000,
        CALENDAR + b"SUMMARY:" + b"\n " * 100_000,
        SIGNED + SIGNED_OID + DATA_OID + b"\x24\x80" * 500_000,
        b"\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\n" * 20_000,
        b"\n" + b"begin 644 a\n" * 100_000,
    ],
    ids=["files", "properties", "rtf", "parameters", "folds", "tags", "armour", "begins"],
)  # fmt: skip
def test_bombs_take_no_time(bomb: bytes) -> None:
    started = time.process_time()
    assert "Error" not in parse(b"From: a@b.example\n" + bomb).problem
    assert time.process_time() - started < 3
