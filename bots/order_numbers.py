"""Is a number in a message the number of an order? Its label decides, then its shape, then how little else is said."""

import re
from dataclasses import dataclass

from bots.value_labels import label_after, label_before
from bots.value_shapes import is_chinese_id, is_compact_date

LONGEST = 64  # characters of one order number
_HOTLINES = frozenset(
    {
        "12315",
        "12345",
        "12305",
        "12306",
        "10086",
        "10010",
        "10000",
        "95588",
        "95338",
        "95311",
        "95554",
        "95543",
        "95546",
        "95320",
        "11183",
        "11185",
        "95533",
        "95555",
        "1111",
        "1212",
    }
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_YEAR_NEAR = re.compile(
    r"(?:\b(?:in|since|from|until|till|year|of|by|summer|winter|spring|autumn|fall|christmas|before|after)\s)\Z",
    re.IGNORECASE,
)
_YEAR_AFTER = re.compile(r"\s?(?:年|款|新|版|春|夏|秋|冬|届|model\b|version\b|edition\b|collection\b)", re.IGNORECASE)
_MONEY_BEFORE = re.compile(
    r"(?:\b(?:paid|pay|costs?|charged?|price|total|about|around|over|budget|than|least|up to|only|credit of|refund of"
    r"|balance)"
    r"(?:\s(?:me|us|is|was|of|for|about))?\s?|(?:预算|价位|价格|花了|付了|到手|优惠|便宜|差价|扣了?|充值|退款?了?我?|补|一共|总共|合计|满|减|送|原价|现价|卖|现在|时候|原来|只要|降到|涨到|降成|涨成|变成))\Z",
    re.IGNORECASE,
)
_MONEY_AFTER = re.compile(r"\s?(?:多|左右|以内|以上|以下|的价|价位|减|满)")
_ADDRESS = re.compile(
    r"\b(?:street|st|ave|avenue|road|rd|blvd|lane|ln|drive|dr|court|ct|way|address|zip|apt|suite)\b|[路街弄巷栋幢室邮镇村]",
    re.IGNORECASE,
)
_STATE = re.compile(
    r"(?:,\s?|[a-z]\s)(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
    r"|(?<=, )(?:[a-z]{2}))\s\Z"
)
_ZIP_SHAPE = re.compile(r"\d{5}(?:-\d{4})?")
_US_PHONE = re.compile(r"\d{3}\)?[ .-]\d{3}[ .-]\d{4}")
_WORD = re.compile(r"[^\W\d_]{2,}|[\u4e00-\u9fff]")
_ABOUT_ORDERS = re.compile(
    r"\b(?:where|wheres|status|track\w*|cancel\w*|ship\w*|deliver\w*|arriv\w*|refund\w*|return\w*|order\w*|purchase\w*|package|parcel|update|eta)\b"
    r"|[查退催]|到哪|发货|物流|快递|取消|签收|收到|收货|订单|单号|还没|没到|改地址",
    re.IGNORECASE,
)
_ABOUT_GOODS = re.compile(
    r"\b(?:stock|buy|price|cost|compatible|model|specs?|sell|carry|available|size|difference"
    r"|versus|vs|work with|fits?)\b"
    r"|有货|现货|多少钱|价格|怎么样|区别|型号|哪个好|好用|配置|支持|兼容|能用|尺寸|参数|[想要]买|能买",
    re.IGNORECASE,
)
_BARE = 20  # characters of a message that is little more than a number
_SLANG = re.compile(r"23{3,}|6{3,}|8{3,}|5{3,}|9{3,}|1{3,}|1314|520+")  # laughter and good wishes, not numbers
_PAIR = re.compile(r"\d{1,2}[-/]\d{1,2}")  # a range, a score
_PREFIXED = re.compile(r"[a-z]{1,10}[-_/]?\d[\d-]*(?:[-_/]?[a-z]{1,3})?", re.IGNORECASE)  # SYN000247, ORD-2025-00123,
_GROUPS = re.compile(r"[a-z]{0,10}\d*(?:[-_/](?:[a-z]{1,10}|[a-z]{0,5}\d+))+", re.IGNORECASE)  # SO-2025-INV-0088
_DIGITS = re.compile(r"\d[\d-]*(?:-?[a-z]{1,3})?", re.IGNORECASE)
_ACCOUNT_NAME = re.compile(r"tb\d+|jd_\w+|wxid_\w+|vip\d+|u_\w+", re.IGNORECASE)
_GLUED = re.compile(
    r"(?:(?:my)?(?:web|sales)?(?:orders?|ordr|oder|oredr|ordedr|purchases?|confirmation)(?:numbers?|no|num|nr|ids?)?|numbers?|num|no|nr|ids?|is|was|for|cancel|track"
    r"|refund|return|status)[-_.:]?(?=\d{2,}|[a-z]{1,3}\d{3,})",
    re.IGNORECASE,
)
_GLUED_ORDER = re.compile(r"(?:my)?(?:orders?|purchases?)(?:numbers?|no|num|ids?)?[-_]?[a-z]{0,3}\d{3,}", re.IGNORECASE)
_GLUED_AFTER = re.compile(
    r"(?<=\d{4})(?:status|please|pls|plz|thanks|where|when|is|has|and|not|cancel|refund)\Z", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Around:
    """What the whole message says about its unnamed numbers; worked out once per message."""

    text: str
    asked: frozenset[str]
    sparse: bool
    address: bool
    orders: bool
    goods: bool
    us_phone: bool


def look_around(text: str, asked: frozenset[str]) -> Around:
    """Read a message's surroundings. `asked`: what the last question asked for (`bots.asking`)."""
    address = _ADDRESS.search(text) is not None
    few = len(text) <= 60 and len(_WORD.findall(text)) <= 12
    return Around(
        text=text,
        asked=asked,
        sparse=few and not address,
        address=address,
        orders=_ABOUT_ORDERS.search(text) is not None,
        goods=_ABOUT_GOODS.search(text) is not None,
        us_phone=_US_PHONE.search(text) is not None,
    )


def meaning(value: str, start: int, end: int, shape: str, around: Around, *, follows: bool) -> str:
    """The kind of a number of this shape: order_number, phone, tracking, card, amount or number.

    `follows`: it continues a list of order numbers ("1001, 1002 and 1003").
    """
    if value in _HOTLINES or len(value) > LONGEST:
        return "hotline" if value in _HOTLINES else "number"
    digits = sum(character.isdigit() for character in value)
    label = _label(value, start, end, shape, around)
    if label == "order" and shape != "amount" and (digits >= 3 or value.startswith("#")):
        return "order_number"
    if label in ("phone", "tracking", "other"):
        return "number" if label == "other" or (label == "tracking" and digits < 8) else label
    if shape not in ("token", "grouped"):
        asked_only_order = "order_number" in around.asked and "phone" not in around.asked
        return "order_number" if shape == "phone" and value.isdigit() and asked_only_order else shape
    called = follows or _is_called_order(value, digits, label, around)
    return "order_number" if called or _stands_alone(value, start, end, digits, around) else "number"


def cleaned(value: str) -> str:
    """The number as typed, without #, glued words ("order1001") and dangling marks."""
    bare = value.lstrip("# ").rstrip("-_/")
    return _GLUED_AFTER.sub("", _GLUED.sub("", bare, count=1)) if not bare.isdigit() else bare


def _label(value: str, start: int, end: int, shape: str, around: Around) -> str | None:
    """The word before counts more than the word after, except for a mere "number"."""
    label = label_before(around.text, start, value)
    if label is None or (label == "generic" and shape != "amount"):
        return label_after(around.text, end) or label
    return label


def _is_called_order(value: str, digits: int, label: str | None, around: Around) -> bool:
    """Something like "#1001", "order1001" or "no. 1001"."""
    marked = value.startswith("#") and (digits >= 3 or len(around.text) <= len(value) + 3)
    numbered = label == "generic" and digits >= 3 and not is_chinese_id(value)
    return marked or numbered or _GLUED_ORDER.match(value) is not None


def _stands_alone(value: str, start: int, end: int, digits: int, around: Around) -> bool:
    """Is a number that nobody called an order number one all the same?"""
    before, after = around.text[max(0, start - 24) : start], around.text[end : end + 8]
    plain = value.lstrip("# ")
    if is_chinese_id(plain) or _ACCOUNT_NAME.fullmatch(plain) or _other_was_asked(digits, around):
        return False
    if (
        _PAIR.fullmatch(plain)
        or _SLANG.fullmatch(plain)
        or (digits <= 6 and plain.isdigit() and _is_money(before, after))
    ):
        return False
    if "order_number" in around.asked:
        return _answers(plain, digits, around)
    if any(character.isalpha() for character in plain):
        return _lettered(plain, digits, around)
    if _is_year_or_day(plain, before, after, around) or _is_postcode(plain, before, around):
        return False
    if digits >= 8:
        return not around.address or digits >= 12
    return digits >= 4 and around.sparse and (digits >= 6 or around.orders or not around.goods)


def _is_money(before: str, after: str) -> bool:
    return _MONEY_BEFORE.search(before) is not None or _MONEY_AFTER.match(after) is not None


def _is_year_or_day(value: str, before: str, after: str, around: Around) -> bool:
    if _YEAR.fullmatch(value):
        return len(around.text) > _BARE or _YEAR_NEAR.search(before) is not None or _YEAR_AFTER.match(after) is not None
    return is_compact_date(value) and not around.sparse


def _is_postcode(value: str, before: str, around: Around) -> bool:
    return _ZIP_SHAPE.fullmatch(value) is not None and (around.us_phone or _STATE.search(before) is not None)


def _lettered(value: str, digits: int, around: Around) -> bool:
    """Letters and digits that nobody called an order number: the shapes that shops use, and only those."""
    if digits < 4 or (around.goods and not around.orders and digits < 8):
        return False
    if digits >= 6 and _GROUPS.fullmatch(value):
        return True
    if _PREFIXED.fullmatch(value):
        return digits >= 6 or (
            around.sparse and (digits >= 5 or around.orders or "-" in value or len(around.text) < 16)
        )
    return _DIGITS.fullmatch(value) is not None and around.sparse


def _answers(value: str, digits: int, around: Around) -> bool:
    """Does it answer the question for an order number, if there was nothing else in that question?"""
    others = around.asked - {"order_number"}
    if others & {"account", "username", "name"} and any(character.isalpha() for character in value):
        return bool(_PREFIXED.fullmatch(value)) and value == value.upper() and digits >= 5
    if others & {"zip", "phone", "code", "amount"} and digits <= 6:
        return digits >= 4 and not others & {"zip", "code"}
    return digits >= 3


def _other_was_asked(digits: int, around: Around) -> bool:
    """Something else was asked for, and this could be it."""
    if not around.asked or "order_number" in around.asked:
        return False
    asked = around.asked
    return bool(
        asked & {"account", "username", "product", "tracking", "invoice"}
        or ("phone" in asked and 7 <= digits <= 13)
        or (asked & {"zip", "code", "amount", "address", "date"} and digits <= 9)
    )
