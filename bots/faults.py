"""What is wrong with goods, by the words in which a customer tells it, and which lines of the order they mean. Pure."""

import re
from collections.abc import Mapping

from bots.details import lines_named
from orders.snapshots import OrderSnapshot

_WISHES = frozenset({"item_problem", "return_exchange", "refund_request", "complaint", "repair_install"})
# The first that fits counts: what is wrong or missing is plainer than what is merely damaged or does not work.
_FAULTS = {
    reason: re.compile(pattern, re.IGNORECASE)
    for reason, pattern in {
        "wrong_item": r"\b(?:wrong (?:item|one|product|order|thing|part|parts|model|colou?r|size)|not what i ordered"
        r"|(?:sent|got|received) (?:me )?(?:a |the )?(?:different|someone else)|but i ordered"
        r"|(?:sent|got|received) .{0,20}wrong)\b"
        r"|[发寄拿送给配色][错]|错发|不是我(?:要|买|订|拍|选)|别人的(?:东西|包裹|快递)",
        "missing": r"\b(?:missing|incomplete|left out|not (?:included|in the (?:box|parcel|package))"
        r"|empty (?:box|parcel|package)|only (?:got|received|sent|one|two|half))\b"
        r"|少[发了寄给件一个]|缺[件少货了一]|漏[发寄装]|没发全|空(?:盒|包|箱)|只(?:收到|有|发|给)了?[一二两三四五六\d]",
        "damaged": r"\b(?:damag\w*|torn|crack\w*|scratch\w*|dent(?:ed|s)?|stain\w*|leak\w*|shatter\w*|smash\w*|bent"
        r"|ripped|chipped|crushed|(?:arrived|came|was|were) (?:\w+ )?broken)\b"
        r"|破|碎|裂|划痕|变形|[压摔磕]坏|磕碰|湿透|渗漏|漏[水液油了]|(?:到手|收到).{0,4}[就是]?坏",
        "defective": r"\b(?:defect\w*|fault\w*|(?:does|do|did|is|are|was)(?:n'?t| not) (?:work|turn|switch|start|charge"
        r"|light)\w*|stopp?(?:ed|s)? working|not work(?:ing)?|won'?t (?:turn|start|charge|open|work|light)"
        r"|broke (?:after|down))\b"
        r"|不能用|用不了|没反应|打不开|充不进|开不了机|不[亮转灵]|不工作|故障|失灵|自己关机|蓝屏|用.{0,8}坏|瑕疵|缺陷|质量",
        "not_as_described": r"\b(?:not (?:as|like) (?:described|pictured|shown|advertised|in the picture)"
        r"|different from the (?:picture|photo|description)|fake|counterfeit|expired)\b"
        r"|与?(?:描述|图片|照片|宣传)不(?:符|一样|一致)|货不对板|色差|假货|假的|过期",
        "broken": r"\bbrok\w*\b|坏",
    }.items()
}


def link_reason(wish: str, told: Mapping[str, str]) -> str:
    """The reason that the desk's links have for it (damaged, defective, wrong_item, missing, not_as_described), or the
    wish itself. `told` is what was collected: problem, reason, words."""
    if wish not in _WISHES:
        return wish
    found = (fault_of(told.get(name, "")) for name in ("problem", "reason", "words"))
    return next((fault for fault in found if fault), wish)


def fault_of(words: str) -> str:
    """The fault of goods that words tell of, as the desk's links and refunds call it; "" for none."""
    fault = next((fault for fault, pattern in _FAULTS.items() if pattern.search(words)), "")
    return "damaged" if fault == "broken" else fault


def lines_meant(order: OrderSnapshot, told: Mapping[str, str]) -> tuple[str, ...]:
    """The source ids of the lines that were named one by one; none when only the customer's words are known."""
    return tuple(line.line_id for line in lines_named(order, told.get("item", "")) if line.line_id)
