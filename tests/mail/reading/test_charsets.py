"""Bytes become the text that was meant, under a true label, a false one and none."""

import pytest

from app.mail.reading.charsets import codec_of, decode

CHINESE = [
    "您好，请问我的订单什么时候发货？",
    "订单查询",
    "退款申请",
    "我要退货",
    "包裹丢了怎么办，急！",
    "发票抬头写错了",
    "客服中心",
    "回复:订单已发货",
    "质量问题投诉",
    "快递单号查不到",
    "能不能改地址",
    "优惠券用不了",
    "自动回复：我正在休假",
    "请查收附件",
    "会议通知",
    "合同扫描件.doc",
    "报价单2024.xls",
    "我的T恤尺码不对",
    "iPhone手机壳颜色发错了",
]
TAIWANESE = [
    "您好，請問我的訂單什麼時候出貨？",
    "訂單查詢",
    "退款申請",
    "我要退貨",
    "包裹不見了怎麼辦",
    "發票抬頭寫錯了",
    "關於訂單的售後問題",
    "客服中心",
    "回覆:訂單已出貨",
    "收到的杯子破了，請盡快處理，謝謝",
    "什麼時候到貨",
    "品質問題",
    "查不到貨運單號",
    "可以改地址嗎",
    "附件.pdf",
    "自動回覆：我正在休假",
]
JAPANESE = [
    "お世話になっております。注文した商品がまだ届きません。",
    "注文番号の確認",
    "返品したいです",
    "ご連絡ありがとうございます",
    "配送状況について",
    "領収書の発行",
]
KOREAN = """
안녕하세요,주문한상품이아직도착하지않았습니다.
배송문의 환불요청 주문번호 감사합니다 회원님께
""".split()  # noqa: SIM905
RUSSIAN = ["Здравствуйте, где мой заказ?", "Возврат товара", "Прайс-лист", "Счет на оплату", "Спасибо"]
WESTERN = [
    "Wo ist meine Bestellung? Schöne Grüße, Jürgen",
    "Où est ma commande déjà payée ?",
    "¿Dónde está mi pedido? Señor Núñez",
    *(
        "Größe",
        "Käse",
        "Ærø",
        "Ångström",
        "Prüfung",
        "müßte",
        "François",
        "naïve café",
        "10 × 3½ µm ±2",
        "°C",
        "“quoted” – 5 €",
    ),
]
TRUE_LABELS = [
    *[(text, "gb18030", label) for text in CHINESE for label in ("gb2312", "GBK", "gb18030", '"gb2312"', "cp936")],
    *[(text, "big5hkscs", label) for text in TAIWANESE for label in ("big5", "Big5-HKSCS", "cp950")],
    *[(text, "cp932", label) for text in JAPANESE for label in ("shift_jis", "Windows-31J", "x-sjis")],
    *[(text, "iso-2022-jp", label) for text in JAPANESE for label in ("iso-2022-jp", "us-ascii", "")],
    *[(text, "euc_jp", "euc-jp") for text in JAPANESE],
    *[(text, "cp949", label) for text in KOREAN for label in ("euc-kr", "ks_c_5601-1987")],
    *[(text, "koi8-r", "koi8-r") for text in RUSSIAN],
    *[(text, "cp1251", "windows-1251") for text in RUSSIAN],
    *[(text, "cp1252", label) for text in WESTERN for label in ("iso-8859-1", "windows-1252", "latin1")],
    *[(text, "utf-16-le", "utf-16le") for text in WESTERN + CHINESE],
    ("Zażółć gęślą jaźń", "iso8859-2", "iso-8859-2"),
    ("Žluťoučký kůň", "cp1250", "windows-1250"),
    ("ชื่อของคุณ", "cp874", "tis-620"),
    ("שלום עולם", "cp1255", "windows-1255"),
    ("مرحبا بالعالم", "cp1256", "windows-1256"),
    ("Γειά σου κόσμε", "iso8859-7", "iso-8859-7"),
    ("Şehir çağrı", "cp1254", "iso-8859-9"),
    ("Україна їжак ґанок", "koi8-u", "koi8-u"),
    ("Þór Ðað", "cp1252", "iso-8859-1"),
    ("ÄÖÜ", "cp1252", "iso-8859-1"),
    ("»»»» ««««", "cp1252", "iso-8859-1"),
    ("ﾃｽﾄ", "cp932", "shift_jis"),
    ("Ⅷ①", "cp932", "shift_jis"),
    ("龘靐齉", "gb18030", "gbk"),
    ("𠮷野家", "gb18030", "gb18030"),
    ("嘅嚟喺", "big5hkscs", "big5"),
    ("★☆●○◆", "big5hkscs", "big5"),
    ("┌─┐│└┘", "gb18030", "gb2312"),
    ("똠방각하", "cp949", "ks_c_5601-1987"),
    ("ДОБРЫЙ ДЕНЬ", "koi8-r", "koi8-r"),
    ("中文", "hz", "hz-gb-2312"),
]
FALSE_LABELS = [
    *[(text, "gb18030", label) for text in CHINESE for label in ("", "us-ascii", "latin1", "utf-8", "big5", "x-gone")],
    *[(text, "big5hkscs", label) for text in TAIWANESE for label in ("", "gb2312", "iso-8859-1", "utf-8", "x-gone")],
    *[(text, "cp932", label) for text in JAPANESE for label in ("", "iso-8859-1", "utf-8", "gb2312")],
    *[(text, "euc_jp", label) for text in JAPANESE for label in ("", "shift_jis", "us-ascii")],
    *[(text, "cp949", label) for text in KOREAN for label in ("", "iso-8859-1", "utf-8")],
    *[(text, "cp1251", label) for text in RUSSIAN for label in ("", "us-ascii", "iso-8859-1", "koi8-r")],
    *[(text, "koi8-r", label) for text in RUSSIAN for label in ("", "utf-8")],
    *[(text, "cp1252", label) for text in WESTERN for label in ("", "utf-8", "us-ascii")],
    *[(text, "utf-8", label) for text in CHINESE + TAIWANESE for label in ("gb2312", "big5", "latin1", "us-ascii", "")],
]  # fmt: skip


