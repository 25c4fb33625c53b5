"""The words next to a number that say what it is: "order", "tracking no.", 订单号, 手机号."""

import re

_BEFORE, _AFTER = 56, 26  # characters looked at
# Per kind: English words, Chinese words. A word may be followed by "number", "no.", "id", "#", 号, 编号, 单号.
_WORDS = {
    "tracking": (
        r"tracking|waybill|awb|airway\sbill|consignment|(?:parcel|shipment|shipping)\snumber|courier|usps|ups|fedex|dhl"
        r"|royal\smail|evri|dpd|yodel|ontrac|lasership",
        "运单|運單|快递|快遞|物流|面单|包裹|追踪|顺丰|順豐|中通|圆通|申通|韵达|百世|极兔|德邦|邮政快递|京东快递|丹鸟",
    ),
    "phone": (
        r"(?:tele)?phone|mobile|cell|fax|whatsapp|hotline|ph|tel|contact\snumber|call(?:\sme)?(?:\s(?:at|on))?"
        r"|(?:text|reach)\sme(?:\s(?:at|on))?|number\sto\s(?:reach|call)(?:\sme)?",
        "电话|電話|手机|手機|联系方式|聯繫方式|联系|座机|热线|致电|拨打|打给",
    ),
    "other": (
        r"invoices?|invoicw|bill(?:ing)?|receipt|accounts?|acct|user\s?names?|user|login|member(?:ship)?|customer|loyalty"
        r"|rewards?|zip(?:\s?code)?|post\s?code|postal(?:\scode)?|sku|upc|ean|asin|items?|model|styles?|size|article"
        r"|product|part|serial|batch|lot|room|passport|licen[cs]e|id\scard|student|apt|apartment|unit|suite|floor|street"
        r"|building|box|gate|flight|ticket|case|agent|employee|staff|promo(?:tion)?|discount|coupon|voucher|gift(?:\scard)?|activation"
        r"|verification|security|access|redeem|code|pin|otp|cvv|cvc|card|visa|mastercard|iban|routing|bank|transaction"
        r"|payment|refund\sreference|return\s(?:number|no|id|label|code)|rma|version|error|extension|ext|imei|vin|ip"
        r"|port|swift|tax|vat|ssn|age|weight|height|wechat|skype|instagram|ending(?:\s(?:in|with))?|ends\s(?:in|with)"
        r"|last\s(?:four|4|five|5|six|6)(?:\sdigits)?(?:\sof(?:\smy)?\scard)?|since|year",
        "身份证|身份證|证件|護照|护照|银行卡|銀行卡|信用卡|储蓄卡|卡|发票|發票|税|纳税人识别|开户|账户名?|账|帳|帐户?|用户名?|昵称"
        "|会员|會員|邮编|郵編|邮政(?:编码)?|型|货|貨|(?<!退)款|商品|产品|產品|宝贝|物料|sku|spu|skuid|条形?|尺码?|码数|鞋码|身高|体重|高|重"
        "|胸围|腰围|房间?|门牌|楼|验证|驗證|校验|动态|优惠券?|優惠券?|券|折扣|兑换|激活|序列|机身|串|工单|工單"
        "|(?:售后|服务|维修|退货|退款|换货|预约)(?=单|号|编)|取件|提货|密码?|尾|后[四4六6]位|工|客服|qq|q|微信|vx|wx|旺旺名?|钉钉"
        "|错误(?:代码)?|端口|车牌|航班|考|学|批|版本|货款|预算|价格|价位|价钱|總價|总价|实付|金额|金額|花了|付了|积分|京豆|余额|差价"
        "|邮箱|流水",
    ),
    "order": (
        r"(?:my\s)?(?:(?:web|sales)\s)?(?:orders?|ordr|oder|odrer|oredr|ordedr|oorder|orde|purchases?|purchsae|pruchase"
        r"|purcahse|puchase|confirmation|reservation|order\s(?:reference|confirmation)|po)",
        "订单|訂單|定单|拍单|交易单|商户单|下单",
    ),
}
_SUFFIX = r"(?:['’]?s)?(?:[\s_-]?(?:numbers?|numbr|nmbr|no|num|nr|nbr|ids?|i\.d|code|\#)\b\.?|[\s_-]?\#)?"
_SUFFIX_ZH = r"(?:单|單)?\s?(?:编号|編號|号码|號碼|号|號|id|码|碼|代码)?"
_GENERIC = (
    r"(?<![a-z])(?:reference|ref|numbers?|numbr|no|num|nr|nbr|ids?|i\.d)(?:\s(?:number|no|id|code))?(?![a-z])|\#"
    rf"|(?:单子?|單){_SUFFIX_ZH}|编号|編號|号码|號碼|(?<!\d)[號号]"
)
_LABELS = re.compile(
    "|".join(
        rf"(?P<{kind}>(?<![a-z])(?:{english}){_SUFFIX}(?![a-z])|(?:{chinese}){_SUFFIX_ZH})"
        for kind, (english, chinese) in _WORDS.items()
    )
    + f"|(?P<generic>{_GENERIC})",
    re.IGNORECASE,
)
# What may stand between a label and its number.
_BETWEEN = re.compile(
    r"(?:[\s:：.#=（(\[【{\-—_*~,，\"'“”‘’]"
    r"|\b(?:is|was|are|it|its|it's|the|my|this|that|which|here|i|think|believe|should|would|be|just|called|listed|as|shown"
    r"|says|said|reads|number|no|num|id|code|you|asked|for|please|pls|actually|sorry|ok|yes|meant|mean|of|and)\b"
    r"|就是|应该是|好像是|大概是|可能是|应该|好像|是|为|為|的|我|这个|那个|这|那|叫|在|如下|给你|发你|给您|发您|有|呢|了|吧|哈|啊|哦"
    r"|号|號|码|碼|您|看|一下|报|念|写着|显示|尾号|开头|多少|来着|填){0,10}",
    re.IGNORECASE,
)
_NARROW = re.compile(
    r"[\s:：.#=（(\[【\-—_*,，]*(?:\b(?:you sent|i got)\b\s*)?"
    r"(?:\b(?:is|was|are|still|it's|its|my|the)\b\s*|还?是|为|的){0,2}[\s:：]*",
    re.IGNORECASE,
)
_LINK_AFTER = re.compile(
    r"[\s,，]{0,3}(?:(?:is|was|are|as|being|=)\s(?:my|the|our|your|an?)\s|(?:is|=)\s|[(（\[]\s?(?:my\s)?"
    r"|(?:这个|那个|这|那)?就?[是为](?:我的|你们的|我|这个|那个)?)",
    re.IGNORECASE,
)
_ORDER_AFTER = re.compile(
    r"\s?(?:orders?\b|(?:这个|那个|这|那|的)?(?:这个|那个)?(?:订单|訂單|单子|单号|的单))", re.IGNORECASE
)
_PART_AFTER = re.compile(r"\s?(?:开头|结尾|打头|这[个件款]?(?:商品|宝贝|产品|货号))")
_PARCEL_AFTER = re.compile(r"\s?(?:这个|那个|的)?(?:运单|快递单|物流单|快递号)")
_NO_LETTER = re.compile(r"[\W_]+")
_VERB = re.compile(r"(?:\b(?:to|i|we|can|could|will|would|please|d)\s+)\Z", re.IGNORECASE)
_YEAR_OR_FEW = re.compile(r"\d{1,4}", re.ASCII)


