"""Encoded words, addresses, ids, dates and parameters in the forms in which they really come."""

from base64 import b64encode
from datetime import UTC, datetime
from time import process_time

import pytest

from app.mail.reading.headers import addresses, date_of, ids, text_of
from app.mail.reading.mime import walk
from app.mail.reading.naming import harmless, suggested
from app.mail.reading.parameters import parameters


def b(text: str, charset: str = "utf-8") -> str:
    return b64encode(text.encode(charset)).decode()


def q(text: str, charset: str = "utf-8") -> str:
    return "".join(f"={byte:02X}" for byte in text.encode(charset))


WHOLE = "订单查询"
CUT = WHOLE.encode()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (f"=?utf-8?B?{b(WHOLE)}?=", WHOLE),
        (f"=?UTF-8?b?{b(WHOLE)}?=", WHOLE),
        (f"=?utf-8?q?{q(WHOLE)}?=", WHOLE),
        (f"=?gb2312?B?{b(WHOLE, 'gbk')}?=", WHOLE),
        (f"=?gb2312?B?{b('喆镕', 'gbk')}?=", "喆镕"),
        (f"=?utf-8?B?{b(WHOLE, 'gbk')}?=", WHOLE),
        (f"=?gb2312?B?{b(WHOLE)}?=", WHOLE),
        (f"=?x-unknown?B?{b(WHOLE, 'gbk')}?=", WHOLE),
        (f"=??B?{b(WHOLE)}?=", WHOLE),
        (f"=?utf-8*zh?B?{b(WHOLE)}?=", WHOLE),
        (f"=?utf-8?B?{b(WHOLE)}", WHOLE),
        (f"=?utf-8?B?{b(WHOLE).rstrip('=')}?=", WHOLE),
        (f"=?utf-8?B?{b('订单')}?= =?utf-8?B?{b('查询')}?=", WHOLE),
        (f"=?utf-8?B?{b('订单')}?=\r\n =?utf-8?B?{b('查询')}?=", WHOLE),
        (f"=?utf-8?B?{b('订单')}?=\r\n\t=?utf-8?B?{b('查询')}?=", WHOLE),
        (f"=?utf-8?B?{b('订单')}?==?utf-8?B?{b('查询')}?=", WHOLE),
        (f"=?utf-8?B?{b('订单')} =?utf-8?B?{b('查询')}?=", WHOLE),
        (f"=?utf-8?B?{b64encode(CUT[:4]).decode()}?= =?utf-8?B?{b64encode(CUT[4:]).decode()}?=", WHOLE),
        (f"=?utf-8?B?{b(WHOLE)[:6]}?= =?utf-8?B?{b(WHOLE)[6:]}?=", WHOLE),
        (f"=?utf-8?Q?{q(WHOLE)[:9]}?= =?utf-8?Q?{q(WHOLE)[9:]}?=", WHOLE),
        (f"=?utf-8?Q?{q('订')}?= =?utf-8?B?{b('单')}?=", "订单"),
        (f"=?gb2312?B?{b('订单', 'gbk')}?= =?utf-8?B?{b('查询')}?=", WHOLE),
        (f"Re: =?utf-8?B?{b(WHOLE)}?= (2)", f"Re: {WHOLE} (2)"),
        (f'"=?utf-8?B?{b(WHOLE)}?="', f'"{WHOLE}"'),
        (f"Re:=?utf-8?B?{b(WHOLE)}?=", f"Re:{WHOLE}"),
        ("=?utf-8?Q?a b c?=", "a b c"),
        ("=?utf-8?Q?what?_is_it??=", "what? is it?"),
        ("=?iso-8859-1?Q?Fr=F6sche?=", "Frösche"),
        ("=?iso-8859-1?Q?Fr=f6sche?=", "Frösche"),
        ("=?us-ascii?Q?Keith_Moore?=", "Keith Moore"),
        ("=?iso-8859-1?Q?a?= b", "a b"),
        ("a =?iso-8859-1?Q?b?=", "a b"),
        ("=?iso-8859-1?Q?a?= =?iso-8859-2?Q?_b?=", "a b"),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ("=?utf-8?B?****?=", ""),
        ("=?=?=", "=?=?="),
        ("=?utf-8?Q??=", ""),
        (f"=?utf-8?Q?=3D=3Futf-8=3FB=3F{b(WHOLE)}=3F=3D?=", WHOLE),
        (f"=?iso-2022-jp?B?{b('注文', 'iso-2022-jp')}?= =?iso-2022-jp?B?{b('番号', 'iso-2022-jp')}?=", "注文番号"),
        ("=?ISO-2022-JP?B?GyRCRnxLXDhsGyhCIHRlc3Q=?=", "日本語 test"),
        (f"=?ks_c_5601-1987?B?{b('주문 번호', 'cp949')}?=", "주문 번호"),
        (f"=?koi8-r?B?{b('Заказ', 'koi8-r')}?=", "Заказ"),
        (WHOLE, WHOLE),
        ("a\r\n b\r\n\tc", "a b c"),
        ("=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x"),
        ("=?utf-8?Q?a=00b=1Bc=C2=85d=E2=80=A8e?=", "a b c d e"),
    ],
)  # fmt: skip
def test_words(written: str, read: str) -> None:
    assert text_of(written.encode()) == read


