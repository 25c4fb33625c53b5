"""Postal addresses in messages, as somebody would copy them into a form; nothing is looked up."""

import re

_LOOK_AT = 2_000
_LONGEST = 200
_STREET = (
    r"(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|way|place|pl|square|sq|terrace|ter|highway"
    r"|hwy|parkway|pkwy|circle|cir|close|crescent|row|walk|loop|trail)"
)
_WORD = r"[A-Za-zÀ-ÿ'’.-]{2,20}"
_NOT_A_NAME = r"(?!(?:to|the|on|in|my|is|for|and|of|at|by|with|weeks?|days?|hours?|times?|items?|months?)\s)"
_ENGLISH = re.compile(
    rf"""
    (?:\b(?:flat|unit|apt|apartment|suite)\s?\#?\w{{1,6}},\s)?
    (?:(?<![\w\#-])\d{{1,6}}[a-z]?(?:[-/]\d{{1,4}})?\s(?:[NSEW]\.?\s)?(?:{_NOT_A_NAME}[\w'’.]{{1,20}}\s){{1,4}}{_STREET}\b\.?
      |\bp\.?\s?o\.?\s?box\s\d{{1,6}}
      |\b[A-ZÄÖÜ][\wäöüß.-]{{2,30}}(?:straße|strasse|str\.|weg|allee|platz|gasse)\s\d{{1,4}}\s?[a-z]?\b
       (?:,?\s\d{{5}}\s{_WORD})?)
    (?:\s(?:north|south|east|west|n|s|e|w)\b)?
    (?:,?\s(?:flat|unit|apt\.?|apartment|suite|ste|floor|fl|\#)\s?\#?\w{{1,6}})?
    (?:,\s?{_WORD}(?:\s{_WORD}\b(?!\d)){{0,2}}){{0,3}}
    (?:,?\s(?:\d{{5}}(?:-\d{{4}})?|[A-Z]{{1,2}}\d[\dA-Z]?\s?\d[A-Z]{{2}}|[A-Z]\d[A-Z]\s?\d[A-Z]\d)\b)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CITY = r"[\u4e00-\u9fff]{1,7}?(?:省|市|自治区|特别行政区|区|县|州)"
_DETAIL = (
    r"[\u4e00-\u9fffA-Za-z0-9\-—#·()（）]{1,20}?(?:路|街|道|巷|弄|胡同|村|镇|乡|小区|花园|公寓|大厦|广场|园区|大学|学校|医院|新村|苑"
    r"|号楼|号|栋|幢|单元|室|层|座)"
)
_CHINESE = re.compile(
    rf"(?:(?:{_CITY}\s?){{1,4}}+(?:{_DETAIL}\s?){{1,8}}+|(?:{_DETAIL}\s?){{2,8}}+)(?:[\dA-Z-]{{1,6}})?"
)
_DOOR = re.compile(rf"\d|(?:{_CITY}){{2}}")
_LABEL = re.compile(r"^(?:.{0,12}?(?:地址|寄到|送到|发到|改到|改成|改为|换成|收货)(?:是|为|到|改成|[:：])?\s?)+")


def find_address(text: str) -> str | None:
    """The postal address that `text` holds, as typed, or None.

    Street addresses in English and German, PO boxes, Chinese addresses.
    """
    head = text[:_LOOK_AT]
    for pattern in (_CHINESE, _ENGLISH):
        match = pattern.search(head)
        if match and _DOOR.search(match.group()):
            found = _LABEL.sub("", match.group()).strip(" ,.，。")
            return found[:_LONGEST] or None
    return None
