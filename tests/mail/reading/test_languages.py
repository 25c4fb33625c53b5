"""Letters of many languages, in the charsets they were written in, without a label and under a false one."""

import pytest

from app.mail.reading.charsets import codec_of, decode
from app.mail.reading.parsing import parse

LETTERS = {
    "ru": "Здравствуйте! Я оформил заказ на прошлой неделе, но до сих пор не получил посылку.",
    "uk": "Добрий день! Я замовила взуття, але посилка ще не надійшла. Підкажіть її номер.",
    "bg": "Здравейте, поръчах обувки преди две седмици, но все още не съм ги получил.",
    "el": "Καλησπέρα σας, έχω παραγγείλει παπούτσια και δεν τα έχω λάβει ακόμα.\nΆννα",
    "tr": "Merhaba, geçen hafta verdiğim sipariş hâlâ ulaşmadı. Kargonun nerede olduğunu öğrenebilir miyim?",
    "pl": "Dzień dobry, zamówiłam buty w zeszłym tygodniu i wciąż ich nie otrzymałam.",
    "cs": "Dobrý den, objednal jsem si boty minulý týden a stále nedorazily. Můžete to zjistit?",
    "hu": "Jó napot! Múlt héten rendeltem egy cipőt, de még mindig nem érkezett meg. Győző",
    "lt": "Laba diena, praėjusią savaitę užsisakiau batus, bet jų dar negavau.",
    "lv": "Labdien, pagājušajā nedēļā pasūtīju apavus, bet tie vēl nav pienākuši.",
    "he": "שלום, הזמנתי נעליים לפני שבועיים והן עדיין לא הגיעו. אפשר לבדוק היכן החבילה נמצאת?",
    "ar": "السلام عليكم، لقد طلبت حذاء قبل أسبوعين ولم يصل حتى الآن.",
    "th": "สวัสดีครับ ผมสั่งซื้อรองเท้าไปเมื่อสัปดาห์ที่แล้ว แต่ยังไม่ได้รับสินค้า",
    "fi": "Hei, tilasin kengät kaksi viikkoa sitten eikä niitä ole näkynyt. Hinta oli 89 €.",
    "fr": "Bonjour, j’ai commandé il y a deux semaines et je n’ai rien reçu. Ça coûtait 89 €.",
    "is": "Góðan daginn, ég pantaði skó fyrir tveimur vikum en þeir hafa ekki borist.",
}
WRITTEN_IN = """
ru-cp1251 ru-koi8-r ru-iso8859-5 ru-cp866 uk-cp1251 uk-koi8-u bg-cp1251 el-cp1253 el-iso8859-7 tr-cp1254 pl-cp1250
pl-iso8859-2 cs-cp1250 cs-iso8859-2 hu-cp1250 lt-cp1257 lv-cp1257 he-cp1255 ar-cp1256 ar-iso8859-6 th-cp874
fi-iso8859-15 fr-cp1252 is-cp1252
""".split()  # noqa: SIM905


@pytest.mark.parametrize("label", ["", "us-ascii", "utf-8", "x-unknown"])
def test_a_letter_without_a_true_label_is_read(label: str) -> None:
    for case in WRITTEN_IN:
        language, _, codec = case.partition("-")
        text = LETTERS[language]
        assert decode(text.encode(codec), label) == text, case


@pytest.mark.parametrize(
    ("name", "codec", "label"),
    [
        ("山田 太郎", "euc_jp", "EUC-JP"),
        ("佐藤 花子", "euc_jp", "euc-jp"),
        ("김민수", "cp949", "ks_c_5601-1987"),
        ("펭귄", "cp949", "ks_c_5601-1987"),
        ("뷁", "cp949", "euc-kr"),
        ("亓官仝", "gb18030", "gb2312"),
        ("楊千嬅", "big5hkscs", "big5"),
        ("龔龐嚴", "gb18030", "gbk"),
        ("ｷｬﾝｾﾙ", "cp932", "shift_jis"),
        ("一覧表", "cp932", "shift_jis"),
        ("דוד כהן", "cp1255", "windows-1255"),
        ("דוד כהן", "iso8859-8", "iso-8859-8-i"),
        ("①㈱山田", "cp932", "shift_jis"),
        ("價格 €99", "cp950", "big5"),
    ],
)
def test_a_name_under_its_true_label_stays(name: str, codec: str, label: str) -> None:
    assert decode(name.encode(codec), label) == name


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("cp-850", "cp850"),
        ("IBM00858", "cp858"),
        ("dos-862", "cp862"),
        ("x-cp1255", "cp1255"),
        ("win1257", "cp1257"),
        ("windows_1253", "cp1253"),
        ("1251", "cp1251"),
        ("ISO_8859-5:1988", "iso8859-5"),
        ("iso 8859-2", "iso8859-2"),
        ("iso-8859-15-windows", "iso8859-15"),
        ("latin-9", "iso8859-15"),
        ("x-mac-greek", "mac-greek"),
        ("unicodeFFFE", "utf-16-be"),
        ("UTF-32LE", "utf-32-le"),
        ("csUnicode11UTF7", "utf-7"),
        ("charset=koi8-r", "koi8-r"),
        ("x-unknown", None),
        ("4711", None),
    ],
)
def test_labels_are_known_in_odd_spellings(label: str, codec: str | None) -> None:
    assert codec_of(label) == codec