@pytest.mark.parametrize("codec", ["gb18030", "cp1252", "big5hkscs", "utf-8"])
def test_words_without_any_label(codec: str) -> None:
    text = {"cp1252": "Größe", "big5hkscs": "訂單查詢"}.get(codec, WHOLE)
    assert text_of(text.encode(codec)) == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a@b.example", [("", "a@b.example")]),
        ("Lin <a@b.example>", [("Lin", "a@b.example")]),
        ('"Lin, Tea" <a@b.example>', [("Lin, Tea", "a@b.example")]),
        ('"Lin \\"Tea\\"" <a@b.example>', [('Lin "Tea', "a@b.example")]),
        (f"=?utf-8?B?{b('林')}?= <a@b.example>", [("林", "a@b.example")]),
        (f'"=?utf-8?B?{b("林")}?=" <a@b.example>', [("林", "a@b.example")]),
        (f"=?utf-8?B?{b('林, 茶')}?= <a@b.example>", [("林, 茶", "a@b.example")]),
        (f"=?utf-8?B?{b('林 <a@b.example>')}?=", [("林", "a@b.example")]),
        (f"=?utf-8?B?{b('林')}?=<a@b.example>", [("林", "a@b.example")]),
        ("Lin, Tea <a@b.example>, C <c@d.example>", [("Lin, Tea", "a@b.example"), ("C", "c@d.example")]),
        ("a@b.example, <c@d.example>", [("", "a@b.example"), ("", "c@d.example")]),
        ("a@b.example (Lin)", [("Lin", "a@b.example")]),
        ("(x) a@b.example", [("x", "a@b.example")]),
        ("Lin <a@b.example", [("Lin", "a@b.example")]),
        ("Lin a@b.example", [("Lin", "a@b.example")]),
        ("<a @ b.example>", [("", "a@b.example")]),
        ("<mailto:a@b.example>", [("", "a@b.example")]),
        ("<@x.example,@y.example:a@b.example>", [("", "a@b.example")]),
        ("'a@b.example' <a@b.example>", [("a@b.example", "a@b.example")]),
        ("a@b.example <c@d.example>", [("a@b.example", "c@d.example")]),
        ('"ceo@corp.example" <c@d.example>', [("ceo@corp.example", "c@d.example")]),
        ("Team: a@b.example, C <c@d.example>;", [("", "a@b.example"), ("C", "c@d.example")]),
        ("undisclosed-recipients:;", []),
        ("a@b.example; c@d.example", [("", "a@b.example"), ("", "c@d.example")]),
        ("a@b.example,,c@d.example,", [("", "a@b.example"), ("", "c@d.example")]),
        ('"a b"@c.example', [("", '"a b"@c.example')]),
        ("a@[192.0.2.1]", [("", "a@[192.0.2.1]")]),
        ("用户@例子.example", [("", "用户@例子.example")]),
        ("a..b.@docomo.example", [("", "a..b.@docomo.example")]),
        (f"{'v' * 100}@b.example", [("", f"{'v' * 100}@b.example")]),
        ("A@B.Example", [("", "a@b.example")]),
        ("<>", []),
        ("", []),
        ("Lin \u202eelpmaxe.b@a <x@y.example>", [("Lin elpmaxe.b@a", "x@y.example")]),
        ("=?utf-8?Q?a=0Ab?= <x@y.example>", [("a b", "x@y.example")]),
        ("<x\x01y@z.example>", [("", "y@z.example")]),
    ],
)  # fmt: skip
def test_addresses(written: str, read: list[tuple[str, str]]) -> None:
    assert [(address.name, address.email) for address in addresses(written.encode())] == read


