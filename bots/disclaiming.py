"""What a customer says not to want before saying what is wanted: "I don't want a refund, I just want it to arrive".

Neither view should hear a wish in it. Cancelling is no part of this: "don't cancel" is a wish of its own.
"""

import re

_EN_REMEDY = (
    r"(?:refunds?|money(?: back)?|replacements?|exchange|return(?: it| them)?|vouchers?|coupons?|store credit|credit"
    r"|discount|gift card|compensation|repair|apology|another one|new one)"
)
_EN = re.compile(
    rf" (?:i )?(?:am )?(?:do not (?:want|need|care about)|not (?:asking|looking|here) for|not (?:want|after)|no"
    rf"|no need for|instead of|rather than|stop offering me) (?:to |to get |any |my |for )?{_EN_REMEDY}"
    rf"(?: or {_EN_REMEDY})?(?: back)? ?"
    r"(?=, | (?:but|only|i|we|it|would|do|did|give|send|want|deliver|tell|where|when)\b)"
)
_ZH_REMEDY = "(?:退款|退货|退钱|换货|换新|补偿|赔偿|优惠券|代金券|红包|券|维修|道歉|补发)"
_ZH = re.compile(
    rf"(?:^|(?<=,))(?:我|咱|俺)?(?:也|又|都|并|可)?(?:不是要|不是想|不是来|不要|不想要?|不用|不需要|别给我|不)"
    rf"(?:你们|申请|给我)?{_ZH_REMEDY}(?:也不要?{_ZH_REMEDY})?[,了]?(?=我|就|只|要|给|赶|快|直接|什么|怎么|换|退|补|你们)"
)


def without_disclaimed(sentence: str) -> str:
    """An English sentence, with spaces around, without the remedies that are declined before another wish."""
    left = _EN.sub(" ", sentence)
    return f" {left.strip(' ,')} " if left.strip(" ,") else sentence


def without_disclaimed_zh(sentence: str) -> str:
    """The same for a Chinese sentence."""
    return _ZH.sub("", sentence).strip(",") or sentence
