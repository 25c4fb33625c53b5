"""Reads the details of a request from what a customer writes: an address, a product, a reason, a name for an invoice.

Every reader takes the turn and whether its question was just asked; unasked, only what is unmistakable counts.
"""

import re
from collections.abc import Sequence

from bots.places import find_address
from bots.turns import Turn
from orders.snapshots import LineSnapshot, OrderSnapshot

LONGEST = 300  # characters kept of one detail
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", re.ASCII)
_ADDRESS_LIKE = re.compile(r"\d|[省市区县路街道弄巷村镇号楼栋室]")
_END = re.compile(
    r"[!?;。！？；\n]|\.(?:\s|$)|，?(?:谢谢|可以吗|行吗|好吗|麻烦)|,? (?:thanks?|please|and|because|instead)\b",
    re.IGNORECASE,
)
_PLEASE = re.compile(r"[\s,.，。]*(?:please|thanks?|thank you|谢谢)?[\s!.。！]*$", re.IGNORECASE)
_TAX = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z]{2}[0-9A-Z]{8,12}|[0-9A-HJ-NPQRTUWXY]{15,20})(?![A-Za-z0-9])", re.IGNORECASE
)
_TITLE = re.compile(
    r"(?:抬头|公司名称?|单位名称?|名称|开给|made out to|in the name of|company(?: name)?|bill(?:ed)? to|title)"
    r"(?:\s?(?:是|为|写|填|开|is|should be))?\s?[:：]?\s?(?P<title>[^\n,，;；。]{2,80})",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"公司|集团|事务所|学校|医院|工厂|工作室|经营部|企业|专票|增值税"
    r"|\b(?:ltd|limited|inc|llc|gmbh|corp|company|plc|ag|vat)\b",
    re.IGNORECASE,
)
_PERSONAL = re.compile(r"个人|私人|\b(?:personal|private|myself|my own name|just me|no company)\b", re.IGNORECASE)
_LABELS = re.compile(
    r"(?:抬头|税号|纳税人识别号|统一社会信用代码|信用代码|邮箱|电子邮箱|发到|开票|发票|公司名称?|单位名称?"
    r"|名称|tax (?:id|number|no\.?)|vat(?: id| number)?"
    r"|e-?mail|company(?: name)?|name)\s?(?:是|为|is)?\s?[:：]?|\b(?:and|to|the|my|is|please)\b|[,，;；。、\n]",
    re.IGNORECASE,
)
_EXCHANGE = re.compile(
    r"\b(?:exchang\w*|swap\w*|replac\w*|another (?:size|colou?r|one)|different (?:size|colou?r)|(?:bigger"
    r"|smaller|larger) (?:one|size))\b"
    r"|换",
    re.IGNORECASE,
)
_RETURN = re.compile(
    r"\b(?:(?:return|send|sending) (?:it |this |that |them |the \w+ |my \w+ )?(?:back )?for (?:a )?refund"
    r"|send\w* (?:\w+ ){0,3}back|money back|refund\w*)\b"
    r"|退(?!换)|[腿推][货款]",
    re.IGNORECASE,
)
_JUST_RETURN = re.compile(r"\b(?:return\w*|give (?:it )?back)\b", re.IGNORECASE)
_EITHER = re.compile(r"\breturn or exchange\b|退换|退货换货|退或换", re.IGNORECASE)
_FAULT = re.compile(
    r"\b(?:brok\w*|damag\w*|torn|crack\w*|scratch\w*|dent\w*|stain\w*|dirty|leak\w*|miss\w*|defect\w*"
    r"|fault\w*|shatter\w*|smash\w*|bent|hole|faded|wrong (?:item|one|size|colou?r|product|order|thing|part|model)"
    r"|(?:does|do|did|is|are|was)(?:n[o']?t| not) work\w*|stopped working|won'?t (?:turn|start|charge|open"
    r"|work)|not working|expired|used|empty|rotten|smell\w*)\b"
    r"|破|坏|碎|裂|漏|少[发了件一个]|缺|[发寄拿色]错|错发|脏|瑕疵|划痕|变形|掉[色漆]|开胶|异味|过期|假货|不能用|用不了"
    r"|没反应|打不开|充不进|不亮|不转|色差|发霉|起球",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:because|since|as it|due to|too (?:big|small|tight|loose|large|short|long)|(?:does|do|did)(?:n'?t"
    r"| not) (?:fit|like|suit|match)|wrong (?:size|colou?r)"
    r"|changed my mind|no longer need\w*|don'?t need|by mistake|ordered twice|found (?:it )?cheaper"
    r"|not as (?:described|pictured))\b"
    r"|因为|太[大小长短紧松]|[大小]了|偏[大小]|不合适|不合身|不喜欢|不想要|不需要|用不[上着]|买错|拍错|拍多"
    r"|重复|质量|尺码|不对|与描述不符|和图片不",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"\b(?:all|both|everything|each|whole order|entire order)\b|全部|都[要是退换]|所有|整单|两[个件]都", re.IGNORECASE
)
ALL = "all"
_EVERY = re.compile(r"\b(?:all|both|everything|each|whole)\b|全部|都|所有|整单|两[个件]都", re.IGNORECASE)
_COUNTS = (
    (1, re.compile(r"\b(?:one|a single|single|only|just)\b|一[个件盒饼罐包套]", re.IGNORECASE)),
    (2, re.compile(r"\b(?:two|a couple|a pair)\b|[两二俩][个件盒饼罐包套]", re.IGNORECASE)),
    (3, re.compile(r"\bthree\b|三[个件盒饼罐包套]", re.IGNORECASE)),
)
_PLACES = (
    re.compile(r"\b(?:first|1st)\b|第[一1]", re.IGNORECASE),
    re.compile(r"\b(?:second|2nd)\b|第[二2两]", re.IGNORECASE),
    re.compile(r"\b(?:third|3rd)\b|第[三3]", re.IGNORECASE),
)
_WAITS = re.compile(
    r"\W*(?:(?:ok(?:ay)?|yes|sure|alright)\b[\s,.!]*)?"
    r"(?:(?:please |just )?(?:wait|one|a|give me|hold on|let me|i'?ll (?:take|send|get))\b.{0,40})?"
    r"|\W*(?:好的?|嗯+|行|可以|有的?)?[，,\s]*(?:(?:你|请|麻烦)?(?:稍等|等一?下|等等|等会)|马上|这就|我(?:去|来|现在|马上)?拍|我找找).{0,12}"
    r"|\W*(?:好的?|嗯+|行|可以|有的?)[。！!~\s]*",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z0-9]{3,}")
_CJK = re.compile(r"[\u4e00-\u9fff]{2,}")
_DEVICE = re.compile(
    r"\b(?:chrome|safari|firefox|edge|opera|iphone|ipad|android|samsung|windows|mac(?:book)?|laptop|desktop"
    r"|tablet|phone app|the app)\b"
    r"|苹果|安卓|华为|小米|浏览器|电脑|手机端|网页|小程序",
    re.IGNORECASE,
)


def words(turn: Turn, asked: bool) -> str | None:
    """Whatever was said, when it was asked for."""
    return _kept(turn.question.text) if asked else None


def address(turn: Turn, asked: bool) -> str | None:
    """A postal address. Asked, anything longer with a number or a Chinese place word is one; a person reads it."""
    text = turn.question.text.strip()
    found = find_address(text)
    if found and found in text:
        start = 0 if asked and "\n" in text else text.index(found)
        tail = text[start:] if asked else _END.split(text[start:])[0]
        return _kept(_PLEASE.sub("", tail))
    like = asked and len(text) >= 6 and _ADDRESS_LIKE.search(text)
    return _kept(text) if found or like else None


def fault(turn: Turn, asked: bool) -> str | None:
    """What is wrong with something: the customer's words, if they say it."""
    text = turn.question.text
    return _kept(text) if asked or _FAULT.search(text) else None


def reason(turn: Turn, asked: bool) -> str | None:
    """Why something is given back: the customer's words, if they say it."""
    text = turn.question.text
    return _kept(text) if asked or _REASON.search(text) or _FAULT.search(text) else None


def return_or_exchange(turn: Turn, asked: bool) -> str | None:
    """ "return" or "exchange"."""
    text = turn.question.text
    if _EITHER.search(text):
        return None
    if _EXCHANGE.search(text):
        return "exchange"
    gives_back = _RETURN.search(text) or (_JUST_RETURN.search(text) if asked else None)
    return "return" if gives_back else None


def specific(turn: Turn, asked: bool) -> str | None:
    """The whole message when it already says more than the bare wish: from twelve words or twenty-four characters."""
    text = turn.question.text
    long = len(text.split()) >= 12 or len(re.findall(r"[\u4e00-\u9fff]", text)) >= 24
    return _kept(text) if asked or long else None


def photo(turn: Turn, asked: bool) -> str | None:
    """How many pictures came; any words instead of one mean that there is none, unless they ask to wait for it."""
    if turn.question.files:
        return str(turn.question.files)
    text = turn.question.text.strip()
    return "-" if asked and text and not _WAITS.fullmatch(text) else None


def email(turn: Turn, asked: bool) -> str | None:
    """An address of mail."""
    match = _EMAIL.search(turn.question.text[:2_000])
    return match.group() if match else None


def tax_number(turn: Turn, asked: bool) -> str | None:
    """A Chinese taxpayer number (15 to 20 places) or a VAT number (country and 8 to 12 places); "-" for a person."""
    text = _EMAIL.sub(" ", turn.question.text[:2_000])
    for match in _TAX.finditer(text):
        if sum(character.isdigit() for character in match.group()) >= 6:
            return match.group().upper()
    return "-" if _PERSONAL.search(text) else None


def invoice_title(turn: Turn, asked: bool) -> str | None:
    """Whom the invoice is made out to."""
    text = _EMAIL.sub(" ", turn.question.text[:2_000])
    if match := _TITLE.search(text):
        named = _TAX.sub(" ", match["title"]).strip(" :：")
        if len(named) >= 2:
            return _kept(named)
    if match := _PERSONAL.search(text):
        return match.group()
    if not asked:
        return None
    rest = " ".join(_LABELS.sub(" ", _TAX.sub(" ", text)).split())
    return _kept(rest) if len(rest) >= 2 else None


def device(turn: Turn, asked: bool) -> str | None:
    """The browser, app or device that somebody uses: their words."""
    text = turn.question.text
    return _kept(text) if asked or _DEVICE.search(text) else None


def is_faulty(text: str) -> bool:
    """Do the words tell of something broken, wrong or missing?"""
    return _FAULT.search(text) is not None


def is_company(title: str) -> bool:
    """Does a tax number belong on this invoice?"""
    return _COMPANY.search(title) is not None


def item_of(order: OrderSnapshot, turn: Turn, asked: bool) -> str | None:
    """Which lines of a proved order are meant: the only one, those named, all, or the customer's own words."""
    lines = open_lines(order)
    if len(lines) <= 1:
        return _kept(lines[0].title) if lines else "-"
    text = turn.question.text.casefold()
    named = [line for line in lines if _names(text, line)]
    if named and len(named) < len(lines):
        return _kept(", ".join(line.title for line in named))
    if _ALL.search(text) and not any(place.search(text) for place in _PLACES):
        return _kept(", ".join(line.title for line in lines))
    placed = [line for line, place in zip(lines, _PLACES, strict=False) if place.search(text)] if asked else []
    return _kept(placed[0].title if placed else turn.question.text) if asked else None


def units_of(turn: Turn, asked: bool) -> str | None:
    """How many of an item are meant: a number, or "all"."""
    text = turn.question.text
    if _EVERY.search(text):
        return ALL
    if asked and (number := re.search(r"(?<!\d)(\d{1,3})(?!\d)", text)):
        return str(int(number[1]))
    words = ((count, word) for count, word in _COUNTS if word.search(text))
    return next((str(count) for count, _ in words), None) if asked else None


def lines_named(order: OrderSnapshot, item: str) -> Sequence[LineSnapshot]:
    """The lines that `item_of` has meant, and an order's only one when it was not asked.

    None where it kept the customer's words, or a title fits several lines: a person has to read what was written.
    """
    if not item:
        lines = open_lines(order)
        return lines if len(lines) == 1 else []
    lines = [line for line in open_lines(order) if line.title]
    alone = [line for line in lines if _kept(line.title) == item]
    if len(alone) == 1:
        return alone
    named = [line for line in lines if line.title in item]
    return named if named and _kept(", ".join(line.title for line in named)) == item else []


def has_several(order: OrderSnapshot, item: str) -> bool:
    """Whether the item could be one unit or more."""
    return any(line.quantity - line.quantity_cancelled > 1 for line in lines_named(order, item))


def open_lines(order: OrderSnapshot) -> Sequence[LineSnapshot]:
    """The lines of which something is still wanted."""
    return [line for line in order.lines if line.quantity > line.quantity_cancelled]


def _names(text: str, line: LineSnapshot) -> bool:
    title = f"{line.title} {line.variant}".casefold()
    if line.title.casefold() in text or (line.sku and line.sku.casefold() in text):
        return True
    if any(word.rstrip("s") in text for word in _WORD.findall(title)):
        return True
    return any(run[i : i + 2] in text for run in _CJK.findall(title) for i in range(len(run) - 1))


def _kept(text: str) -> str | None:
    return " ".join(text.split())[:LONGEST] or None