def test_a_mailbox_of_a_machine_has_no_address() -> None:
    [found] = addresses(b"<MAILER-DAEMON>")
    assert (found.email, found.written) == ("", "MAILER-DAEMON")
    [found] = addresses(b"Mail System <MAILER-DAEMON>")
    assert (found.name, found.email, found.written) == ("Mail System", "", "MAILER-DAEMON")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<a@b>", ["a@b"]),
        ("<a@b> <c@d>", ["a@b", "c@d"]),
        ("<a@b><c@d>", ["a@b", "c@d"]),
        ("a@b", ["a@b"]),
        ("<a\r\n b@c>", ["ab@c"]),
        ("(comment) <a@b>", ["a@b"]),
        ("Your message of Monday <a@b>", ["a@b"]),
        ("<a\x00\x07b@c>", ["ab@c"]),
        ("", []),
    ],
)
def test_ids(written: str, read: list[str]) -> None:
    assert list(ids(written.encode())) == read


@pytest.mark.parametrize(
    "written",
    [
        "Tue, 24 Nov 2026 10:42:00 +0800",
        "Tue, 24 Nov 2026 02:42:00 GMT",
        "24 Nov 2026 02:42:00 -0000",
        "Tue, 24 Nov 2026 10:42:00 +0800 (CST)",
        "Tue,24 Nov 2026 10:42:00 +0800",
        "24 Nov 26 02:42:00 UT",
        "Tue Nov 24 02:42:00 2026",
        "Tue, 24 Nov 2026 02.42.00 +0000",
    ],
)
def test_dates(written: str) -> None:
    assert date_of(written.encode()) == datetime(2026, 11, 24, 2, 42, tzinfo=UTC)


NAME = "中国茶 报价.pdf"


@pytest.mark.parametrize(
    "written",
    [
        f"filename*=utf-8''{q(NAME).replace('=', '%')}",
        f"filename*=UTF-8'zh'{q(NAME).replace('=', '%')}",
        f"filename*=gb2312''{q(NAME, 'gbk').replace('=', '%')}",
        f"filename*=\"utf-8''{q(NAME).replace('=', '%')}\"",
        f"filename*={q(NAME).replace('=', '%')}",
        f"filename*0*=utf-8''{q(NAME).replace('=', '%')[:21]}; filename*1*={q(NAME).replace('=', '%')[21:]}",
        f"filename*1*={q(NAME).replace('=', '%')[21:]}; filename*0*=utf-8''{q(NAME).replace('=', '%')[:21]}",
        f"filename*0*=utf-8''{q(NAME[:5]).replace('=', '%')}; filename*1=\"{NAME[5:]}\"",
        f"filename*0=utf-8''{q(NAME).replace('=', '%')}",
        f"filename=\"utf-8''{q(NAME).replace('=', '%')}\"",
        f'filename="=?utf-8?B?{b(NAME)}?="',
        f"filename==?utf-8?B?{b(NAME)}?=",
        f'filename="=?gb2312?B?{b(NAME, "gbk")}?="',
        f'filename="=?utf-8?B?{b(NAME[:3])}?=\r\n =?utf-8?B?{b(NAME[3:])}?="',
        f'filename*0="=?utf-8?B?{b(NAME)[:10]}"; filename*1="{b(NAME)[10:]}?="',
        f'filename="{NAME}"',
        f"filename={NAME}",
        f"FileName = {NAME} ; size=3",
        f'filename="{q(NAME).replace("=", "%")}"',
        f'size=3 filename="{NAME}"',
        f'filename="{NAME}" size=3',
        f"filename='{NAME}'",
        f'filename="{NAME}',
        f"filename=\"????.pdf\"; filename*=utf-8''{q(NAME).replace('=', '%')}",
        f'filename="C:\\Users\\lin\\{NAME}"',
        f'filename="../../{NAME}"',
        f'filename="/etc/{NAME}"',
        f'filename="\u202e\u200b..\u200b.{NAME}"',
    ],
)
def test_file_names(written: str) -> None:
    head = f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {written}\r\n\r\nx".encode()
    assert walk(head).parts[0].filename == NAME