def label_before(text: str, start: int, value: str) -> str | None:
    """What the words right before a number call it: order, generic, tracking, phone, other, or nothing."""
    before = text[max(0, start - _BEFORE) : start]
    last = None
    for match in _LABELS.finditer(before):
        last = match
    if last is None:
        return None
    kind = last.lastgroup
    gap = before[last.end() :]
    if kind in ("order", "generic"):
        orders_goods = _VERB.search(before[: last.start()]) and last.group().lower() == "order"
        if orders_goods and _YEAR_OR_FEW.fullmatch(value):
            return "other"  # "I want to order 5000"
        return kind if _BETWEEN.fullmatch(gap) else None
    return kind if _NARROW.fullmatch(gap) else None


def names_nothing_else(text: str) -> bool:
    """Is `text`, what stands around a message's values, no more than labels: "Username: …", 单号是…?"""
    return len(_NO_LETTER.sub("", _BETWEEN.sub("", _LABELS.sub(" ", text)))) <= 1


def label_after(text: str, end: int) -> str | None:
    """What the words right after a number call it: "1001 is my order number", 1001这个订单."""
    after = text[end : end + _AFTER]
    if _ORDER_AFTER.match(after):
        return "order"
    if _PARCEL_AFTER.match(after):
        return "tracking"
    if _PART_AFTER.match(after):
        return "other"
    linked = _LINK_AFTER.match(after)
    label = _LABELS.match(after, linked.end()) if linked else None
    return label.lastgroup if label and label.lastgroup != "generic" else None
