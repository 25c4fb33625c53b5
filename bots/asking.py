"""What a message asks the other side for: "May I have your order ID?" makes a bare number an order number."""

import re

KINDS = frozenset(
    {"order_number", "phone", "email", "name", "account", "username", "zip", "address", "code", "amount", "date"}
    | {"product", "tracking", "invoice"}
)
_LOOK_AT = 1_500
_SENTENCES = re.compile(r"[^.!?。！？;；\n]+(?:[.!;](?=\w)[^.!?。！？;；\n]*)*[?？]?")
_ASKED = re.compile(
    r"""
      (?P<tracking>\btracking\s(?:number|no|id|code)|快递单号?|运单号?|物流单号?)
    | (?P<invoice>\binvoice\s(?:number|no|id)|发票号码?|抬头|税号)
    | (?P<email>\be-?mail|邮箱|邮件地址)
    | (?P<phone>\b(?:tele)?phone\b|\bmobile|\bcell\b|contact\snumber|number\sto\sreach|call\syou
        |手机号?码?|电话|联系方式)
    | (?P<zip>\bzip(?:\s?code)?|\bpost(?:al)?\s?code|邮编)
    | (?P<username>\buser\s?-?name|\blogin\b|用户名|昵称|旺旺)
    | (?P<account>\baccount\s?-?(?:id|number|no|info\w*|details?|\#)(?!\w)|\bmember(?:ship)?\s(?:id|number)
        |\bcustomer\s(?:id|number)
        |账号|帐号|账户|会员号?|微信号?)
    | (?P<code>\bpin\b|\bcode\b|last\s(?:four|4)
        |验证码|优惠码|后四位|尾号)
    | (?P<address>\baddress|地址)
    | (?P<amount>\bamount|how\smuch|\bprice\b|\bcost\b|金额|多少钱|价格)
    | (?P<date>\bdate\b|\bwhen\sdid|哪天|什么时候(?:买|下单|购买)|日期)
    | (?P<product>\bsku\b|\b(?:product|item|model|style)\b(?:\s(?:number|no|id|code|name))?
        |商品编?号?|货号|型号|款号|哪[款个件](?:商品|产品|宝贝)?)
    | (?P<order_number>\border\b[\s'’]*s?\s?
          (?:id|i\.d|number|numbers|no|num|nr|reference|info\w*|details?)\b|\border\s?\#
        |\b(?:which|what)\s(?:\w+\s)?orders?\b|\bconfirmation\s(?:number|no)
        |\bpurchase\s(?:number|id)|\breference\s(?:number|no)
        |订单(?:编号|号码|号)?|訂單|单号|單號|哪[个一]?[单笔]|拍的哪)
    | (?P<name>\bname\b|姓名|名字|收货人|贵姓|怎么称呼)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_REQUEST = re.compile(
    r"\?|？|\b(?:may\si|can\si|could\si|can\syou|could\syou|would\syou|will\syou|please|pls|plz|provide|what(?:'?s|\sis|\sare)?|which"
    r"|need|give|share|send|verify|confirm|have\syour|get\syour|enter|type|tell|supply|let\sme\shave|grab|require|ask|know"
    r"|looking\sfor|start\swith|help\sme\swith|do\syou\s(?:have|know))\b"
    r"|请|麻烦|提供|发[一我给下送来]|告[知诉]|报[一下给]|多少|吗|么|呢|核[实对]|哪|给我|给一?下|需要|方便|留|看下|确认|说[一下]",
    re.IGNORECASE,
)
# "And your zip code", without a verb, asks as well; "your account is active" and "let me verify your zip" do not.
_ELLIPTIC = re.compile(
    r"\s*(?:and|also|plus|then|now|next|ok|okay|thanks)?[\s,]*(?:the|your)\b|.{0,30}\Z", re.IGNORECASE
)
_STATES = re.compile(r"\b(?:is|was|has|have|had|will|been|sent|are|were|arrived?|found|did)\b|已|了$", re.IGNORECASE)
_PROMISES = re.compile(
    r"\b(?:i'?ll|i\swill|we'?ll|we\swill|let\sme|i\shave|i'?ve|i\sam|i'?m|one\smoment|give\sme\sa|pull(?:ed|ing)\sup)\b",
    re.IGNORECASE,
)
_NEEDS = re.compile(
    r"\?|？|\b(?:need|please|pls|require|let\sme\shave|going\sto\sneed|may\si)\b|请|麻烦|提供", re.IGNORECASE
)
_ORDER_IS_TOLD = re.compile(r"(?:order|订单|单号).{0,20}\d{3}", re.IGNORECASE)


def asked_for(text: str) -> frozenset[str]:
    """The kinds of values that `text` asks for (`KINDS`); empty for a statement."""
    asked: set[str] = set()
    for sentence in _SENTENCES.findall(text[:_LOOK_AT]):
        kinds = {match.lastgroup for match in _ASKED.finditer(sentence)}
        if kinds and _asks(sentence):
            asked |= {kind for kind in kinds if kind}
        if "order_number" in asked and _ORDER_IS_TOLD.search(sentence):
            asked.discard("order_number")
    return frozenset(asked)


def _asks(sentence: str) -> bool:
    if _REQUEST.search(sentence):
        return _NEEDS.search(sentence) is not None or _PROMISES.search(sentence) is None
    return _ELLIPTIC.match(sentence) is not None and _STATES.search(sentence) is None