def wrong(cases: list[tuple[str, str, str]]) -> list[tuple[str, str, str, str]]:
    read = ((*case, decode(case[0].encode(case[1]), case[2])) for case in cases)
    return [case for case in read if case[3] != case[0]]


def test_a_true_label_is_believed() -> None:
    assert wrong(TRUE_LABELS) == []


def test_a_false_label_is_found_out() -> None:
    assert [case[:3] for case in wrong(FALSE_LABELS)] == []


@pytest.mark.parametrize(
    ("content", "label", "text"),
    [
        (b"\xef\xbb\xbfabc", "iso-8859-1", "abc"),
        ("中文".encode("utf-16"), "", "中文"),
        ("hello world".encode("utf-16-le"), "", "hello world"),
        ("hello world".encode("utf-16-be"), "us-ascii", "hello world"),
        (b"plain", "utf-16", "plain"),
        ("包裹到了".encode()[:-1], "utf-8", "包裹到\ufffd"),
        ("订单一二三四五六".encode()[:-1], "gb2312", "订单一二三四五\ufffd"),
        (b"\x1b$B-!F|K\\\x1b(B ok", "iso-2022-jp", "①日本 ok"),
        (b"\x1b$)A\x0eVPND\x0f x", "iso-2022-cn", "中文 x"),
        (b"\x1b$)C\x0e>H3g\x0f x", "iso-2022-kr", "안녕 x"),
        (b"~{VPND~} x", "hz-gb-2312", "中文 x"),
        (b"+Ti1lhw-", "utf-7", "中文"),
        (b"abc\x80def", "us-ascii", "abc€def"),
        ("Größe".encode(), "gb2312", "Größe"),
        (b"", "gb2312", ""),
    ],
)
def test_hard_ones(content: bytes, label: str, text: str) -> None:
    assert decode(content, label) == text


@pytest.mark.parametrize(
    "label", ["idna", "rot13", "zlib", "base64", "punycode", "unicode_escape", "a" * 5000, "\x00", "", "mbcs"]
)
def test_codecs_that_are_no_charsets_are_refused(label: str) -> None:
    assert codec_of(label) is None
