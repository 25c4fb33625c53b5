"""Values people type: order numbers, codes, e-mail addresses, phone and tracking numbers. Finds, never guesses."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import islice

_LOOK_AT = 6_000  # characters; longer messages are pasted letters, whose head says what they are about
_MOST = 40  # values of one message
_LONGEST = 40  # characters of one order number
_HOTLINES = frozenset({"12315", "12345", "12305"})  # where Chinese consumers complain; names, not numbers

# One pass: whatever has another meaning is taken first, so that its digits cannot be mistaken for an order number.
_SCANNER = re.compile(
    r"""
      (?P<url>(?:https?://|www\.)[^\s\u3000-\u303f\u4e00-\u9fff]{1,2000})
    | (?P<email>(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})
    | (?P<money>(?:[$€£¥]|\b(?:usd|eur|gbp|cny|rmb|us)\s?[$]?)\s?\d[\d,.]{0,14}
        | (?<![\w#.-])\d[\d,.]{0,14}\s?
          (?:[$€£¥%]|(?:dollars?|bucks?|euros?|pounds?|yuan|rmb|usd|eur|cny|cents?)\b|[元块塊毛刀]))
    | (?P<date>
          (?<![\w#-])(?:(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)\d\d|\d{1,2}/\d{1,2})(?![\w-])
        | (?<![\w#])(?:(?:19|20)?\d\d\s?年\s?)?\d{1,2}\s?月(?:份|\s?\d{1,2}\s?[日号號]?)?
        | (?<![\w#])(?:19|20)\d\d\s?年
        | \b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?\s\d{1,2}(?:st|nd|rd|th)?\b
          (?:,?\s(?:19|20)\d\d\b)?
        | \b\d{1,2}(?:st|nd|rd|th)\b)
    | (?P<time>(?<![\w#])\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]m\b)?|(?<![\w#])\d{1,2}\s?(?:[ap]m\b|[点點时時]))
    | (?P<amount>(?<![\w#-])\d{1,7}\s?
        (?:%|(?:x|pcs|pieces?|items?|pairs?|units?|days?|weeks?|months?|years?|hours?|hrs?|minutes?|mins?|times?
            |kg|g|cm|mm|ml|lbs?|oz|inch(?:es)?|miles?|km)\b
          |[件个個双雙盒箱斤克码碼岁歲天周次分秒瓶包套袋罐支本张張条條份]|小时|小時|公斤|厘米))
    | (?P<phone>(?<![\w#-])(?:\+\d{1,3}[ -]?)?\(\d{2,4}\)\s?\d{3,4}[ -]?\d{3,5}(?![\w-])
        | (?<![\w#-])\+\d{1,3}(?:[ -]?\d{2,5}){2,5}(?![\w-])
        | (?<![\w#-])\d{3}[ .-]\d{3}[ .-]\d{4}(?![\w-])
        | (?<![\w#-])0\d{2,3}-\d{7,8}(?![\w-])
        | (?<![\w#-])1[3-9]\d[ -]\d{4}[ -]\d{4}(?![\w-])
        | (?<![\w#-])1[3-9]\d{9}(?![\w-]))
    | (?P<tracking>(?<![\w#-])
        (?:1z[0-9a-z]{16}|(?:sf|yt|jt|jd[a-z]{0,3}|sto|zto|db|dpk|ems)\d{9,17}|[a-z]{2}\d{9}[a-z]{2})(?![\w-]))
    | (?P<card>(?<![\w#-])\d{4}(?:[ ]\d{4}){3}(?![\w-]))
    | (?P<token>\#[ ]?\d[\da-z-]{0,60}|(?<![a-z\d@_])(?:[a-z]{1,10}[-_]?)?\d[\da-z]*(?:[-_/][\da-z]+){0,6})
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,  # ASCII: a Chinese character next to a number is no letter of it
)
# What stands right before a number says what it is.
_IS_ORDER = re.compile(
    r"(?:\b(?:orders?|purchase|reference|ref|ordr|oder|oredr|ordedr|number|no|num|nr|id|i\.d\.|#)"
    r"|订单|訂單|单号|單號|单子|编号|編號|号码|订单号|order)(?:\s|\b)"
    r"(?:(?:number|numbers|no|num|nr|id|code|is|was|it|s|its|号|號|号码|编号|是|为|的|我|这个|那个|叫)[\s.:#=]*){0,4}"
    r"[\s:：.#=（(\-]*$",
    re.IGNORECASE,
)
_IS_OTHER = re.compile(
    r"(?:\b(?:invoice|invoicw|bill|receipt|account|acct|user\s?name|user|zip(?:\s?code)?|post\s?code|postal|sku|item"
    r"|model|style|size|article|product|room|passport|id card|apt|suite|floor|street"
    r"|gate|flight|ticket|promo|coupon|voucher|code|pin"
    r"|card|version|case)|身份证|身份證|证件|银行卡|卡号|发票|發票|账号|帐号|会员|邮编|型号|货号|款号|商品|编码|尺码|房间|验证码|優惠碼|优惠码|券码|工单)"
    r"(?:\s(?:number|no|id|code|is)|号|號|号码|是|为|id)?[\s:：.#=]*$",
    re.IGNORECASE,
)
_IS_PHONE = re.compile(
    r"(?:phone|ph|tel|mobile|cell|call|fax|number to reach me|电话|電話|手机|手機|联系方式)"
    r"(?:\s?(?:number|no|is|号码?|是|为)){0,3}[\s:：.#=]*$",
    re.IGNORECASE,
)
_IS_TRACKING = re.compile(
    r"(?:tracking|track|waybill|awb|parcel|运单|運單|快递单|快遞單|物流单|快递|物流|追踪|面单)"
    r"(?:\s?(?:number|no|id|code|is|号码?|單號|单号|是|为)){0,3}[\s:：.#=]*$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_YEAR_BEFORE = re.compile(
    r"\b(?:in|since|from|until|till|year|of|summer|winter|spring|autumn|fall|christmas)\s$", re.IGNORECASE
)
_ADDRESS = re.compile(
    r"\b(?:street|st|ave|avenue|road|rd|blvd|lane|ln|drive|dr|address|zip|apt)\b|[路街弄巷栋幢室邮]", re.IGNORECASE
)
_GLUED = re.compile(r"^(?:order|purchase|number|no|nr|id)(?=\d)", re.IGNORECASE)  # "order1001"
_LETTERS = re.compile(r"[^\W\d_]{2,}|[\u4e00-\u9fff]")
_CODE = re.compile(r"(?<![\w#-])(\d{3})[ -]?(\d{3})(?![\w-])", re.ASCII)
_CORRECTS = re.compile(r"\b(?:no|not|meant|instead|wrong)\b|不是|不对|应该是|写错|發錯|发错", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """A found value and where it stood in the width-folded text."""

    kind: str  # order_number · email · phone · tracking · money · date · time · amount · url · number
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entities:
    """All values of one message, in the order in which they were written."""

    text: str  # NFKC, capped
    spans: tuple[Span, ...] = ()

    @property
    def order_numbers(self) -> tuple[str, ...]:
        return self._values("order_number")

    @property
    def emails(self) -> tuple[str, ...]:
        return self._values("email")

    @property
    def phones(self) -> tuple[str, ...]:
        return self._values("phone")

    @property
    def tracking_numbers(self) -> tuple[str, ...]:
        return self._values("tracking")

    def _values(self, kind: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(span.value for span in self.spans if span.kind == kind))


def find_entities(text: str, *, asked_for_number: bool = False) -> Entities:
    """Find all values in one pass over the first 6,000 characters.

    `asked_for_number`: the bot has just asked for an order number, so a weak candidate ("1001 it was") counts.
    """
    folded = unicodedata.normalize("NFKC", text[:_LOOK_AT])[:_LOOK_AT]
    sparse = asked_for_number or _says_little(folded)
    spans: list[Span] = []
    for match in islice(_SCANNER.finditer(folded), _MOST):
        kind = match.lastgroup or "token"
        if kind in ("token", "phone", "card", "amount"):
            kind = _meaning(kind, match, folded, sparse=sparse)
        spans.append(Span(kind, _value(kind, match.group()), match.start(), match.end()))
    return Entities(folded, tuple(spans))


def find_code(text: str) -> str | None:
    """The six digits of a one-time code, if the message holds exactly one such group and does not call it an order."""
    folded = unicodedata.normalize("NFKC", text[:200])
    if _CORRECTS.search(folded):
        return None
    codes = [
        match
        for match in _CODE.finditer(folded)
        if not _IS_ORDER.search(folded[max(0, match.start() - 24) : match.start()])
    ]
    return "".join(codes[0].groups()) if len(codes) == 1 else None


def _says_little(text: str) -> bool:
    """Few words around a number make it likely to be the subject: "where is 1001", "1001到哪了"."""
    return len(text) <= 60 and len(_LETTERS.findall(text)) <= 12 and not _ADDRESS.search(text)


def _meaning(kind: str, match: re.Match[str], text: str, *, sparse: bool) -> str:
    before = text[max(0, match.start() - 30) : match.start()]
    value = match.group()
    digits = sum(character.isdigit() for character in value)
    if len(value) > _LONGEST:
        return "number"
    if value in _HOTLINES:
        return "hotline"
    if _IS_PHONE.search(before):
        return "phone"
    if _IS_TRACKING.search(before) and digits >= 8:
        return "tracking"
    named = value.startswith("#") or _IS_ORDER.search(before) is not None
    if _IS_OTHER.search(before) or kind in ("phone", "card", "amount"):
        return kind if kind != "token" else "number"
    if named:
        return "order_number" if digits >= (1 if value.startswith("#") else 3) else "number"
    return "order_number" if _stands_alone(value, digits, before, text, sparse=sparse) else "number"


def _stands_alone(value: str, digits: int, before: str, text: str, *, sparse: bool) -> bool:
    """Is a number that nobody called an order number one all the same?"""
    lettered = any(character.isalpha() for character in value)
    if lettered:
        return (
            digits >= 4 and value[0].isalpha() and not value[-1].isalpha() and (sparse or "-" in value or digits >= 6)
        )
    if _YEAR.fullmatch(value) and _YEAR_BEFORE.search(before):
        return False
    if digits >= 8:
        return not _ADDRESS.search(text) or digits >= 12
    return digits >= 4 and sparse


def _value(kind: str, text: str) -> str:
    if kind == "order_number":
        return _GLUED.sub("", text.lstrip("# ")).rstrip("-_/")
    return text.casefold() if kind == "email" else text
