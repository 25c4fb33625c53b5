"""The shapes of typed values: one linear pass in which whatever has another meaning is taken before a bare number."""

import re

_UNITS_EN = (
    "x|pcs|pieces?|items?|articles?|products?|pairs?|units?|sets?|packs?|boxes|bottles?|days?|weeks?|months?|years?"
    "|hours?|hrs?|minutes?|mins?|seconds?|secs?|times?|people|persons?|points?|stars?|miles?|steps?"
    "|kg|kgs|g|gb|tb|mb|mg|cm|mm|m|km|ml|l|lbs?|pounds?|oz|inch(?:es)?|ft|feet|mah|ma|w|kw|watts?|v|volts?|hz|khz|mhz|ghz"
    "|rpm|lumens?|k|p|fps|degrees?|percent"
)
_UNITS_ZH = (
    "[件個个双雙盒箱斤克码碼岁歲次秒瓶包套袋罐张張条條份台臺隻块塊片颗粒米升倍层樓楼号號室弄栋棟幢枚寸匹瓦流]"
    "|天(?!猫)|周(?![一二三四五六日天末])|分(?![开批两成别期])|支(?![付持])|本(?![来人])|部(?!分)|折(?!腾)|人(?!工)|位(?!置)"
    "|只(?![收有是发到能给要想])|转(?![人账寄给])|单元|小时|小時|分钟|分鐘|公斤|厘米|毫米|毫升|毫安|公里|千克"
    "|年|多(?!单)|左右|以内|以下|以上|来块|出头"
)
_MONTH = "(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}"
# One pass, ASCII: a Chinese character next to a number is no letter of it. Every repetition is bounded.
SCANNER = re.compile(
    rf"""
      (?P<url>(?:https?://|www\.)[^\s\u3000-\u303f\u4e00-\u9fff]{{1,2000}}
        | (?<![\w.@-])(?:[\w-]{{1,40}}\.){{1,3}}(?:com|cn|net|org|shop|store|io|co)/
            [^\s\u3000-\u303f\u4e00-\u9fff]{{1,400}})
    | (?P<email>(?<![\w.+-])[\w.+-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,4}})
    | (?P<base64>(?<![\w=])T3JkZXI6[A-Za-z0-9+/]{{2,80}}={{0,2}})
    | (?P<uuid>(?<![\w-])[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}(?![\w-]))
    | (?P<emoticon>\#[Ee]-[A-Za-z]?\d{{1,4}}(?!\d))
    | (?P<money>(?:[$€£¥₩]|\b(?:usd|eur|gbp|cny|rmb|us|hkd|twd|nt)\s?[$]?)\s?\d[\d,.]{{0,14}}
          (?:\s?[-~]\s?[$€£¥]?\d[\d,.]{{0,14}})?
        | (?<![\w#.-])(?:\d[\d,.]{{0,14}}\s?[-~到至]\s?)?\d[\d,.]{{0,14}}\s?
          (?:[$€£¥%]|(?:dollars?|bucks?|euros?|pounds?|quid|yuan|rmb|usd|eur|cny|cents?)\b|[元块塊毛刀]|多[元块塊]))
    | (?P<date>
          (?<![\w#-])(?:(?:19|20)\d\d[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:19|20)?\d\d|\d{{1,2}}/\d{{1,2}})(?![\w-])
        | (?<![\w#])(?:(?:19|20)?\d\d\s?年\s?)?\d{{1,2}}\s?月(?:份|\s?\d{{1,2}}\s?[日号號]?)?
        | (?<![\w#])(?:19|20)\d\d\s?年
        | (?<![\w#.])\d{{1,2}}\s?[日号號](?!码|碼|[\d楼樓])
        | \b\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}\b
          (?:,?\s(?:19|20)\d\d\b)?
        | \b{_MONTH}\.?\s\d{{1,2}}(?:st|nd|rd|th)?\b(?![-\d])
          (?:,?\s(?:19|20)\d\d\b)?
        | \b\d{{1,3}}(?:st|nd|rd|th)\b)
    | (?P<time>(?<![\w#])\d{{1,2}}:\d\d(?::\d\d)?(?:\s?[ap]m\b)?
        |(?<![\w#])(?:\d{{1,2}}\s?[-~到至]\s?)?\d{{1,2}}\s?(?:[ap]\.?m\b|o'clock\b|[点點时時]))
    | (?P<amount>(?<![\w\#-])(?:\d{{1,7}}(?:[.,]\d{{1,2}})?\s?[-~到至*x×]\s?){{0,2}}\d{{1,7}}(?:\.\d{{1,3}})?\s?
        (?:%|(?:{_UNITS_EN})\b|{_UNITS_ZH})
        | (?<![\w\#.-])\d{{1,7}}\.\d{{1,4}}(?![\w.])|满\d{{1,6}}[减送]\d{{1,6}})
    | (?P<phone>(?<![\w\#-])(?:\+\d{{1,3}}[ -]?)?\(\d{{2,4}}\)\s?\d{{3,4}}[ -]?\d{{3,5}}(?![\w-])
        | (?<![\w\#-])\+\d{{1,3}}(?:[ -]?\d{{2,5}}){{2,5}}(?![\w-])
        | (?<![\w\#-])(?:1[ .-])?\d{{3}}[ .-]\d{{3}}[ .-]?\d{{4}}(?![\w-])
        | (?<![\w\#-])\d{{3}}-\d{{4}}(?![\w-])
        | (?<![\w\#-])0\d{{2,3}}-\d{{7,8}}(?![\w-])
        | (?<![\w\#-])(?:(?:400|800)-\d{{3}}-?\d{{4}}|(?:400|800)\d{{3}}-\d{{4}}|400\d-\d{{3}}-\d{{3}})(?![\w-])
        | (?<![\w\#-])(?:86[ -]?)?1[3-9]\d[ -]\d{{4}}[ -]\d{{4}}(?![\w-])
        | (?<![\w\#-])1[3-9][\d*]\d?\*{{3,6}}\d{{2,4}}(?![\w-])
        | (?<![\w\#-])(?:86)?1[3-9]\d{{9}}(?![\w-])
        | (?<![\w\#-])07\d{{3}}[ ]?\d{{3}}[ ]?\d{{3}}(?![\w-]|[ ]\d)
        | (?<![\w\#-])[6-9]\d{{4}}[ ]\d{{5}}(?![\w-]|[ ]\d))
    | (?P<tracking>(?<![\w\#-])
        (?:1z[ ]?[0-9a-z]{{16}}|tba\d{{12}}|jjd\d{{16,18}}
        |(?:sf|yt|jt|jd[a-z]{{0,3}}|sto|zto|db|dpk|dpl|ems|yd|ht|bs|uc|zjs|lp|cnsto)\d{{9,17}}
        |[a-z]{{2}}\d{{9}}[a-z]{{2}}|9[2-5]\d{{2}}(?:[ ]?\d{{4}}){{4}}(?:[ ]?\d{{2}})?)(?![\w-]))
    | (?P<grouped>(?<![\w\#.,-])\#?[ ]?\d{{1,6}}(?:[ ]\d{{1,6}}){{2,9}}(?![\w-]|[.,]\d))
    | (?P<token>\#[ ]?[a-z]{{0,10}}[-_]?\d[\da-z]{{0,60}}(?:[-_/][\da-z]{{1,40}}){{0,6}}
        | (?<![a-z\d@_*])(?<!\d\.)(?=[a-z\d]{{0,24}}(?:[-_/][a-z]{{1,12}}){{0,2}}[-_/]?\d)
          [a-z\d]{{1,64}}(?:[-_/][a-z\d]{{1,40}}){{0,6}})
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_CHINESE_ID = re.compile(r"[1-8]\d{5}((?:19|20)\d\d)(\d\d)(\d\d)\d{3}[\dXx]", re.ASCII)
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_COMPACT_DATE = re.compile(r"20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", re.ASCII)


def is_chinese_id(value: str) -> bool:
    """Is it the number of a Chinese identity card (GB 11643: birthday inside, check digit at the end)?"""
    match = _CHINESE_ID.fullmatch(value)
    if not match or not (1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(value[:17], _ID_WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == value[17].upper()


def is_compact_date(value: str) -> bool:
    """Is it a day written without marks, such as 20260511?"""
    return _COMPACT_DATE.fullmatch(value) is not None


def groups_of(value: str) -> list[str]:
    """The parts of a number typed with spaces; one part if it is a single number, several if they are several numbers.

    "1001 1002 1003" are three numbers (same length, same beginning), "4082 2938 1029 384" is one.
    """
    parts = value.lstrip("# ").split()
    alike = len({len(part) for part in parts}) == 1 and len(parts[0]) >= 4
    return parts if alike and len({part[:2] for part in parts}) == 1 else ["".join(parts)]