def test_the_better_of_two_names() -> None:
    head = f'Content-Type: a/b; name="=?utf-8?B?{b(NAME)}?="\nContent-Disposition: attachment; filename="???.pdf"\n\n'
    assert walk(head.encode()).parts[0].filename == NAME
    assert walk(b"Content-Type: a/b; name=why?.txt\n\n").parts[0].filename == "why?.txt"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (b"text/plain", "text/plain"),
        (b"TEXT/Html", "text/html"),
        (b"text", "text/plain"),
        (b"text/", "text/plain"),
        (b"html", "text/html"),
        (b"", "text/plain"),
        (b"; charset=utf-8", "text/plain"),
        (b"text/html charset=utf-8", "text/html"),
        (b'"text/html"', "text/html"),
        (b"text / html", "text/html"),
        (b"text/html (comment); charset=utf-8", "text/html"),
        (b"image/svg+xml", "image/svg+xml"),
        (b"\xff\xfe", "text/plain"),
    ],
)
def test_types(written: bytes, kind: str) -> None:
    assert walk(b"Content-Type: " + written + b"\n\n").parts[0].type == kind


def test_a_forgotten_semicolon() -> None:
    assert parameters(b'message/external-body; access-type=mail-server\n server="a@b"')[1]["server"] == "a@b"
    assert parameters(b"text/plain; charset=utf-8 name=a.txt")[1] == {"charset": "utf-8", "name": "a.txt"}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("a.txt", "a.txt"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/", "file"),
        ("..", "file"),
        (".htaccess", "htaccess"),
        ("\u200b.htaccess", "htaccess"),
        ("\uff0e\uff0e\uff0f.htaccess", "_.htaccess"),
        ("…a", "a"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("console.txt", "console.txt"),
        ("lpt1", "_lpt1"),
        ("a\x00b\nc\td.txt", "ab c d.txt"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("a/b\u2215c", "b\u2215c"),
        ("  a  b  ", "a b"),
        ("a. . .", "a"),
        ("", ""),
        ("\x00", "file"),
        ("x" * 3000 + ".pdf", "x" * 196 + ".pdf"),
        ("订" * 300 + ".pdf", "订" * 78 + ".pdf"),
        ("e\u0301.txt", "é.txt"),
    ],
)
def test_names_are_harmless(written: str, name: str) -> None:
    assert harmless(written) == name
    assert harmless(name) == name


def test_names_of_what_has_none() -> None:
    assert suggested("message/rfc822", "Re: 订单/1001") == "1001.eml"
    assert suggested("message/rfc822") == "message.eml"
    assert suggested("image/png") == "image.png"
    assert suggested("text/calendar") == "invite.ics"
    assert suggested("application/x-what") == "file"


@pytest.mark.parametrize(
    "piece", ["=?a?q?", "=?a?b?=", "?", '"', '\\"', "<", "@", "a@", "(", ",", ";", "a=b;", 'a="b" ', "name= ", "%", "'"]
)
def test_hostile_repetitions_take_no_time(piece: str) -> None:
    raw = piece.encode() * (65_536 // len(piece))
    started = process_time()
    for read in (text_of, addresses, ids, date_of, parameters):
        read(b"attachment; filename=" + raw)
    assert process_time() - started < 1.5