def test_wide_text_without_a_mark_is_read_in_the_right_order() -> None:
    for text in ("订单还没收到，请帮我查一下。一个月了", "Where is my order?"):
        for order in ("utf-16-le", "utf-16-be"):
            assert decode(text.encode(order), "utf-16") == text


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        *[("Schöne Grüße", codec) for codec in ("latin-1", "cp1252", "cp1251")],
        *[("Où est ma commande ?", codec) for codec in ("latin-1", "cp1252", "cp1251")],
        *[("89 € – “fine”", codec) for codec in ("latin-1", "cp1250")],
        *[("订单", codec) for codec in ("latin-1", "cp1251")],
        *[("Где?", codec) for codec in ("latin-1", "cp1251", "cp1250")],
    ],
)
def test_text_that_was_encoded_twice_is_read(text: str, codec: str) -> None:
    taken = text.encode().decode(codec)
    assert decode(taken.encode(), "utf-8") == text


@pytest.mark.parametrize(
    "text", ["Das Zeichen Ã heißt A-Tilde", "SÃO PAULO", "Ça, où ?", "Â", "Ã©tait ou été", "РОССИЯ", "Ñandú ®"]
)
def test_text_that_was_not_encoded_twice_stays(text: str) -> None:
    assert decode(text.encode(), "utf-8") == text


def test_raw_names_are_read_like_the_rest_of_the_mail() -> None:
    for codec, name, subject in (
        ("cp949", "김민수", "주문한 상품이 아직 도착하지 않았습니다"),
        ("euc_jp", "山田", "ご注文の商品がまだ届きません"),
        ("cp1257", "Žygis", "Kur yra mano užsakymas? Ačiū, laukiu jūsų atsakymo"),
    ):
        mail = parse(
            b'From: "%b" <u@c.example>\r\nSubject: %b\r\n\r\nHello\r\n' % (name.encode(codec), subject.encode(codec))
        )
        assert (mail.from_name, mail.subject) == (name, subject)


def test_the_sender_s_country_tells_of_two_characters() -> None:
    for codec, domain, text in (
        ("gb18030", "qq.com", "你好"),
        ("big5", "mail.example.tw", "你好"),
        ("cp949", "naver.com", "네"),
        ("cp932", "example.ne.jp", "はい"),
        ("cp1251", "mail.ru", "да"),
        ("cp1255", "example.co.il", "תודה"),
    ):
        mail = parse(b"From: a@%b\r\nSubject: hi\r\n\r\n%b\r\n" % (domain.encode(), text.encode(codec)))
        assert mail.text.strip() == text


@pytest.mark.parametrize(
    ("name", "codec", "label"),
    [
        ("诸葛亮", "gb18030", "iso-8859-1"),
        ("吴亦凡", "gb18030", "utf-8"),
        ("林淑芬", "big5hkscs", "gb2312"),
        ("謝霆鋒", "big5hkscs", "us-ascii"),
        ("木村拓哉", "cp932", "iso-2022-jp"),
        ("請求書", "euc_jp", "shift_jis"),
        ("장동건", "cp949", "iso-8859-1"),
        ("홍길동", "cp949", "euc-kr"),
        ("Обмен", "cp1251", "koi8-r"),
        ("Юлия", "koi8-r", "windows-1251"),
        ("ГДЕ МОЙ ЗАКАЗ", "koi8-r", ""),
        ("ГДЕ МОЙ ЗАКАЗ", "cp1251", ""),
        ("Réclamation", "utf-8", "gb2312"),
        ("Rückgabe", "utf-8", "tis-620"),
        ("Zamówienie", "utf-8", "euc-kr"),
    ],
)
def test_a_name_under_a_false_label_is_read(name: str, codec: str, label: str) -> None:
    assert decode(name.encode(codec), label) == name


def test_lines_of_two_charsets_are_both_read() -> None:
    for first, second, label in (
        ("谢谢，我知道了。".encode(), "> 您好，订单已经发出，请耐心等待".encode("gbk"), "utf-8"),
        ("Schöne Grüße aus Köln".encode("cp1252"), "> Größe & Übergröße".encode(), "iso-8859-1"),
    ):
        text = decode(first + b"\n" + second, label)
        assert text.split("\n") in (
            ["谢谢，我知道了。", "> 您好，订单已经发出，请耐心等待"],
            ["Schöne Grüße aus Köln", "> Größe & Übergröße"],
        )
